/**
 * Keeps the shared log from growing without limit: deletes records that every
 * running publisher has had for long.
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
  /** Maximum number of kept records. @default {200000} */
  readonly keptRecords?: number;
  /** Maximum total size of kept records, in bytes. @default {268435456} */
  readonly keptBytes?: number;
}

/** Interval between deletions. */
const INTERVAL_MS = 10_000;
/**
 * Days of a cluster's records: a host that was away for longer needs a new
 * copy.
 */
const KEPT_RECORDS = 200_000;
/**
 * Far below etcd's usual limit of 2 GiB, including what etcd holds until it
 * compacts.
 */
const KEPT_BYTES = 256 * 1024 * 1024;
/** Granularity of counting and deleting: less is not worth a request. */
const STEP_BYTES = 4 * 1024 * 1024;
const STEP_RECORDS = 1_000;

/** A stretch of records: the index of its last one, and its size. */
interface Stretch {
  readonly index: number;
  readonly bytes: number;
}

/**
 * Counts the records of all writers, and deletes old ones for the active
 * publisher.
 */
export class LogTrimmer {
  readonly #options: Required<LogTrimmerOptions>;
  readonly #stretches: Stretch[] = [];
  #kept = 0;
  /** Size of the last stretch, which is not complete. */
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

  /** Records the log's next record. */
  note(index: number, bytes: number): void {
    this.#last = index;
    this.#bytes += bytes;
    if (this.#bytes < STEP_BYTES) return;
    this.#stretches.push({ index, bytes: this.#bytes });
    this.#kept += this.#bytes;
    this.#bytes = 0;
  }

  /**
   * Trims until aborted. A failed deletion is repeated at the next interval.
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

  /** The last record that exceeds a limit. */
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
