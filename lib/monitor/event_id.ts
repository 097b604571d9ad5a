/**
 * Event IDs: the same event always has the same ID, however often and from
 * wherever it is reported.
 *
 * An event of a line is identified by the line's position and its words. The
 * position consists of the fingerprint of the file's first line, the number of
 * the log's earlier files, and the byte where the line begins. None of these
 * changes when the file is renamed, copied or compressed, or when the monitor
 * restarts. The number of files tells apart files with the same first line, as
 * logs without dates have after each rotation.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { EventId } from "../base/ids.ts";
import type { JailName } from "../base/jail_name.ts";

/** Number of hexadecimal digits used of a fingerprint. */
const FINGERPRINT_DIGITS = 32;
const MAX_ROTATIONS = 36 ** 4;
const ENCODER = new TextEncoder();

/** The position of a line. */
export interface LinePosition {
  /** Fingerprint of the first line of its file. */
  readonly fingerprint: string;
  /** Number of earlier files of the log. */
  readonly rotations: number;
  /** Start of the line in bytes from the start of the file. */
  readonly startBytes: number;
}

/**
 * Returns the ID of a line's event. A position holds only one line: the short
 * checksum of the words only guards against a log that was rewritten.
 *
 * @param place The position of the line.
 * @param line The line.
 * @returns 64 characters at most.
 *
 * @example
 * ```ts
 * import { eventIdOfLine } from "./event_id.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const place = { fingerprint: "0123456789abcdef0123456789abcdef", rotations: 0, startBytes: 36 };
 * strictEqual(
 *   eventIdOfLine(place, "a line"),
 *   "0123456789abcdef0123456789abcdef-0-10-027ces61qmayfk",
 * );
 * ```
 */
export function eventIdOfLine(place: LinePosition, line: string): EventId {
  const { fingerprint, rotations, startBytes } = place;
  const file = fingerprint.slice(0, FINGERPRINT_DIGITS);
  const count = (rotations % MAX_ROTATIONS).toString(36);
  return `${file}-${count}-${startBytes.toString(36)}-${sum(line)}` as EventId;
}

/**
 * Returns the ID of a ban that fail2ban had before its log was followed.
 *
 * @param jail Its jail.
 * @param address The banned address.
 * @param madeAt When it was made, in fail2ban's words; empty if unknown.
 * @returns 39 characters.
 */
export async function eventIdOfTicket(
  jail: JailName,
  address: Address,
  madeAt: string,
): Promise<EventId> {
  const text = ENCODER.encode(`${jail}|${address}|${madeAt}`);
  const digest = await crypto.subtle.digest("SHA-256", text);
  return `ticket-${new Uint8Array(digest, 0, 16).toHex()}` as EventId;
}

/**
 * Returns the ID of an event without a line: a difference that was found, or a
 * corrected end.
 *
 * @param what The kind of event, and its ban.
 * @param atMs When it was found, in milliseconds since 1970: the same may be
 * found again later.
 * @returns 31 characters at most.
 */
export function eventIdOfRepair(what: string, atMs: number): EventId {
  return `repair-${Math.round(atMs).toString(36)}-${sum(what)}` as EventId;
}

/**
 * Two 32-bit FNV-1a sums, in 14 digits to the base 36.
 *
 * @see {@link http://www.isthe.com/chongo/tech/comp/fnv/ | FNV hash}
 */
function sum(text: string): string {
  let left = 0x811c9dc5;
  let right = 0x01000193;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    left = Math.imul(left ^ code, 0x01000193);
    right = Math.imul(right ^ code, 0x01000193);
  }
  return [left, right].map((part) => (part >>> 0).toString(36).padStart(7, "0"))
    .join("");
}
