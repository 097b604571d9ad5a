/**
 * Decides where to continue in a log that is rotated.
 *
 * The rules, for a log that one program appends to and another rotates:
 *
 * - The open file is read to its end before the next one. The next one is begun
 *   once it is not empty: then the writer has moved on, and the open file no
 *   longer grows.
 * - Files between the open one and the log's own name (several rotations
 *   between two checks) come in order of rotation.
 * - A file that became shorter, or begins differently, was truncated and
 *   rewritten (copytruncate). Its unread rest may be in a copy, which begins
 *   with the same line. The copy of a file that was truncated before its first
 *   line was read can't be recognized.
 *
 * @see {@link https://man7.org/linux/man-pages/man8/logrotate.8.html | logrotate(8)}
 * @module
 */

import {
  ageOfSuffix,
  isDateSuffix,
  rotationSuffix,
  sortsByItself,
} from "./rotation_suffix.ts";
import type { FileIdentity, LogFile, LogPosition } from "./ports.ts";

/** A log file and its fingerprint. */
export interface PrintedLogFile extends LogFile {
  /** Fingerprint of its first line; empty while it has none. */
  readonly fingerprint: string;
}

/** The open file. */
export interface OpenLog extends FileIdentity {
  /** Position up to which it was read, in bytes. */
  readonly readBytes: number;
  /** Last modification time, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** The observed state of the files. */
export interface Look {
  /** The files newer than the open one, oldest first; read before it. */
  readonly newer: readonly LogFile[];
  /** The open file's size in bytes. */
  readonly sizeBytes: number;
  /** Whether the open file's fingerprint is unchanged. */
  readonly beginsAsBefore: boolean;
}

/** The next step. */
export type Step =
  /** The open file has more. */
  | { readonly kind: "read" }
  /** Nothing is new. */
  | { readonly kind: "wait" }
  /**
   * The open file was truncated: its old contents may be in a copy, and its
   * present contents are new.
   */
  | { readonly kind: "begin_again" }
  /** The open file was read to its end; this one follows. */
  | { readonly kind: "move_on"; readonly to: LogFile };

/**
 * Decides the next step.
 *
 * @param open The open file.
 * @param look The observed state.
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

/** Whether two identities are the same file. */
export function sameFile(left: FileIdentity, right: FileIdentity): boolean {
  return left.device === right.device && left.inode === right.inode;
}

/**
 * Whether a name is the log's own or that of a rotated file: `a.log.1`,
 * `a.log-20261124`, `a.log.2026-11-24`, `a-20261124.log`. For compressed files
 * see {@link plainLogName}.
 *
 * @param name A file's name, without the folder.
 * @param logName The log's name.
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
  return rotationSuffix(name, logName) !== undefined;
}

/** Whether a name is a compressed file's. */
export function isCompressedLogName(name: string): boolean {
  return name.endsWith(COMPRESSED);
}

/**
 * The name of a file before compression: `log.1` for `log.1.gz`.
 *
 * @param name A file's name, compressed or not.
 */
export function plainLogName(name: string): string {
  return isCompressedLogName(name) ? name.slice(0, -COMPRESSED.length) : name;
}

/**
 * Removes compressed files whose original exists too: compression has not
 * finished, and the original has everything.
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
 * Counts the missing files among those with numbered names: between `log.4` and
 * `log.1` there are two.
 *
 * @param files Consecutive files, with or without the log itself.
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
    Number(ageOfSuffix(suffixOf(name, logName)))
  )
    .filter((count) => count > 0);
  return counts.length === 0 ? 0 : Math.max(...counts) - new Set(counts).size;
}

/**
 * Sorts files in order of rotation, oldest first: `log.2`, `log.1`, `log`, and
 * `log-20261123`, `log-20261124`, `log`. If dates do not sort, as with
 * `log-30112026` and `log-01122026`, the time of the last change does, if
 * known.
 *
 * @param files Files with names that {@link isLogName} accepts.
 * @param logName The log's name.
 */
export function inOrderOfRotation<T extends NamedFile>(
  files: readonly T[],
  logName: string,
): readonly T[] {
  const sorts = files.every(({ name }) =>
    sortsByItself(suffixOf(name, logName))
  );
  return files.toSorted((left, right) => {
    const leftSuffix = suffixOf(left.name, logName);
    const rightSuffix = suffixOf(right.name, logName);
    if (!sorts && isDateSuffix(leftSuffix) && isDateSuffix(rightSuffix)) {
      const laterMs = (left.modifiedMs ?? 0) - (right.modifiedMs ?? 0);
      if (laterMs !== 0) return laterMs;
    }
    const youngerBy = ageOfSuffix(rightSuffix) - ageOfSuffix(leftSuffix);
    return youngerBy < 0n ? -1 : youngerBy > 0n ? 1 : 0;
  });
}

/** The parts of a log file that determine its order. */
export interface NamedFile {
  readonly name: string;
  /** Last modification time, in milliseconds since 1970. */
  readonly modifiedMs?: number;
}

function suffixOf(name: string, logName: string): string {
  return rotationSuffix(plainLogName(name), logName) ?? "";
}

function isDated(name: string, logName: string): boolean {
  return isDateSuffix(suffixOf(name, logName));
}

/**
 * The files that came after one, oldest first.
 *
 * @param open The file; it may no longer have a name.
 * @param files All files with names that {@link isLogName} accepts.
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
  // Numbered and dated names can't be compared: some come from a time with
  // other rotation settings.
  return ordered.slice(index + 1).filter((file) =>
    file.name === logName || file.modifiedMs >= open.modifiedMs ||
    known !== undefined &&
      isDated(file.name, logName) === isDated(known.name, logName)
  );
}

/**
 * Finds the file that contains a position: the same file if its fingerprint is
 * unchanged, else a copy with that fingerprint. A position in an empty file is
 * found by the file's identity alone.
 *
 * @param position The position.
 * @param files All files with names that {@link isLogName} accepts.
 * @returns The file, or `undefined` when it is gone.
 */
export function findFileAt(
  position: LogPosition,
  files: readonly PrintedLogFile[],
): PrintedLogFile | undefined {
  if (position.fingerprint === "") {
    return files.find((file) => sameFile(file, position));
  }
  const holders = files.filter(({ fingerprint, sizeBytes }) =>
    fingerprint === position.fingerprint && sizeBytes >= position.offsetBytes
  );
  return holders.find((file) => sameFile(file, position)) ?? holders[0];
}

/**
 * Finds a copy of a truncated file that contains its unread rest.
 *
 * @param cut Position up to which the file was read before it was truncated.
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
 * The files that were modified after a position was read, oldest first; only
 * the log itself if that time is unknown.
 *
 * @param position The position; its file is gone.
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

/** Whether two lists name the same files, in the same order. */
export function haveSameNames(
  left: readonly LogFile[],
  right: readonly LogFile[],
): boolean {
  return left.length === right.length &&
    left.every((file, index) => {
      const other = right[index];
      return other?.name === file.name && sameFile(other, file);
    });
}
