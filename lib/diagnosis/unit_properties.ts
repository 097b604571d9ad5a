/**
 * Parses the output of `systemctl show`.
 *
 * @module
 */

import type { UnitFacts } from "./program_check.ts";

/** Properties for `systemctl show --property=`. */
export const UNIT_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "UnitFileState",
  "Result",
  "User",
] as const;

/** A unit, and its user. */
export interface ReadUnit extends UnitFacts {
  /** Empty: no user is configured. */
  readonly user: string;
}

/**
 * Parses the output.
 *
 * @param shown The output for {@link UNIT_PROPERTIES}.
 *
 * @example
 * ```ts
 * import { readUnit } from "./unit_properties.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(readUnit("LoadState=loaded\nActiveState=failed\n").active, "failed");
 * ```
 */
export function readUnit(shown: string): ReadUnit {
  const properties = new Map(
    shown.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const of = (name: string) => properties.get(name) ?? "";
  return {
    load: of("LoadState"),
    active: of("ActiveState"),
    file: of("UnitFileState"),
    result: of("Result"),
    user: of("User"),
  };
}
