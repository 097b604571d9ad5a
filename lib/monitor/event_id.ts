/**
 * The names of events: the same event has the same name, however often and
 * from wherever it is reported.
 *
 * An event of a line is named by the line's place: the fingerprint of its
 * file's first line, how many files of the log were done with before, and the
 * byte at which the line begins; and by its words. None of these changes when
 * the file is renamed, copied or compressed, or when the monitor is started
 * again. The count of files tells apart files that begin alike, which those
 * without dates do after each rotation.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { EventId } from "../base/ids.ts";
import type { JailName } from "../base/jail_name.ts";

/** As many hexadecimal digits of a fingerprint are taken. */
const FINGERPRINT_DIGITS = 32;
const MAX_ROTATIONS = 36 ** 4;
const ENCODER = new TextEncoder();

/** Where a line begins. */
export interface LinePosition {
  /** Of the first line of its file. */
  readonly fingerprint: string;
  /** How many files of the log were done with before. */
  readonly rotations: number;
  /** In bytes from the start of the file. */
  readonly startBytes: number;
}

/**
 * Names the event of a line. At a given place of a log there is one line only:
 * the words, of which a short sum is taken, only guard against a log that was
 * written anew.
 *
 * @param place Where the line begins.
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
 * Names a ban that fail2ban had before its log was followed.
 *
 * @param jail Its jail.
 * @param address Whom it concerns.
 * @param madeAt When it was made, in fail2ban's words; empty where it does not tell.
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
 * Names an event that no line said: a difference that was found, or an end that
 * was corrected.
 *
 * @param what What it says of which ban, and why.
 * @param atMs When it was found, in milliseconds since 1970: the same may be found again later.
 * @returns 31 characters at most.
 */
export function eventIdOfRepair(what: string, atMs: number): EventId {
  return `repair-${Math.round(atMs).toString(36)}-${sum(what)}` as EventId;
}

/**
 * Twice FNV-1a of 32 bits, in 14 digits to the base of 36.
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
