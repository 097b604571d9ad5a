/**
 * The lock of a database, which keeps a second program out.
 *
 * @module
 */

import type { SqlDatabase } from "./sql.ts";
import { lockFailure } from "./store_errors.ts";

/** Locks the lock file, which contains nothing else. */
const TAKE = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

/**
 * Takes the lock of a database: a file beside it, so that others may read the
 * database meanwhile. It is held until the connection is closed or the process
 * ends in any way.
 *
 * @param path The database.
 * @param open Opens a database without waiting for locks.
 * @returns The connection that holds the lock.
 * @throws {RuntimeError} when another program has it, or it can't be created.
 */
export function takeStoreLock<D extends SqlDatabase & { close(): void }>(
  path: string,
  open: (path: string) => D,
): D {
  let lock: D | undefined;
  try {
    lock = open(`${path}.lock`);
    lock.exec(TAKE);
    return lock;
  } catch (error) {
    lock?.close();
    throw lockFailure(path, error);
  }
}
