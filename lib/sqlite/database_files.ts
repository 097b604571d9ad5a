/**
 * The files of a database: looked at, made beside it and put in its place.
 *
 * @module
 */

import { DATABASE_ENDS, oddKind, type SeenPath } from "../base/aside.ts";
import { UnusableStoreError } from "./store_errors.ts";
import type { LockFile, LockFiles } from "./store_lock.ts";

/** An open file. */
interface OpenFile extends LockFile, Disposable {
  /** Forces it to the disk. */
  syncSync(): void;
}

/** A path that was looked at. */
interface SizedPath extends SeenPath {
  readonly size: number;
}

/** What is needed of a file system; as the runtime has it. */
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

/** Files of databases. */
export class DatabaseFiles<F extends OpenFile, S extends SizedPath>
  implements LockFiles<F> {
  readonly #system: FileSystem<F, S>;

  /** @param system Where they are. */
  constructor(system: FileSystem<F, S>) {
    this.#system = system;
  }

  /** What is at a path; `undefined`: nothing. */
  see(path: string): S | undefined {
    try {
      return this.#system.statSync(path);
    } catch (error) {
      if (error instanceof this.#system.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Bytes of a file; `undefined`: there is none. */
  sizeOf(path: string): number | undefined {
    return this.see(path)?.size;
  }

  /** Opens a file that only its user may read; it is made where it is missing. */
  open(path: string): F {
    const options = { create: true, read: true, write: true, mode: 0o600 };
    return this.#system.openSync(path, options);
  }

  /** Moves what is there, over what was moved there before. */
  move(from: string, to: string): void {
    this.removeIfThere(to);
    this.#system.renameSync(from, to);
  }

  /** Removes whatever is there. */
  removeIfThere(path: string): void {
    if (this.see(path) === undefined) return;
    this.#system.removeSync(path, { recursive: true });
  }

  /** A name that nothing has: this one, or with a number after it. */
  freeName(path: string): string {
    let free = path;
    for (let count = 2; this.see(free) !== undefined; count++) {
      free = `${path}-${count}`;
    }
    return free;
  }

  /**
   * SQLite waits for ever for the other end of a pipe, and takes other bytes
   * than its own for none.
   *
   * @throws {UnusableStoreError} when one of a database's files is none.
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

  /** An empty file, without what a killed process left beside it. @returns Its path. */
  empty(path: string): string {
    for (const end of DATABASE_ENDS) this.removeIfThere(`${path}${end}`);
    this.#system.writeFileSync(path, new Uint8Array(), { mode: 0o600 });
    return path;
  }

  /** Forces the file to the disk, renames it, and forces the name to the disk. */
  putInPlace(beside: string, path: string): void {
    this.force(beside);
    this.#system.renameSync(beside, path);
    this.force(folderOf(path));
  }

  /** Forces a file, or the names in a folder, to the disk. */
  force(path: string): void {
    using file = this.#system.openSync(path);
    file.syncSync();
  }
}

/** The folder that a file is in. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash) || "/";
}
