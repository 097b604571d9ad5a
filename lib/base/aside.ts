/**
 * Files of state that are moved out of the way, by the program or by a person.
 *
 * @module
 */

/** Ends of the names of the files that make up a database of SQLite. */
export const DATABASE_ENDS = ["", "-wal", "-shm", "-journal"] as const;

/** What a path is, as far as it matters to whoever wants to open it. */
export interface SeenPath {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isFifo?: boolean | null;
}

/** Where a file goes that is put aside. */
export function asidePath(path: string): string {
  return `${path}.damaged`;
}

/**
 * Says what is wrong with a path that should be a file: opening a pipe would
 * wait for whoever opens its other end.
 *
 * @returns `undefined` for a file.
 *
 * @example
 * ```ts
 * import { oddKind } from "./aside.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(oddKind({ isFile: true, isDirectory: false }), undefined);
 * strictEqual(oddKind({ isFile: false, isDirectory: true }), "it is a folder");
 * ```
 */
export function oddKind(seen: SeenPath): string | undefined {
  if (seen.isFile) return undefined;
  if (seen.isDirectory) return "it is a folder";
  return seen.isFifo === true ? "it is a pipe" : "it is not a file";
}

/**
 * The command by which a person moves a file aside, to the letter. It
 * overwrites nothing that was moved aside before.
 *
 * @param path The file.
 * @param isThere Whether anything has this name.
 * @param ends Ends of the names of the files that belong together, see
 * {@link DATABASE_ENDS}; those that are there are moved, and still do.
 *
 * @example
 * ```ts
 * import { asideCommand } from "./aside.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   asideCommand("/var/lib/a b", (name) => name === "/var/lib/a b"),
 *   "mv '/var/lib/a b' '/var/lib/a b.damaged'",
 * );
 * ```
 */
export function asideCommand(
  path: string,
  isThere: (name: string) => boolean,
  ends: readonly string[] = [""],
): string {
  const there = ends.filter((end) => isThere(`${path}${end}`));
  let aside = asidePath(path);
  for (let count = 2; there.some((end) => isThere(`${aside}${end}`)); count++) {
    aside = `${asidePath(path)}-${count}`;
  }
  return there.map((end) =>
    `mv ${shellWord(`${path}${end}`)} ${shellWord(`${aside}${end}`)}`
  ).join(" && ");
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
