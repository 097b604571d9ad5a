/**
 * Follows a log by its name through rotation, truncation and absence.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { AT_THE_END, LogReader } from "./open_log.ts";
import { LogFiles } from "./log_files.ts";
import type {
  FileIdentity,
  LineBatch,
  LineSource,
  LogFile,
  LogFolder,
  LogPosition,
} from "./ports.ts";
import type { Clock } from "../async/clock.ts";
import type { Log, LogFields } from "../log/log.ts";
import { countMissing, nextStep, sameFile } from "./tail_cursor.ts";

/** Options for {@link LogFollower}. */
export interface LogFollowerOptions {
  /** The log's folder. */
  readonly folder: LogFolder;
  /**
   * Position to continue from; `undefined`: the end of the log, or the start of
   * a log that does not exist yet.
   */
  readonly from: LogPosition | undefined;
  /** Starts at the beginning if the position is unknown. @default {false} */
  readonly atStart?: boolean;
  /** Receives log records. */
  readonly log: Log;
  /** Tells when the log was seen to end; without it batches do not say. */
  readonly clock?: Pick<Clock, "nowMs">;
}

const NOTHING = new Uint8Array();

/**
 * A {@link LineSource} over a log that may be missing at times. It yields a
 * batch without lines for each file that it begins, so that the new position
 * can be stored.
 *
 * @example
 * ```ts ignore
 * await using lines = await LogFollower.begin({ folder, from: undefined, log });
 * for await (const { bytes, end } of lines.batches(signal)) handle(bytes, end);
 * ```
 */
export class LogFollower implements LineSource, AsyncDisposable {
  /** Number of files, or unread rests of files, known to be lost. */
  gaps = 0;
  readonly #options: LogFollowerOptions;
  readonly #files: LogFiles;
  #current: LogReader | undefined;
  /** Last time the log had nothing unread, in milliseconds since 1970. */
  #readAllMs: number | undefined;
  /** Why the log can't be read now. */
  #trouble: string | undefined;

  private constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#files = new LogFiles(options.folder, options.log);
  }

  /**
   * Finds the position to read from.
   *
   * @param options See {@link LogFollowerOptions}.
   * @throws {RuntimeError} when the log exists but can't be read.
   */
  static async begin(options: LogFollowerOptions): Promise<LogFollower> {
    const follower = new LogFollower(options);
    // Reading starts at the log's end: all lines read were written later.
    if (options.from === undefined && options.atStart !== true) {
      follower.#readAllMs = options.clock?.nowMs();
    }
    follower.#current = await follower.#openStart();
    return follower;
  }

  /** Closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]();
    this.#current = undefined;
  }

  /**
   * Yields the log's lines as they are written.
   *
   * @param signal Stops it.
   * @throws {RuntimeError} when the log exists but can't be read.
   */
  async *batches(signal: AbortSignal): AsyncGenerator<LineBatch, void> {
    try {
      let current = this.#current ??= await this.#openLog(signal);
      yield this.#batchOf(NOTHING, current);
      while (true) {
        const next: Uint8Array | LogReader | undefined = await this
          .#tryAdvance(current, signal);
        if (next instanceof LogReader) {
          await current[Symbol.asyncDispose]();
          current = this.#current = next;
          yield this.#batchOf(NOTHING, current);
        } else if (next !== undefined) {
          yield this.#batchOf(next, current);
        }
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }

  /** Advances; waits while the disk fails or the folder is closed. */
  async #tryAdvance(
    current: LogReader,
    signal: AbortSignal,
  ): Promise<Uint8Array | LogReader | undefined> {
    const { folder, log } = this.#options;
    try {
      const next = await this.#advance(current, signal);
      if (this.#trouble !== undefined) {
        log.record("notice", "the log can be read again", {
          log: folder.logName,
        });
      }
      this.#trouble = undefined;
      return next;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message: reason, hint } = error;
      if (this.#trouble !== reason) {
        const event = "the log can't be read, trying on";
        log.record("error", event, { reason, hint });
      }
      this.#trouble = reason;
      await folder.waitForChange(signal);
      return undefined;
    }
  }

  /** One step: returns lines, the next file, or nothing. */
  async #advance(
    current: LogReader,
    signal: AbortSignal,
  ): Promise<Uint8Array | LogReader | undefined> {
    signal.throwIfAborted();
    const lookedMs = this.#options.clock?.nowMs();
    const newer = await this.#files.newerThan(current);
    const { unreadBytes, rotations } = current;
    const step = nextStep(current, { newer, ...await current.look() });
    switch (step.kind) {
      case "read":
        return await this.#read(current);
      case "wait":
        this.#readAllMs = lookedMs;
        await this.#options.folder.waitForChange(signal);
        return undefined;
      case "move_on":
        // If the file was renamed since it was listed, the next check finds its
        // new name.
        return await this.#open(step.to.name, 0, rotations + 1, step.to);
      case "begin_again": {
        const copy = await this.#openFirst(
          () => this.#files.copyOf(current),
          current.position,
        );
        if (copy !== undefined) return copy;
        if (unreadBytes > 0) {
          this.#reportGap("the log was cut before it was read", 1, {
            bytes: unreadBytes,
          });
        }
        await current.beginAgain();
        return NOTHING;
      }
    }
  }

  /**
   * Opens the last read file, else the log at its end; `undefined`: there is
   * none.
   */
  async #openStart(): Promise<LogReader | undefined> {
    const { from, folder, atStart = false } = this.#options;
    if (from === undefined) {
      return await this.#open(folder.logName, atStart ? 0 : AT_THE_END, 0);
    }
    let files: readonly LogFile[] | undefined;
    const found = await this.#openFirst(
      async () => files = await this.#files.from(from),
      from,
    );
    const missing = countMissing(files ?? [], folder.logName);
    if (found !== undefined) {
      if (missing > 0) this.#reportGap("files of the log are gone", missing);
      return found;
    }
    return await this.#openNewer(from);
  }

  /** Opens the oldest newer file, because the last read file is gone. */
  async #openNewer(from: LogPosition): Promise<LogReader | undefined> {
    const { logName } = this.#options.folder;
    let files: readonly LogFile[] = [];
    const opened = await this.#openFirst(
      async () => files = await this.#files.since(from),
      { offsetBytes: 0, rotations: (from.rotations ?? 0) + 1 },
    );
    this.#reportGap(
      "the log was rotated away, some lines are lost",
      1 + countMissing(files, logName),
      { afterByte: from.offsetBytes },
    );
    return opened;
  }

  /** Opens the log at its start; waits for it if it does not exist. */
  async #openLog(signal: AbortSignal): Promise<LogReader> {
    const { folder, log, from } = this.#options;
    const rotations = from === undefined ? 0 : (from.rotations ?? 0) + 1;
    let opened = await this.#open(folder.logName, 0, rotations);
    if (opened === undefined) {
      log.record("warning", "waiting for the log", { log: folder.logName });
    }
    while (opened === undefined) {
      await folder.waitForChange(signal);
      opened = await this.#open(folder.logName, 0, rotations);
    }
    return opened;
  }

  /**
   * Opens the first file that `find` returns; repeats this if names changed
   * meanwhile.
   */
  async #openFirst(
    find: () => Promise<readonly LogFile[] | undefined>,
    { offsetBytes, rotations = 0 }: Pick<
      LogPosition,
      "offsetBytes" | "rotations"
    >,
  ): Promise<LogReader | undefined> {
    while (true) {
      const files = await find();
      if (files === undefined) continue;
      const [first] = files;
      if (first === undefined) return undefined;
      const opened = await this.#open(
        first.name,
        offsetBytes,
        rotations,
        first,
      );
      if (opened !== undefined) return opened;
    }
  }

  async #read(current: LogReader): Promise<Uint8Array | undefined> {
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

  /** Opens a file of the folder; `undefined` when it is gone or replaced. */
  async #open(
    name: string,
    offsetBytes: number,
    rotations: number,
    expected?: FileIdentity,
  ): Promise<LogReader | undefined> {
    const opened = await this.#files.open(name);
    if (opened === undefined) return undefined;
    if (expected === undefined || sameFile(opened, expected)) {
      return await LogReader.begin(opened, offsetBytes, rotations);
    }
    await opened[Symbol.asyncDispose]();
    return undefined;
  }

  /**
   * Logs an error, because the cluster never learns of the bans and unbans in
   * the lost part.
   */
  #reportGap(event: string, missing: number, details: LogFields = {}): void {
    const { log, folder } = this.#options;
    this.gaps += missing;
    log.record("error", event, { log: folder.logName, missing, ...details });
  }

  #batchOf(bytes: Uint8Array, followed: LogReader): LineBatch {
    const end = followed.position;
    const startBytes = end.offsetBytes - bytes.length;
    return { bytes, startBytes, end, writtenAfterMs: this.#readAllMs };
  }
}
