/**
 * The lock of a stored database, which a second program finds taken.
 *
 * @module
 */

import type { SqlDatabase } from "./sql.ts";
import { lockFailure } from "./store_errors.ts";

/** Locks the file of which it is a connection, and nothing else is in it. */
const TAKE = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

/**
 * Takes the lock of a database: a file beside it, so that others may read the
 * database meanwhile. It is held until the connection is closed, or the
 * process ends in whatever way.
 *
 * @param path The database.
 * @param open Opens a database that waits for nobody.
 * @returns What holds the lock.
 * @throws {RuntimeError} when another program has it, or there can be none.
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
