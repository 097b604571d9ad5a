/**
 * Where to read on in a log that is rotated.
 *
 * The rules, for a log that one program appends to and another rotates:
 *
 * - The file that is open is read to its end before the next one. The next one
 *   is begun once it holds something: then the writer has moved on, and what
 *   the open file holds by then is all that it will ever hold.
 * - Files between the open one and the log's own name (several rotations
 *   between two looks) come in the order of their rotation.
 * - A file that got shorter, or begins otherwise, was cut and written anew
 *   (copytruncate). What was not read of it may be in its copy, which begins
 *   with the same line; a file that is cut before its first line was seen has
 *   no copy that could be told.
 *
 * @see {@link https://man7.org/linux/man-pages/man8/logrotate.8.html | logrotate(8)}
 * @module
 */

import type { FileIdentity, LogFile, LogPosition } from "./ports.ts";

/** A log file and what it begins with. */
export interface PrintedLogFile extends LogFile {
  /** Of its first line; empty while it has none. */
  readonly fingerprint: string;
}

/** The open file. */
export interface OpenLog extends FileIdentity {
  /** Up to where it was read, in bytes. */
  readonly readBytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** What a look at the files showed. */
export interface Look {
  /** The files newer than the open one, oldest first; looked at before it. */
  readonly newer: readonly LogFile[];
  /** The open file's size in bytes. */
  readonly sizeBytes: number;
  /** Whether the open file still begins as it did. */
  readonly beginsAsBefore: boolean;
}

/** What to do next. */
export type Step =
  /** The open file holds more. */
  | { readonly kind: "read" }
  /** Nothing is new. */
  | { readonly kind: "wait" }
  /** The open file was cut: what it held may be in a copy, what it holds is new. */
  | { readonly kind: "begin_again" }
  /** The open file is complete; this one follows. */
  | { readonly kind: "move_on"; readonly to: LogFile };

/**
 * Decides what to do next.
 *
 * @param open The open file.
 * @param look What a look showed.
 */
export function nextStep(open: OpenLog, look: Look): Step {
  if (!look.beginsAsBefore || look.sizeBytes < open.readBytes) {
    return { kind: "begin_again" };
  }
  if (look.sizeBytes > open.readBytes) return { kind: "read" };
  const to = look.newer.find(({ sizeBytes }) => sizeBytes > 0);
  return to === undefined ? { kind: "wait" } : { kind: "move_on", to };
}

const COMPRESSED = ".gz";

/** Whether two are the same file. */
export function sameFile(left: FileIdentity, right: FileIdentity): boolean {
  return left.device === right.device && left.inode === right.inode;
}

/**
 * Whether a name is the log's or one that it is rotated to: `log.1`,
 * `log-20261124`, `log.2026-11-24`. Compressed files are not among them; see
 * {@link plainLogName}.
 *
 * @param name A file's name, without the folder.
 * @param logName The log's.
 *
 * @example
 * ```ts
 * import { isLogName } from "./tail_cursor.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(
 *   ["a.log", "a.log.1", "a.log-20261124", "a.log.2.gz", "a.log.bak", "b.log"]
 *     .map((name) => isLogName(name, "a.log")),
 *   [true, true, true, false, false, false],
 * );
 * ```
 */
export function isLogName(name: string, logName: string): boolean {
  return name.startsWith(logName) &&
    /^(?:[.-]\d[\d-]{0,31})?$/.test(name.slice(logName.length));
}

/** Whether a name ends as that of a compressed file does. */
export function isCompressedLogName(name: string): boolean {
  return name.endsWith(COMPRESSED);
}

/**
 * The name of a file before it was compressed: `log.1` of `log.1.gz`.
 *
 * @param name A file's name, compressed or not.
 */
export function plainLogName(name: string): string {
  return isCompressedLogName(name) ? name.slice(0, -COMPRESSED.length) : name;
}

/**
 * Leaves out compressed files that are also there as they were: these are not
 * complete yet, and those have everything.
 *
 * @param files All files of the log.
 */
export function withoutDoubles<T extends { readonly name: string }>(
  files: readonly T[],
): readonly T[] {
  const names = new Set(files.map(({ name }) => name));
  return files.filter(({ name }) =>
    !isCompressedLogName(name) || !names.has(plainLogName(name))
  );
}

/**
 * Counts the files that are missing among those with counted names: between
 * `log.4` and `log.1` there are two.
 *
 * @param files The files from some on, the log itself among them or not.
 * @param logName The log's name.
 *
 * @example
 * ```ts
 * import { countMissing } from "./tail_cursor.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const files = ["a.log.4.gz", "a.log.1", "a.log"].map((name) => ({ name }));
 * strictEqual(countMissing(files, "a.log"), 2);
 * ```
 */
export function countMissing(
  files: readonly { readonly name: string }[],
  logName: string,
): number {
  const counts = files.map(({ name }) =>
    age(plainLogName(name).slice(logName.length))
  ).filter((count) => count > 0);
  return counts.length === 0 ? 0 : Math.max(...counts) - new Set(counts).size;
}

/**
 * Sorts files into the order of their rotation, oldest first: `log.2`,
 * `log.1`, `log`, and `log-20261123`, `log-20261124`, `log`.
 *
 * @param files Files with names as {@link isLogName} knows them.
 * @param logName The log's name.
 */
export function inOrderOfRotation<T extends { readonly name: string }>(
  files: readonly T[],
  logName: string,
): readonly T[] {
  return files.toSorted((left, right) => {
    const leftAge = age(plainLogName(left.name).slice(logName.length));
    const rightAge = age(plainLogName(right.name).slice(logName.length));
    return rightAge - leftAge;
  });
}

/** How long ago a suffix was given, so that a greater age comes first. */
function age(suffix: string): number {
  if (suffix === "") return -Infinity;
  const digits = suffix.replace(/\D/g, "");
  // A date grows with time, a count falls.
  return isDate(digits) ? -Number(digits) : Number(digits);
}

function isDated(name: string, logName: string): boolean {
  return isDate(plainLogName(name).slice(logName.length).replace(/\D/g, ""));
}

function isDate(digits: string): boolean {
  return digits.length >= 6;
}

/**
 * The files that came after one, oldest first.
 *
 * @param open The file; it may have no name any more.
 * @param files All files with names as {@link isLogName} knows them.
 * @param logName The log's name.
 */
export function filesAfter(
  open: OpenLog,
  files: readonly LogFile[],
  logName: string,
): readonly LogFile[] {
  const ordered = inOrderOfRotation(files, logName);
  const index = ordered.findIndex((file) => sameFile(file, open));
  const known = ordered[index];
  // Counted and dated names can't be compared: some are of a time when logs
  // were rotated otherwise.
  return ordered.slice(index + 1).filter((file) =>
    file.name === logName || file.modifiedMs >= open.modifiedMs ||
    known !== undefined &&
      isDated(file.name, logName) === isDated(known.name, logName)
  );
}

/**
 * Finds the file that holds a place: the same one where it still begins as it
 * did, else one that begins so (a copy). A place in a file that was empty
 * is found by the file alone.
 *
 * @param place The place.
 * @param files All files with names as {@link isLogName} knows them.
 * @returns The file, or `undefined` when it is gone.
 */
export function findPlace(
  place: LogPosition,
  files: readonly PrintedLogFile[],
): PrintedLogFile | undefined {
  if (place.fingerprint === "") {
    return files.find((file) => sameFile(file, place));
  }
  const holders = files.filter(({ fingerprint, sizeBytes }) =>
    fingerprint === place.fingerprint && sizeBytes >= place.offsetBytes
  );
  return holders.find((file) => sameFile(file, place)) ?? holders[0];
}

/**
 * Finds a copy of a file that was cut, with what was not read of it.
 *
 * @param cut Up to where the file was read, before it was cut.
 * @param files All files of the log.
 */
export function findCopy(
  cut: LogPosition,
  files: readonly PrintedLogFile[],
): PrintedLogFile | undefined {
  const { fingerprint, offsetBytes } = cut;
  if (fingerprint === "") return undefined;
  return files.find((file) =>
    !sameFile(file, cut) && file.fingerprint === fingerprint &&
    file.sizeBytes > offsetBytes
  );
}

/**
 * The files that were written to after a place was read, oldest first; the log
 * alone where it is not known when that was.
 *
 * @param place The place; the file that held it is gone.
 * @param files All files of the log.
 * @param logName The log's name.
 */
export function filesSince(
  { modifiedMs = Infinity }: LogPosition,
  files: readonly LogFile[],
  logName: string,
): readonly LogFile[] {
  return inOrderOfRotation(files, logName).filter((file) =>
    file.name === logName || file.modifiedMs > modifiedMs
  );
}
