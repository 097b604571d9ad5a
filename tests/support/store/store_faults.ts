/**
 * Faults of a database file and its disk.
 *
 * @module
 */

import { throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

const MOUNT = `set -e
mkdir "$2.disk"
mount -t tmpfs -o size=$1 tmpfs "$2.disk"
cp -a "$2/." "$2.disk"
mount --move "$2.disk" "$2"
shift 2
exec "$@"`;

/**
 * Command prefix that turns a folder into a small disk with the same content.
 * Needs the part `mountns`.
 */
export function withSmallDisk(folder: string, size: string): string[] {
  return ["unshare", "--mount", "sh", "-c", MOUNT, "sh", size, folder];
}

/** Writes until the disk is completely full. */
export async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      while (true) await file.write(new Uint8Array(size));
    } catch (error) {
      if (!(error instanceof Error && /os error 28/.test(error.message))) {
        throw error;
      }
    }
  }
}

/** Locks a database like a writing program. */
export function hold(path: string): Disposable {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      database.exec("ROLLBACK");
      database.close();
    },
  };
}

/**
 * Waits in vain for a locked database, for two seconds of SQLite's own count: a
 * busy machine prolongs each of its waits, and so every such count alike.
 *
 * @returns How long it took, in milliseconds.
 */
export function waitInVain(path: string): number {
  using database = new DatabaseSync(path, { timeout: 2_000 });
  const startMs = performance.now();
  throws(() => database.exec("BEGIN IMMEDIATE"), /locked/);
  return performance.now() - startMs;
}

/** Overwrites a page in the middle. */
export async function damage(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes.fill(0x5a, 8_192, 8_192 + 4_096);
  await Deno.writeFile(path, bytes);
}

/** Digest of a file's content. */
export async function hashOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    await Deno.readFile(path),
  );
  return new Uint8Array(digest).toHex();
}
