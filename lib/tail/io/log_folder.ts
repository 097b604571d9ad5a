/**
 * The log of a running program in the file system.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type {
  FileFacts,
  FileIdentity,
  FolderWatch,
  LogFile,
  LogFolder,
  OpenedLog,
} from "../ports.ts";
import type { Log } from "../../log/log.ts";
import {
  haveSameNames,
  inOrderOfRotation,
  isLogName,
  plainLogName,
  sameFile,
} from "../tail_cursor.ts";
import { BriefCalls } from "../brief_calls.ts";
import { cannot, notAFile } from "../log_refusals.ts";
import { rotationSuffix } from "../rotation_suffix.ts";
import { Condition } from "../../async/tasks.ts";

/**
 * Most rotated files that are tried if names can't be listed.
 */
const MAX_NUMBER = 9;

/** Options for {@link DiskLogFolder}. */
export interface DiskLogFolderOptions {
  /**
   * Interval between checks without an event, in milliseconds. @default {250}
   */
  readonly lookEveryMs?: number;
  /** Signals changes of the log at once. */
  readonly watch?: FolderWatch;
  /** Whether all paths are on local disks. @default {none is} */
  readonly areLocal?: (paths: readonly string[]) => Promise<boolean>;
}

/**
 * A {@link LogFolder} on disk. File system events only trigger a check; `stat`
 * has the truth, so a lost event costs at most `lookEveryMs`.
 *
 * @example
 * ```ts ignore
 * await using folder = new DiskLogFolder("/var/log/fail2ban.log", log);
 * await using lines = await LogFollower.begin({ folder, from: undefined, log });
 * ```
 */
export class DiskLogFolder implements LogFolder, AsyncDisposable {
  readonly logName: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #changed = new Condition();
  readonly #log: Log;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Files that could not be opened since the last wait. */
  readonly #unreadable = new Set<string>();
  /** Logged problems: the name for which each cause was logged. */
  readonly #reported = new Map<string, string>();
  /** Paths of rotated files behind a link, by their name beside the link. */
  readonly #behindLink = new Map<string, string>();
  readonly #calls = new BriefCalls(() => performance.now());
  readonly #areLocal: NonNullable<DiskLogFolderOptions["areLocal"]>;
  /** Whether the log was on a local disk when it was last opened. */
  #isLocal = false;
  #hinted = false;
  #isFollowed = false;
  readonly #watchWith: FolderWatch | undefined;
  #events: AsyncDisposable | undefined;

  /**
   * @param path Absolute path of the log. It may be missing at times.
   * @param log Receives log records.
   * @param options See {@link DiskLogFolderOptions}.
   */
  constructor(path: string, log: Log, options: DiskLogFolderOptions = {}) {
    const slash = path.lastIndexOf("/");
    this.logName = path.slice(slash + 1);
    this.#path = path;
    this.#folder = path.slice(0, slash) || "/";
    this.#log = log;
    const { lookEveryMs = 250, watch } = options;
    this.#watchWith = watch;
    this.#areLocal = options.areLocal ?? (() => Promise.resolve(false));
    this.#timer = setInterval(() => this.#hint(), lookEveryMs);
  }

  async current(): Promise<LogFile | undefined> {
    return await this.#look(this.logName);
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
    const path = this.#pathOf(name);
    try {
      // Opening a pipe would block.
      const seen = await unlessMissing(Deno.stat(path));
      if (seen?.isFile === false) throw notAFile(path, seen);
      const file = await unlessMissing(Deno.open(path));
      if (file === undefined) return undefined;
      const info = await file.stat();
      this.#resolve(name);
      if (info.isFile) {
        const tell = (error: RuntimeError | undefined) => {
          if (error !== undefined) this.#complain(name, error);
          else this.#resolve(name);
        };
        const isLocal = await this.#areLocal([this.#folder, path]);
        if (name === this.logName) this.#isLocal = isLocal;
        const calls = this.#calls;
        return new OpenedFile({ path, file, info, calls, isLocal, tell });
      }
      file.close();
      throw notAFile(path, info);
    } catch (error) {
      this.#keepTrying(name, cannot("read", path, error));
      return undefined;
    }
  }

  async waitForChange(signal: AbortSignal): Promise<void> {
    if (!this.#isFollowed) this.#watch();
    while (!this.#hinted) await this.#changed.wait(signal);
    this.#hinted = false;
    // Hints come from the event loop, so it has turned.
    this.#calls.noteTurn();
    this.#unreadable.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#events?.[Symbol.asyncDispose]();
  }

  async #listOnce(): Promise<readonly LogFile[]> {
    const listed = (await this.#listNames(this.#folder))
      .filter((name) => isLogName(plainLogName(name), this.logName));
    await this.#findBehindLink();
    const names = [...new Set([...listed, ...this.#behindLink.keys()])]
      .map((name) => ({ name }));
    const files: LogFile[] = [];
    for (
      const { name } of inOrderOfRotation(names, this.logName).toReversed()
    ) {
      const file = await this.#look(name);
      // A link to a dated file lists that file twice.
      const isNew = file !== undefined && (file.name === this.logName ||
        !files.some((other) => sameFile(other, file)));
      if (isNew) files.push(file);
    }
    return files;
  }

  /** `undefined` when there is no such file, or it can't be read now. */
  async #look(name: string): Promise<LogFile | undefined> {
    const path = this.#pathOf(name);
    try {
      const info = await unlessMissing(this.#calls.make(
        this.#isLocal && name === this.logName,
        () => Deno.statSync(path),
        () => Deno.stat(path),
      ));
      if (info === undefined || this.#unreadable.has(name)) return undefined;
      if (!info.isFile) throw notAFile(path, info);
      return describe(name, info);
    } catch (error) {
      this.#keepTrying(name, cannot("read", path, error));
      return undefined;
    }
  }

  /** Finds the rotated files beside the target of a log that is a link. */
  async #findBehindLink(): Promise<void> {
    this.#behindLink.clear();
    const target = await linkTarget(this.#path);
    if (target === undefined) return;
    const slash = target.lastIndexOf("/");
    const [folder, logName] = [target.slice(0, slash), target.slice(slash + 1)];
    for (const name of await this.#listNames(folder)) {
      const plain = plainLogName(name);
      const suffix = rotationSuffix(plain, logName) ||
        rotationSuffix(plain, this.logName);
      if (suffix === undefined || suffix === "") continue;
      const compressed = name.slice(plain.length);
      const alias = `${this.logName}${suffix}${compressed}`;
      this.#behindLink.set(alias, `${folder}/${name}`);
    }
  }

  #pathOf(name: string): string {
    return this.#behindLink.get(name) ?? `${this.#folder}/${name}`;
  }

  /** Tries the usual names if the folder does not allow listing. */
  async #listNames(folder: string): Promise<readonly string[]> {
    try {
      const names = await unlessMissing(
        Array.fromAsync(Deno.readDir(folder), ({ name }) => name),
      );
      this.#resolve(folder);
      return names ?? [];
    } catch (error) {
      this.#complain(folder, cannot("list", folder, error));
      return usualNames(this.logName);
    }
  }

  /**
   * Once the log is followed, a problem with a file may be temporary: it counts
   * as missing until the next check.
   */
  #keepTrying(name: string, error: RuntimeError): void {
    if (!this.#isFollowed) throw error;
    this.#unreadable.add(name);
    this.#complain(name, error);
  }

  /** Logs a problem; files with the same cause are logged once. */
  #complain(what: string, { message, hint }: RuntimeError): void {
    const cause = message.slice(message.lastIndexOf(": ") + 1);
    if (this.#reported.has(cause)) return;
    this.#reported.set(cause, what);
    this.#log.record("warning", "the log can't be read, trying on", {
      reason: message,
      hint,
    });
  }

  #resolve(what: string): void {
    const causes = [...this.#reported].filter(([, of]) => of === what);
    for (const [cause] of causes) this.#reported.delete(cause);
    if (causes.length === 0) return;
    this.#log.record("notice", "the log can be read again", { log: what });
  }

  #hint(): void {
    this.#hinted = true;
    this.#changed.notify();
  }

  /** Without events the timer still finds everything. */
  #watch(): void {
    this.#isFollowed = true;
    const watch = this.#watchWith;
    this.#events = watch?.(this.#folder, this.logName, () => this.#hint());
    // No event tells of what was written since the last look.
    if (this.#events !== undefined) return this.#hint();
    if (watch === undefined) return;
    this.#log.record("warning", "no file events, looking now and then", {
      folder: this.#folder,
    });
  }
}

interface OpenedFileOptions {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
  /** Makes the calls on the file. */
  readonly calls: BriefCalls;
  /** Whether it is on a local disk. */
  readonly isLocal: boolean;
  /** Called with a problem that was worked around; `undefined`: it is over. */
  readonly tell: (error: RuntimeError | undefined) => void;
}

class OpenedFile implements OpenedLog {
  readonly device: number;
  readonly inode: number;
  readonly #options: OpenedFileOptions;
  #modifiedMs: number;
  #isTroubled = false;

  /** @param options The file; it is closed together with this object. */
  constructor(options: OpenedFileOptions) {
    this.#options = options;
    const { info } = options;
    const { device, inode } = identityOf(info);
    this.device = device;
    this.inode = inode;
    this.#modifiedMs = factsOf(info).modifiedMs;
  }

  /**
   * Deno checks the path's permissions again to `stat` an open file. If its
   * folder was closed, the end of the open file is found by seeking.
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

/** The target of a link; `undefined` if it is no link, or leads nowhere. */
async function linkTarget(path: string): Promise<string | undefined> {
  try {
    const info = await unlessMissing(Deno.lstat(path));
    return info?.isSymlink === true ? await Deno.realPath(path) : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

function describe(name: string, info: Deno.FileInfo): LogFile {
  return { name, ...identityOf(info), ...factsOf(info) };
}

/** The usual names of rotated files. */
function usualNames(logName: string): readonly string[] {
  const numbers = Array.from({ length: MAX_NUMBER }, (_, index) => index + 1);
  return [logName, ...numbers.map((number) => `${logName}.${number}`)];
}

async function unlessMissing<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function identityOf(info: Deno.FileInfo): FileIdentity {
  return { device: info.dev, inode: info.ino ?? 0 };
}

function factsOf(info: Deno.FileInfo): FileFacts {
  return { sizeBytes: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
}
