/**
 * A small file of state on disk.
 *
 * @module
 */

import { RuntimeError } from "../errors.ts";
import type { StateText } from "../state_text.ts";

/**
 * A {@link StateText} in a file that is replaced as a whole: a new file is
 * written beside it, synced to the disk, and renamed over it.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/rename.2.html | rename(2)}
 */
export class StateFile implements StateText {
  readonly #path: string;

  /**
   * @param path Absolute path; the class creates its folder if it is missing.
   */
  constructor(path: string) {
    this.#path = path;
  }

  get place(): string {
    return this.#path;
  }

  async load(): Promise<string | undefined> {
    const path = this.#path;
    try {
      const { isFile } = await Deno.stat(path);
      if (isFile) return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw cannot("read", path, error);
    }
    // Opening a pipe would block.
    throw new RuntimeError(`cannot read ${path}: it is not a file`, {
      hint: HINT,
    });
  }

  async save(text: string): Promise<void> {
    const path = this.#path;
    const beside = `${path}.new`;
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await removePipe(beside);
      await Deno.writeTextFile(beside, text, { mode: 0o600 });
      using file = await Deno.open(beside, { write: true });
      await file.syncData();
      await Deno.rename(beside, path);
      using opened = await Deno.open(folder);
      await opened.sync();
    } catch (error) {
      throw cannot("write", path, error);
    }
  }

  async putAside(): Promise<void> {
    const path = this.#path;
    const aside = `${path}.damaged`;
    try {
      await Deno.remove(aside, { recursive: true }).catch(unlessMissing);
      await Deno.rename(path, aside);
    } catch (error) {
      throw cannot("move", path, error);
    }
  }
}

const HINT = "the folder is statedir in [general], and must be writable";

/** Opening a pipe would block. */
async function removePipe(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(unlessMissing);
  if (info?.isFifo === true) await Deno.remove(path);
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** @throws errors that are not the system's: a bug. */
function cannot(what: string, path: string, error: unknown): RuntimeError {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  return new RuntimeError(`cannot ${what} ${path}: ${error.message}`, {
    hint: HINT,
    cause: error,
  });
}
