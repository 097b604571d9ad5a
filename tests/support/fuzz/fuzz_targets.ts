/**
 * All fuzz targets.
 *
 * @module
 */

import { banBlockTarget } from "./ban_block_target.ts";
import { configTarget } from "./config_target.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { joinCodeTarget } from "./join_code_target.ts";
import { logTarget } from "./log_target.ts";
import { plantedTargets } from "./planted_targets.ts";
import { wireV1Target } from "./wire_v1_target.ts";
import { wireV2Target } from "./wire_v2_target.ts";

/** Creates each target by name, in the order of a full run. */
export const FUZZ_TARGETS: ReadonlyMap<string, () => FuzzTarget> = new Map([
  ["wire_v1", wireV1Target],
  ["wire_v2", wireV2Target],
  ["log", logTarget],
  ["config", configTarget],
  ["join_code", joinCodeTarget],
  ["ban_block", banBlockTarget],
]);

/**
 * Creates a target, or one with a planted bug.
 *
 * @throws {RangeError} for an unknown name.
 */
export function fuzzTarget(name: string): FuzzTarget {
  const make = FUZZ_TARGETS.get(name) ?? plantedTargets.get(name);
  if (make === undefined) throw new RangeError(`No target is named "${name}"`);
  return make();
}
