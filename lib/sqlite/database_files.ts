/**
 * The files of a database: checks them, creates new ones and puts them in
 * place.
 *
 * @module
 */

import { DATABASE_ENDS, oddKind, type SeenPath } from "../base/aside.ts";
import { UnusableStoreError } from "./store_errors.ts";
import type { LockFile, LockFiles } from "./store_lock.ts";

/** An open file. */
interface OpenFile extends LockFile, Disposable {
  /** Syncs it to the disk. */
  syncSync(): void;
}

/** A path that exists. */
interface SizedPath extends SeenPath {
  readonly size: number;
}

/** The required part of a file system, as the runtime has it. */
export interface FileSystem<F extends OpenFile, S extends SizedPath> {
  statSync(path: string): S;
  openSync(
    path: string,
    options?: {
      readonly create?: boolean;
      readonly read?: boolean;
      readonly write?: boolean;
      readonly mode?: number;
    },
  ): F;
  removeSync(path: string, options: { readonly recursive: boolean }): void;
  renameSync(from: string, to: string): void;
  writeFileSync(
    path: string,
    bytes: Uint8Array,
    options: { readonly mode: number },
  ): void;
  readonly errors: { readonly NotFound: new (message: string) => Error };
}

/** Operations on the files of databases. */
export class DatabaseFiles<F extends OpenFile, S extends SizedPath>
  implements LockFiles<F> {
  readonly #system: FileSystem<F, S>;

  /** @param system The file system. */
  constructor(system: FileSystem<F, S>) {
    this.#system = system;
  }

  /** The file at a path; `undefined`: there is none. */
  see(path: string): S | undefined {
    try {
      return this.#system.statSync(path);
    } catch (error) {
      if (error instanceof this.#system.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Size of a file in bytes; `undefined`: there is no file. */
  sizeOf(path: string): number | undefined {
    return this.see(path)?.size;
  }

  /** Opens a file that only its user may read; creates it if missing. */
  open(path: string): F {
    const options = { create: true, read: true, write: true, mode: 0o600 };
    return this.#system.openSync(path, options);
  }

  /** Moves a file, over an earlier one that was moved there. */
  move(from: string, to: string): void {
    this.removeIfThere(to);
    this.#system.renameSync(from, to);
  }

  /** Removes whatever is at a path. */
  removeIfThere(path: string): void {
    if (this.see(path) === undefined) return;
    this.#system.removeSync(path, { recursive: true });
  }

  /** A free name: this one, or this one with a number. */
  freeName(path: string): string {
    let free = path;
    for (let count = 2; this.see(free) !== undefined; count++) {
      free = `${path}-${count}`;
    }
    return free;
  }

  /**
   * Refuses odd files: SQLite waits for ever for the other end of a pipe, and
   * ignores the content of a file that is not its own.
   *
   * @throws {UnusableStoreError} when a database's file is not a regular file.
   */
  refuseOdd(path: string): void {
    for (const end of DATABASE_ENDS) {
      const seen = this.see(`${path}${end}`);
      const odd = seen && oddKind(seen);
      if (odd === undefined) continue;
      const which = end === "" ? odd : `${path}${end}: ${odd}`;
      throw new UnusableStoreError("damaged", which);
    }
  }

  /** Creates an empty file, without leftovers. @returns Its path. */
  empty(path: string): string {
    for (const end of DATABASE_ENDS) this.removeIfThere(`${path}${end}`);
    this.#system.writeFileSync(path, new Uint8Array(), { mode: 0o600 });
    return path;
  }

  /** Syncs a file to the disk, renames it, and syncs its new name. */
  putInPlace(beside: string, path: string): void {
    this.force(beside);
    this.#system.renameSync(beside, path);
    this.force(folderOf(path));
  }

  /** Syncs a file, or the names in a folder, to the disk. */
  force(path: string): void {
    using file = this.#system.openSync(path);
    file.syncSync();
  }
}

/** The folder of a file. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash) || "/";
}
