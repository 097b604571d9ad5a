/**
 * Follows a log by its name through rotation, cutting and absence.
 *
 * @module
 */

import { AT_THE_END, FollowedLog, readFingerprint } from "./followed_log.ts";
import type {
  FileIdentity,
  LineBatch,
  LineSource,
  Log,
  LogFile,
  LogFolder,
  LogPosition,
} from "./ports.ts";
import {
  filesAfter,
  findPlace,
  nextStep,
  type PrintedLogFile,
  sameFile,
} from "./tail_cursor.ts";

/** What a follower is made of. */
export interface LogFollowerOptions {
  /** Where the log is. */
  readonly folder: LogFolder;
  /** Where to read on; `undefined`: at the end, or at the start of a log that is yet to come. */
  readonly from: LogPosition | undefined;
  /** Where to tell. */
  readonly log: Log;
}

const NOTHING = new Uint8Array();

/**
 * A {@link LineSource} over a log that may be missing, and come and go. Gives
 * a batch without lines for each file that it begins: a place to keep.
 *
 * @example
 * ```ts ignore
 * await using lines = await LogFollower.begin({ folder, from: undefined, log });
 * for await (const { bytes, end } of lines.batches(signal)) handle(bytes, end);
 * ```
 */
export class LogFollower implements LineSource, AsyncDisposable {
  readonly #options: LogFollowerOptions;
  #current: FollowedLog | undefined;

  private constructor(options: LogFollowerOptions) {
    this.#options = options;
  }

  /**
   * Finds the place to read from. Whatever is appended later is followed.
   *
   * @param options What the follower is made of.
   * @throws {RuntimeError} when the log is there and can't be read.
   */
  static async begin(options: LogFollowerOptions): Promise<LogFollower> {
    const follower = new LogFollower(options);
    follower.#current = await follower.#findPlace();
    return follower;
  }

  /** Closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]();
    this.#current = undefined;
  }

  /**
   * Gives the log's lines as they come.
   *
   * @param signal Ends it.
   * @throws {RuntimeError} when the log is there and can't be read.
   */
  async *batches(signal: AbortSignal): AsyncGenerator<LineBatch, void> {
    try {
      let current = this.#current ??= await this.#openLog(signal);
      yield { bytes: NOTHING, end: current.position };
      while (true) {
        const next: Uint8Array | FollowedLog | undefined = await this
          .#advance(current, signal);
        if (next instanceof FollowedLog) {
          await current[Symbol.asyncDispose]();
          current = this.#current = next;
          yield { bytes: NOTHING, end: current.position };
        } else if (next !== undefined) {
          yield { bytes: next, end: current.position };
        }
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }

  /** One step: gives lines, the file that follows, or nothing. */
  async #advance(
    current: FollowedLog,
    signal: AbortSignal,
  ): Promise<Uint8Array | FollowedLog | undefined> {
    signal.throwIfAborted();
    const newer = await this.#listNewer(current);
    const step = nextStep(current, { newer, ...await current.look() });
    switch (step.kind) {
      case "read":
        return await this.#read(current);
      case "wait":
        await this.#options.folder.waitForChange(signal);
        return undefined;
      case "move_on":
        // Renamed since it was listed? The next look finds it by its new name.
        return await this.#open(step.to.name, 0, step.to);
      case "begin_again": {
        const copy = await this.#openCopy(current);
        if (copy !== undefined) return copy;
        await current.beginAgain();
        return NOTHING;
      }
    }
  }

  /** Opens what was read last, else the log where it ends now; `undefined`: there is none. */
  async #findPlace(): Promise<FollowedLog | undefined> {
    const { from, folder, log } = this.#options;
    if (from === undefined) return await this.#open(folder.logName, AT_THE_END);
    const found = await this.#openFound(
      (files) => findPlace(from, files),
      from.offsetBytes,
    );
    if (found !== undefined) return found;
    log.record("warning", "the log was rotated away, some lines are lost", {
      log: folder.logName,
    });
    return await this.#open(folder.logName, 0);
  }

  /** Opens the log at its start; waits for it where there is none. */
  async #openLog(signal: AbortSignal): Promise<FollowedLog> {
    const { folder, log } = this.#options;
    let opened = await this.#open(folder.logName, 0);
    if (opened === undefined) {
      log.record("warning", "waiting for the log", { log: folder.logName });
    }
    while (opened === undefined) {
      await folder.waitForChange(signal);
      opened = await this.#open(folder.logName, 0);
    }
    return opened;
  }

  /** Opens a copy of a file that was cut, at what was not read of it. */
  async #openCopy(cut: FollowedLog): Promise<FollowedLog | undefined> {
    const { fingerprint, offsetBytes } = cut.position;
    if (fingerprint === "") return undefined;
    return await this.#openFound(
      (files) =>
        files.find((file) =>
          !sameFile(file, cut) && file.fingerprint === fingerprint &&
          file.sizeBytes > offsetBytes
        ),
      offsetBytes,
    );
  }

  /** Opens the file that `find` picks; picks again when names changed meanwhile. */
  async #openFound(
    find: (files: readonly PrintedLogFile[]) => PrintedLogFile | undefined,
    offsetBytes: number,
  ): Promise<FollowedLog | undefined> {
    while (true) {
      const files = await this.#listPrinted();
      const found = files && find(files);
      if (files !== undefined && found === undefined) return undefined;
      const opened = found && await this.#open(found.name, offsetBytes, found);
      if (opened !== undefined) return opened;
    }
  }

  async #read(current: FollowedLog): Promise<Uint8Array | undefined> {
    const droppedBefore = current.droppedLines;
    const lines = await current.read();
    if (current.droppedLines > droppedBefore) {
      this.#options.log.record("warning", "a line is too long and left out", {
        log: this.#options.folder.logName,
        atByte: current.position.offsetBytes,
      });
    }
    return lines;
  }

  /** Opens a file of the folder; `undefined` when it is gone, or another. */
  async #open(
    name: string,
    offsetBytes: number,
    expected?: FileIdentity,
  ): Promise<FollowedLog | undefined> {
    const opened = await this.#options.folder.open(name);
    if (opened === undefined) return undefined;
    if (expected === undefined || sameFile(opened, expected)) {
      return await FollowedLog.begin(opened, offsetBytes);
    }
    await opened[Symbol.asyncDispose]();
    return undefined;
  }

  /** The files newer than the open one, oldest first. */
  async #listNewer(open: FollowedLog): Promise<readonly LogFile[]> {
    const { folder } = this.#options;
    const current = await folder.current();
    return current !== undefined && sameFile(current, open)
      ? []
      : filesAfter(open, await folder.list(), folder.logName);
  }

  /** Reads what each file begins with; `undefined`: names changed meanwhile. */
  async #listPrinted(): Promise<readonly PrintedLogFile[] | undefined> {
    const { folder } = this.#options;
    const printed: PrintedLogFile[] = [];
    for (const file of await folder.list()) {
      await using opened = await folder.open(file.name);
      if (opened === undefined || !sameFile(opened, file)) return undefined;
      printed.push({ ...file, fingerprint: await readFingerprint(opened) });
    }
    return printed;
  }
}
