/**
 * A folder that only this program enters, for the private addresses of its
 * sockets.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/** What a path within the folder may have; a Unix socket's has 108 bytes, some systems' 104. */
const MAX_PATH_BYTES = 80;
/** Where the folder is when the temporary folder's own path is too long. */
const SHORT_FOLDER = "/tmp";

/** A folder of mode 0700 and a name that nobody can guess; removed at disposal. */
export class InnerFolder implements Disposable {
  readonly #path: string;

  /** @throws {RuntimeError} when there can't be one. */
  constructor() {
    try {
      const path = makeFolder();
      const bytes = new TextEncoder().encode(path).length;
      this.#path = bytes <= MAX_PATH_BYTES ? path : shortened(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(
        `cannot make a folder for sockets: ${error.message}`,
        { hint: "TMPDIR must be a folder to write to", cause: error },
      );
    }
  }

  /** The path of a socket in it. */
  pathOf(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** Removes a socket that nobody listens at any more. */
  remove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path, { recursive: true });
  }
}

function makeFolder(dir?: string): string {
  const prefix = "fail2ban-publisher-";
  return Deno.makeTempDirSync(dir === undefined ? { prefix } : { dir, prefix });
}

function shortened(path: string): string {
  Deno.removeSync(path);
  return makeFolder(SHORT_FOLDER);
}
