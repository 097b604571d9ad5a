/**
 * Looks at files and folders without changing them.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { asidePath } from "../../base/aside.ts";

/** A folder for state, as it is on the disk. */
export interface FolderLook {
  /** Room on its disk for ordinary users, in bytes; `undefined`: the system does not tell. */
  readonly freeBytes: number | undefined;
  /** Names in it that belong to somebody else. */
  readonly strangers: readonly string[];
  /** Paths of what was put aside as damaged. */
  readonly aside: readonly string[];
}

/** Looks at a folder, and the folder of members in it. */
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

/** Facts of a file; `undefined`: it is not there, or can't be looked at. */
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

/** The end of a file, from the first whole line on. */
export interface FileEnd {
  readonly bytes: Uint8Array;
  /** When it was written last, in milliseconds since 1970. */
  readonly modifiedMs: number | undefined;
}

/**
 * Reads the end of a file.
 *
 * @param path An ordinary file.
 * @param maxBytes So much of it at most.
 * @returns `undefined` where it can't be read.
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

/** The system does not let one look: that is for other checks to tell. */
function isRefused(error: Error): boolean {
  return "code" in error || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotADirectory;
}
