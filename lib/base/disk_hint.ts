/**
 * Hints for errors of a disk.
 *
 * @module
 */

import { shellWord } from "./aside.ts";

const IS_READ_ONLY = /read-only file system|readonly database/i;
/** SQLite reports this also when the disk has no room for its shared memory. */
const IS_FAILING = /disk I\/O error|input\/output error/i;
const IS_FULL = /no space left|quota exceeded| full$/i;

/**
 * Names the command that fixes a disk that can't be written.
 *
 * @param error The error of the system or of SQLite.
 * @param folder A folder on that disk.
 * @returns `undefined` for any other error.
 *
 * @example
 * ```ts
 * import { diskHint } from "./disk_hint.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   diskHint(new Error("database or disk is full"), "/var/lib/x"),
 *   "the disk of /var/lib/x is full: free space there, and see how much there is; run: df -h /var/lib/x",
 * );
 * strictEqual(diskHint(new Error("database is locked"), "/var/lib/x"), undefined);
 * ```
 */
export function diskHint(
  { message }: Error,
  folder: string,
): string | undefined {
  const word = shellWord(folder);
  if (IS_FULL.test(message)) {
    return `the disk of ${folder} is full: free space there, and see how much there is; run: df -h ${word}`;
  }
  if (IS_READ_ONLY.test(message)) {
    return `the disk of ${folder} must be writable, and is not; run: mount -o remount,rw "$(findmnt -nro TARGET -T ${word})"`;
  }
  return IS_FAILING.test(message)
    ? `the disk of ${folder} is full or fails: see how much room there is, and what the kernel says; run: df -h ${word}; dmesg | tail`
    : undefined;
}
