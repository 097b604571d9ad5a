/**
 * Lets the shared log not grow for ever: what every publisher that runs has
 * long since is deleted.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { SharedLog } from "./shared_log.ts";

/** Options for {@link LogTrimmer}. */
export interface LogTrimmerOptions {
  readonly log: Pick<SharedLog, "trim">;
  readonly clock: Pick<Clock, "delay">;
  /** Records that are kept at most. @default {200000} */
  readonly keptRecords?: number;
  /** Bytes of records that are kept at most. @default {268435456} */
  readonly keptBytes?: number;
}

/** Interval between trimmings. */
const INTERVAL_MS = 10_000;
/** Days of a cluster: a host that was away for longer is copied anew. */
const KEPT_RECORDS = 200_000;
/** Far below what etcd takes as a rule, 2 GiB, with what it holds until it compacts. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** Steps in which bytes and records are counted: less is not worth a request. */
const STEP_BYTES = 4 * 1024 * 1024;
const STEP_RECORDS = 1_000;

/** So many bytes end at a record. */
interface Stretch {
  readonly index: number;
  readonly bytes: number;
}

/** Counts what is in the log, whoever appends, and trims beside the active publisher. */
export class LogTrimmer {
  readonly #options: Required<LogTrimmerOptions>;
  readonly #stretches: Stretch[] = [];
  #kept = 0;
  /** Of the last stretch, which is open. */
  #bytes = 0;
  #last = 0;
  #upTo = 0;

  /** @param options See {@link LogTrimmerOptions}. */
  constructor(options: LogTrimmerOptions) {
    this.#options = {
      keptRecords: KEPT_RECORDS,
      keptBytes: KEPT_BYTES,
      ...options,
    };
  }

  /** A record is in the log: the next one. */
  note(index: number, bytes: number): void {
    this.#last = index;
    this.#bytes += bytes;
    if (this.#bytes < STEP_BYTES) return;
    this.#stretches.push({ index, bytes: this.#bytes });
    this.#kept += this.#bytes;
    this.#bytes = 0;
  }

  /**
   * Trims until aborted. What fails is done the next time.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    while (true) {
      await clock.delay(INTERVAL_MS, signal);
      const upTo = this.#tooOld();
      if (upTo <= this.#upTo) continue;
      try {
        await log.trim(upTo, signal);
        this.#upTo = upTo;
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
      }
    }
  }

  /** The last record that is one too many. */
  #tooOld(): number {
    const { keptRecords, keptBytes } = this.#options;
    const count = this.#last - keptRecords;
    let upTo = count - this.#upTo < STEP_RECORDS ? this.#upTo : count;
    while (this.#kept > keptBytes) {
      const { index = 0, bytes = 0 } = this.#stretches.shift() ?? {};
      this.#kept -= bytes;
      upTo = Math.max(upTo, index);
    }
    return upTo;
  }
}
