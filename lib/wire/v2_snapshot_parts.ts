/**
 * Bans -> the parts of a snapshot, each short enough for one message.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { WireBan, WireReport } from "./v2_messages.ts";
import { MAX_BANS_PER_PART, MAX_CONTROL_BYTES } from "./v2_limits.ts";

const WIDEST = Number.MAX_SAFE_INTEGER;

/** Longest SNAPSHOT without its bans. */
const PART_BYTES = JSON.stringify({
  epoch: "0".repeat(32) as Epoch,
  seq: WIDEST,
  part: WIDEST,
  isLast: false,
  bans: [],
}).length;
/** Longest ban without its two texts and its reports, and a comma. */
const BAN_BYTES = JSON.stringify({
  jail: "",
  address: "",
  seq: WIDEST,
  isPending: false,
  reports: [],
}).length + 1;
/** Longest report without its origin, and a comma. */
const REPORT_BYTES = JSON.stringify({
  origin: "",
  firstAgoMs: WIDEST,
  lastAgoMs: WIDEST,
  remainingMs: WIDEST,
}).length + 1;

/**
 * Divides bans into the parts of a snapshot, in their order. A part holds as
 * many as fit, whatever they are: it is full at 2,000 bans, or when one more
 * could make its message longer than 1 MiB. One ban takes 90 KiB at the most.
 *
 * @param bans Bans that keep to the bounds of a message; taken one by one.
 * @returns One part at least: of no bans it makes an empty one.
 *
 * @example
 * ```ts
 * import { splitBans } from "./v2.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual([...splitBans([])], [[]]);
 * ```
 */
export function* splitBans(
  bans: Iterable<WireBan>,
): Generator<readonly WireBan[], void, undefined> {
  let part: WireBan[] = [];
  let bytes = PART_BYTES;
  for (const ban of bans) {
    const more = banBytes(ban);
    if (part.length === MAX_BANS_PER_PART || bytes + more > MAX_CONTROL_BYTES) {
      yield part;
      part = [];
      bytes = PART_BYTES;
    }
    part.push(ban);
    bytes += more;
  }
  yield part;
}

/** At the longest; every character of a ban's texts is one byte. */
function banBytes({ jail, address, reports }: WireBan): number {
  return reports.reduce(
    (bytes: number, { origin }: WireReport) =>
      bytes + REPORT_BYTES + origin.length,
    BAN_BYTES + jail.length + address.length,
  );
}
