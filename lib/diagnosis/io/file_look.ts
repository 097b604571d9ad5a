/**
 * Observes files and folders without changing them.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { asidePath } from "../../base/aside.ts";

/** The observed state of a state folder. */
export interface FolderLook {
  /**
   * Free space on its disk for ordinary users, in bytes; `undefined`: unknown.
   */
  readonly freeBytes: number | undefined;
  /** Names in it that belong to another user. */
  readonly strangers: readonly string[];
  /** Paths that were moved aside as damaged. */
  readonly aside: readonly string[];
}

/** Observes a folder, and the folder `members` in it. */
export async function lookAtFolder(
  path: string,
  uid: number,
): Promise<FolderLook> {
  const names = [
    ...await namesIn(path),
    ...(await namesIn(`${path}/members`)).map((name) => `members/${name}`),
  ];
  const strangers: string[] = [];
  for (const name of names) {
    const info = await infoOf(`${path}/${name}`);
    if (info?.uid !== null && info !== undefined && info.uid !== uid) {
      strangers.push(name);
    }
  }
  const mark = new RegExp(`\\${asidePath("")}(?:-\\w+)?$`);
  return {
    freeBytes: await freeBytes(path),
    strangers: strangers.toSorted(),
    aside: names.filter((name) => mark.test(name)).toSorted()
      .map((name) => `${path}/${name}`),
  };
}

/**
 * The status of a file; `undefined`: it does not exist, or can't be accessed.
 */
export async function infoOf(
  path: string,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Error && isRefused(error)) return undefined;
    throw error;
  }
}

/** The end of a file, beginning with a whole line. */
export interface FileEnd {
  readonly bytes: Uint8Array;
  /** When it was last written, in milliseconds since 1970. */
  readonly modifiedMs: number | undefined;
}

/**
 * Reads the end of a file.
 *
 * @param path A regular file.
 * @param maxBytes Maximum number of bytes.
 * @returns `undefined` if it can't be read.
 */
export async function readEnd(
  path: string,
  maxBytes: number,
): Promise<FileEnd | undefined> {
  try {
    const { size, mtime, isFile } = await Deno.stat(path);
    if (!isFile) return undefined;
    using file = await Deno.open(path);
    const start = Math.max(0, size - maxBytes);
    await file.seek(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - start);
    let length = 0;
    while (length < bytes.length) {
      const count = await file.read(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    const read = bytes.subarray(0, length);
    const from = start === 0 ? 0 : read.indexOf(0x0a) + 1;
    return { bytes: read.subarray(from), modifiedMs: mtime?.getTime() };
  } catch (error) {
    if (error instanceof Error && isRefused(error)) return undefined;
    throw error;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(path)) names.push(name);
    return names;
  } catch (error) {
    if (error instanceof Error && isRefused(error)) return [];
    throw error;
  }
}

async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (error instanceof Error && isRefused(error)) return undefined;
    throw error;
  }
}

/** Whether the system refuses access, which other checks report. */
function isRefused(error: Error): boolean {
  return "code" in error || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotADirectory;
}
