/**
 * Moves files of state out of the way, by the program or by a person.
 *
 * @module
 */

/** Suffixes of the files that make up an SQLite database. */
export const DATABASE_ENDS = ["", "-wal", "-shm", "-journal"] as const;

/** The type of a path, as far as opening it depends on it. */
export interface SeenPath {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isFifo?: boolean | null;
}

/** The path to which the program moves a damaged file. */
export function asidePath(path: string): string {
  return `${path}.damaged`;
}

/**
 * Says what is wrong with a path that should be a file: opening a pipe would
 * block until somebody opens its other end.
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
 * The exact command with which a person moves a file aside. It overwrites no
 * file that was moved aside before.
 *
 * @param path The file.
 * @param isThere Whether a path exists.
 * @param ends Suffixes of the files that belong together, see
 * {@link DATABASE_ENDS}; the command moves those that exist.
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

/** Quotes a word for a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
