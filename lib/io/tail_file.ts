/**
 * The log of a running program, as the file system shows it.
 *
 * @module
 */

import { RuntimeError } from "../errors.ts";
import type {
  FileFacts,
  FileIdentity,
  Log,
  LogFile,
  LogFolder,
  OpenedLog,
} from "../ports.ts";
import {
  inOrderOfRotation,
  isLogName,
  plainLogName,
  sameFile,
} from "../tail_cursor.ts";
import { Condition } from "../tasks.ts";

/** How a log is looked at. */
export interface TailFileOptions {
  /** Looks that nothing asked for are so far apart, in milliseconds. @default {250} */
  readonly lookEveryMs?: number;
}

/**
 * A {@link LogFolder} on disk. Events of the file system are hints to look at
 * once; `stat` says what is true, so a lost event costs `lookEveryMs`.
 *
 * @example
 * ```ts ignore
 * await using folder = new TailFile("/var/log/fail2ban.log", log);
 * await using lines = await LogFollower.begin({ folder, from: undefined, log });
 * ```
 */
export class TailFile implements LogFolder, AsyncDisposable {
  readonly logName: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #changed = new Condition();
  readonly #log: Log;
  readonly #timer: ReturnType<typeof setInterval>;
  #hinted = false;
  #watcher: Deno.FsWatcher | undefined;
  #watching: Promise<void> | undefined;

  /**
   * @param path Absolute path of the log. It may be missing, and come and go.
   * @param log Where to tell.
   * @param options How it is looked at.
   */
  constructor(path: string, log: Log, options: TailFileOptions = {}) {
    const slash = path.lastIndexOf("/");
    this.logName = path.slice(slash + 1);
    this.#path = path;
    this.#folder = path.slice(0, slash) || "/";
    this.#log = log;
    const { lookEveryMs = 250 } = options;
    this.#timer = setInterval(() => this.#hint(), lookEveryMs);
  }

  async current(): Promise<LogFile | undefined> {
    const info = await unlessMissing(Deno.stat(this.#path));
    return info === undefined ? undefined : describe(this.logName, info);
  }

  async list(): Promise<readonly LogFile[]> {
    let before = await this.#listOnce();
    while (true) {
      const files = await this.#listOnce();
      if (haveSameNames(before, files)) return files;
      before = files;
    }
  }

  async open(name: string): Promise<OpenedLog | undefined> {
    const path = `${this.#folder}/${name}`;
    try {
      const file = await unlessMissing(Deno.open(path));
      if (file === undefined) return undefined;
      const info = await file.stat();
      if (info.isFile) return new OpenedFile(file, identityOf(info));
      file.close();
      throw new RuntimeError(`${path} is not a file`);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      throw new RuntimeError(`cannot read ${path}: permission denied`, {
        hint: "run as root, or let a group that may read the log run it",
        cause: error,
      });
    }
  }

  async waitForChange(signal: AbortSignal): Promise<void> {
    this.#watching ??= this.#watch();
    while (!this.#hinted) await this.#changed.wait(signal);
    this.#hinted = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#watcher?.close();
    await this.#watching;
  }

  async #listOnce(): Promise<readonly LogFile[]> {
    const names = (await listNames(this.#folder))
      .filter((name) => isLogName(plainLogName(name), this.logName))
      .map((name) => ({ name }));
    const files: LogFile[] = [];
    for (
      const { name } of inOrderOfRotation(names, this.logName).toReversed()
    ) {
      const info = await unlessMissing(Deno.stat(`${this.#folder}/${name}`));
      if (info?.isFile === true) files.push(describe(name, info));
    }
    return files;
  }

  #hint(): void {
    this.#hinted = true;
    this.#changed.notify();
  }

  async #watch(): Promise<void> {
    try {
      this.#watcher = Deno.watchFs(this.#folder, { recursive: false });
    } catch (error) {
      // No folder, or no watch left for it: the timer still finds everything.
      if (!(error instanceof Error)) throw error;
      this.#log.record("warning", "no file events, looking now and then", {
        folder: this.#folder,
        reason: error.message,
      });
      return;
    }
    for await (const { paths } of this.#watcher) {
      if (paths.includes(this.#path)) this.#hint();
    }
  }
}

class OpenedFile implements OpenedLog {
  readonly device: number;
  readonly inode: number;
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile, { device, inode }: FileIdentity) {
    this.#file = file;
    this.device = device;
    this.inode = inode;
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await this.#file.stat());
  }

  async readAt(offsetBytes: number, into: Uint8Array): Promise<number> {
    await this.#file.seek(offsetBytes, Deno.SeekMode.Start);
    return await this.#file.read(into) ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}

function haveSameNames(
  left: readonly LogFile[],
  right: readonly LogFile[],
): boolean {
  return left.length === right.length &&
    left.every((file, index) => {
      const other = right[index];
      return other?.name === file.name && sameFile(other, file);
    });
}

function describe(name: string, info: Deno.FileInfo): LogFile {
  return { name, ...identityOf(info), ...factsOf(info) };
}

function identityOf(info: Deno.FileInfo): FileIdentity {
  return { device: info.dev, inode: info.ino ?? 0 };
}

function factsOf(info: Deno.FileInfo): FileFacts {
  return { sizeBytes: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
}

async function listNames(folder: string): Promise<string[]> {
  const entries = await unlessMissing(
    Array.fromAsync(Deno.readDir(folder), ({ name }) => name),
  );
  return entries ?? [];
}

async function unlessMissing<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
