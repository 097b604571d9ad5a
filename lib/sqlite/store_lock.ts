/**
 * The lock of a database, which keeps a second program out.
 *
 * @module
 */

import { asidePath, oddKind, type SeenPath } from "../base/aside.ts";
import { openFailure, StoreInUseError } from "./store_errors.ts";

/** An open file that may be locked. */
export interface LockFile {
  /** Locks it; `false`: another process has. */
  tryLockSync(exclusive: boolean): boolean;
  close(): void;
}

/** What a lock needs of the file system. */
export interface LockFiles<F extends LockFile> {
  /** Opens a file, which is made where it is missing. */
  open(path: string): F;
  /** `undefined`: nothing is there. */
  see(path: string): SeenPath | undefined;
  /** Moves what is there, over what was moved there before. */
  move(from: string, to: string): void;
}

/**
 * Takes the lock of a database: a file beside it, so that others may read the
 * database meanwhile. It does not matter what is found in it. It is held until it is closed or the process ends in any way.
 *
 * @param path The database.
 * @param files The file system.
 * @returns The file that holds the lock.
 * @throws {StoreInUseError} when another program has it.
 * @throws {RuntimeError} when it can't be made.
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
