/**
 * Lets the shared log not grow for ever: what every publisher that runs has
 * long since is deleted.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { CopyStore } from "../ban/ban_store.ts";
import type { SharedLog } from "./shared_log.ts";

/** Options for {@link LogTrimmer}. */
export interface LogTrimmerOptions {
  readonly log: Pick<SharedLog, "trim">;
  readonly copy: Pick<CopyStore, "applied">;
  readonly clock: Pick<Clock, "delay">;
  /** Records that are kept. @default {200000} */
  readonly keptRecords?: number;
}

/** Interval between trimmings. */
const INTERVAL_MS = 60_000;
/** Days of a busy cluster: a host that was away for longer is copied anew. */
const KEPT_RECORDS = 200_000;
/** Less is not worth a request. */
const STEP_RECORDS = 1_000;

/** Runs beside the active publisher. */
export class LogTrimmer {
  readonly #options: Required<LogTrimmerOptions>;
  #upTo = 0;

  /** @param options See {@link LogTrimmerOptions}. */
  constructor(options: LogTrimmerOptions) {
    this.#options = { keptRecords: KEPT_RECORDS, ...options };
  }

  /**
   * Trims until aborted. What fails is done the next time.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log, copy, clock, keptRecords } = this.#options;
    while (true) {
      await clock.delay(INTERVAL_MS, signal);
      const upTo = (copy.applied?.index ?? 0) - keptRecords;
      if (upTo - this.#upTo < STEP_RECORDS) continue;
      try {
        await log.trim(upTo, signal);
        this.#upTo = upTo;
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
      }
    }
  }
}
