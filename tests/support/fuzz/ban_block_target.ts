/**
 * Blocks of bans.
 *
 * A list of bans has exactly one block: encoding an accepted block again gives
 * the same bytes.
 *
 * @module
 */

import fc from "fast-check";
import { decodeBanBlock, encodeBanBlock } from "../../../lib/ban/ban_block.ts";
import { anyBan } from "../values/any_bans.ts";
import type { Draw } from "./draw.ts";
import {
  areSameBytes,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated } from "./mutations.ts";
import { isAddress, isHost, isJail } from "./value_oracle.ts";

const IMPORT = /^import:[a-z0-9][a-z0-9_.-]{0,31}$/;

/** Creates the target with its samples. */
export function banBlockTarget(): FuzzTarget {
  const lists = fc.array(anyBan, { maxLength: 6 });
  const blocks = fc.sample(lists, { numRuns: 300, seed: 1 })
    .map(encodeBanBlock);
  return { name: "ban_block", make: (draw) => makeInput(draw, blocks), check };
}

function makeInput(draw: Draw, blocks: readonly Uint8Array[]): FuzzInput {
  const block = draw.pick(blocks);
  const frame = draw.oneIn(4) ? block : mutated(draw, block, draw.pick(blocks));
  return { variant: "block", frames: [frame] };
}

function check({ frames }: FuzzInput): Verdict {
  const bytes = frames[0] ?? new Uint8Array();
  const decoded = decodeBanBlock(bytes);
  if (!decoded.ok) {
    must(decoded.reason !== undefined, "a reason is given");
    return "rejected";
  }
  for (const { jail, address, reports, seq } of decoded.value) {
    must(isJail(jail), "a jail keeps to its grammar");
    must(isAddress(address), "an address is canonical");
    must(Number.isSafeInteger(seq) && seq >= 1, "a number is one");
    must(reports.length >= 1 && reports.length <= 256, "reports are bounded");
    for (const { origin, firstMs, lastMs, expiresMs } of reports) {
      must(isHost(origin) || IMPORT.test(origin), "an origin is one");
      must(!Number.isNaN(firstMs + lastMs + expiresMs), "times are numbers");
      must(Number.isFinite(firstMs + lastMs), "only an end is never");
    }
  }
  must(
    areSameBytes(encodeBanBlock(decoded.value), bytes),
    "encoding gives the same bytes",
  );
  return "accepted";
}
