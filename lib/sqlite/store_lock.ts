/**
 * The lock of a database, which keeps a second program out.
 *
 * @module
 */

import { asidePath, oddKind, type SeenPath } from "../base/aside.ts";
import { openFailure, StoreInUseError } from "./store_errors.ts";

/** An open file that can be locked. */
export interface LockFile {
  /** Locks the file; `false`: another process has locked it. */
  tryLockSync(exclusive: boolean): boolean;
  close(): void;
}

/** The part of the file system that a lock needs. */
export interface LockFiles<F extends LockFile> {
  /** Opens a file; creates it if missing. */
  open(path: string): F;
  /** The file at a path; `undefined`: there is none. */
  see(path: string): SeenPath | undefined;
  /** Moves a file, over an earlier one that was moved there. */
  move(from: string, to: string): void;
}

/**
 * Takes the lock of a database: a file beside it, so that others may read the
 * database meanwhile. The lock file's content does not matter. The lock is held
 * until the file is closed or the process ends in any way.
 *
 * @param path The database.
 * @param files The file system.
 * @returns The file that holds the lock.
 * @throws {StoreInUseError} when another program holds the lock.
 * @throws {RuntimeError} when the lock file can't be created.
 */
export function takeStoreLock<F extends LockFile>(
  path: string,
  files: LockFiles<F>,
): F {
  const lockPath = `${path}.lock`;
  let file: F | undefined;
  try {
    const seen = files.see(lockPath);
    if (seen !== undefined && oddKind(seen) !== undefined) {
      files.move(lockPath, asidePath(lockPath));
    }
    file = files.open(lockPath);
    if (file.tryLockSync(true)) return file;
  } catch (error) {
    file?.close();
    throw openFailure(path, error);
  }
  file.close();
  throw new StoreInUseError(path);
}
