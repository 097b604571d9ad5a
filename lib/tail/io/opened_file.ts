/**
 * An open file of a log.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type { BriefCalls } from "./brief_calls.ts";
import type { FileFacts, FileIdentity, OpenedLog } from "../ports.ts";

/** Options for {@link OpenedFile}. */
export interface OpenedFileOptions {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
  /** How calls on it are made. */
  readonly calls: BriefCalls;
  /** Whether it is on a disk of this host. */
  readonly isLocal: boolean;
  /** Tells of trouble that is got round; `undefined`: that it is over. */
  readonly tell: (error: RuntimeError | undefined) => void;
}

/** An {@link OpenedLog} of Deno's. */
export class OpenedFile implements OpenedLog {
  readonly device: number;
  readonly inode: number;
  readonly #options: OpenedFileOptions;
  #modifiedMs: number;
  #isTroubled = false;

  /** @param options The file, which is closed with this. */
  constructor(options: OpenedFileOptions) {
    this.#options = options;
    const { info } = options;
    const { device, inode } = identityOf(info);
    this.device = device;
    this.inode = inode;
    this.#modifiedMs = factsOf(info).modifiedMs;
  }

  /**
   * Deno looks at the path's permissions once more to `stat` an open file: when
   * its folder was closed, what is open still tells its end.
   */
  async facts(): Promise<FileFacts> {
    const { path, file, tell } = this.#options;
    try {
      const facts = factsOf(
        await this.#make(() => file.statSync(), () => file.stat()),
      );
      this.#modifiedMs = facts.modifiedMs;
      if (this.#isTroubled) tell(undefined);
      this.#isTroubled = false;
      return facts;
    } catch (error) {
      this.#isTroubled = true;
      tell(cannot("read", path, error));
      const sizeBytes = await this.#seekEnd();
      return { sizeBytes, modifiedMs: this.#modifiedMs };
    }
  }

  async #seekEnd(): Promise<number> {
    const { path, file } = this.#options;
    try {
      return await file.seek(0, Deno.SeekMode.End);
    } catch (error) {
      throw cannot("read", path, error);
    }
  }

  async readAt(offsetBytes: number, into: Uint8Array): Promise<number> {
    const { path, file } = this.#options;
    try {
      return await this.#make(() => {
        file.seekSync(offsetBytes, Deno.SeekMode.Start);
        return file.readSync(into) ?? 0;
      }, async () => {
        await file.seek(offsetBytes, Deno.SeekMode.Start);
        return await file.read(into) ?? 0;
      });
    } catch (error) {
      throw cannot("read", path, error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.file.close();
    return Promise.resolve();
  }

  #make<T>(atOnce: () => T, later: () => Promise<T>): Promise<T> {
    const { calls, isLocal } = this.#options;
    return calls.make(isLocal, atOnce, later);
  }
}

/** Which file it is. */
export function identityOf(info: Deno.FileInfo): FileIdentity {
  return { device: info.dev, inode: info.ino ?? 0 };
}

/** Its size and time. */
export function factsOf(info: Deno.FileInfo): FileFacts {
  return { sizeBytes: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
}

/**
 * The error for whoever runs the program.
 *
 * @param what What can't be done, such as `read`.
 * @param path To which file.
 * @param error What the system said.
 * @throws the error where the system did not say it: a bug.
 */
export function cannot(
  what: string,
  path: string,
  error: unknown,
): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const isForbidden = error instanceof Deno.errors.PermissionDenied;
  const reason = isForbidden ? "permission denied" : error.message;
  return new RuntimeError(`cannot ${what} ${path}: ${reason}`, {
    hint: isForbidden
      ? "run as root, or let a group that may read the log run it"
      : "see whether fail2banlogpath is the file that fail2ban writes",
    cause: error,
  });
}
