/**
 * The suffix that rotation adds to a log's name, and its order.
 *
 * @module
 */

/** A count or a date: `.1`, `-20261128`, `_2026-11-28`, `-20261128.1`. */
const SUFFIX = /^[._-]\d[\dT_.-]{0,31}$/;

/**
 * Finds the suffix of a rotated log's name: at its end, or before its
 * extension, as with logrotate's `extension .log`.
 *
 * @param name A file's name, not compressed.
 * @param logName The log's name.
 * @returns `""` for the log itself; `undefined`: it is not a file of that log.
 *
 * @example
 * ```ts
 * import { rotationSuffix } from "./rotation_suffix.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(
 *   ["a.log", "a.log.1", "a-20261128.log", "a.1.log", "a.log.bak", "ab.log"]
 *     .map((name) => rotationSuffix(name, "a.log")),
 *   ["", ".1", "-20261128", ".1", undefined, undefined],
 * );
 * ```
 */
export function rotationSuffix(
  name: string,
  logName: string,
): string | undefined {
  if (name === logName) return "";
  if (name.startsWith(logName)) return suffix(name.slice(logName.length));
  const dot = logName.lastIndexOf(".");
  if (dot <= 0) return undefined;
  const [stem, extension] = [logName.slice(0, dot), logName.slice(dot)];
  if (!name.startsWith(stem) || !name.endsWith(extension)) return undefined;
  return suffix(name.slice(stem.length, name.length - extension.length));
}

function suffix(text: string): string | undefined {
  return SUFFIX.test(text) ? text : undefined;
}

/** Whether a suffix is a date or time rather than a count. */
export function isDateSuffix(suffix: string): boolean {
  return digitsOf(suffix).length >= 6;
}

/**
 * Whether a suffix sorts by itself: a count, a date that begins with its year,
 * or seconds since 1970. `30112026` and `01122026` do not, nor does a date
 * followed by a count.
 */
export function sortsByItself(suffix: string): boolean {
  const digits = digitsOf(suffix);
  if (isDateSuffix(suffix) && suffix.includes(".", 1)) return false;
  return !isDateSuffix(suffix) || digits.length === 6 ||
    /^(?:19|20)\d\d(?:0[1-9]|1[0-2])/.test(digits) ||
    /^1\d{9}$/.test(digits);
}

/** Sorts after any date. */
const YOUNGEST = -(10n ** 40n);

/**
 * Age that a suffix indicates: older files have greater values. A bigint,
 * because a date with its time has too many digits for an exact number.
 */
export function ageOfSuffix(suffix: string): bigint {
  if (suffix === "") return YOUNGEST;
  const digits = BigInt(digitsOf(suffix));
  // Dates increase with time, counts decrease.
  return isDateSuffix(suffix) ? -digits : digits;
}

function digitsOf(suffix: string): string {
  return suffix.replace(/\D/g, "");
}
