/**
 * Stores the position in fail2ban's log in a file.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import { decodePosition, encodePosition } from "../log_position.ts";
import type { LogPosition, PositionStore } from "../ports.ts";

/**
 * A {@link PositionStore} in a file that is replaced as a whole: written beside
 * it, synced to the disk, then renamed over it.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/rename.2.html | rename(2)}
 *
 * @example
 * ```ts ignore
 * const positions = new PositionFile("/var/lib/fail2ban-cluster/monitor.position");
 * await positions.save(position);
 * ```
 */
export class PositionFile implements PositionStore {
  readonly #path: string;

  /** @param path Absolute path; a missing folder is created. */
  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<LogPosition | undefined> {
    try {
      // Opening a pipe in its place would block.
      const { isFile } = await Deno.stat(this.#path);
      if (!isFile) throw new Error("it is not a file");
      return decodePosition(await Deno.readTextFile(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof RuntimeError) {
        throw new RuntimeError(`${this.#path}: ${error.message}`, {
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          cause: error,
        });
      }
      throw cannot("read", this.#path, error);
    }
  }

  async save(position: LogPosition): Promise<void> {
    const beside = `${this.#path}.new`;
    const folder = this.#path.slice(0, this.#path.lastIndexOf("/")) || "/";
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await removePipe(beside);
      await Deno.writeTextFile(beside, encodePosition(position), {
        mode: 0o600,
      });
      using file = await Deno.open(beside, { write: true });
      await file.syncData();
      await Deno.rename(beside, this.#path);
      using opened = await Deno.open(folder);
      await opened.sync();
    } catch (error) {
      throw cannot("write", this.#path, error);
    }
  }

  /**
   * Moves a damaged position aside, over an earlier one.
   *
   * @throws {RuntimeError} when it can't be moved.
   */
  async putAside(): Promise<void> {
    const aside = `${this.#path}.damaged`;
    try {
      await Deno.remove(aside, { recursive: true }).catch(unlessMissing);
      await Deno.rename(this.#path, aside);
    } catch (error) {
      throw cannot("move", this.#path, error);
    }
  }
}

const HINT = "the folder is statedir in [general], and must be writable";

/** Removes a pipe, because opening it would block. */
async function removePipe(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(unlessMissing);
  if (info?.isFifo === true) await Deno.remove(path);
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function cannot(what: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new RuntimeError(`cannot ${what} ${path}: ${error.message}`, {
    hint: HINT,
    cause: error,
  });
}
