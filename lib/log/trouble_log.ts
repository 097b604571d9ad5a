/**
 * Logs trouble once, however often something is retried.
 *
 * @module
 */

import { LogThrottle } from "./log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log, LogFields } from "./log.ts";

/** Options for {@link TroubleLog}. */
export interface TroubleLogOptions {
  /** Receives log records. */
  readonly log: Log;
  readonly clock: Clock;
  /** Event of the records that report trouble. */
  readonly trouble: string;
  /** Event of the record that reports its end. */
  readonly over: string;
  /** Fields of all these records. */
  readonly fields?: LogFields;
}

/**
 * Maximum number of remembered reasons; the throttle limits records of others.
 */
const MAX_REASONS = 100;

/** Logs each reason once until the trouble has ended, and then its end. */
export class TroubleLog {
  readonly #options: TroubleLogOptions;
  readonly #throttle: LogThrottle;
  readonly #reported = new Set<string>();

  /** @param options See {@link TroubleLogOptions}. */
  constructor(options: TroubleLogOptions) {
    this.#options = options;
    this.#throttle = new LogThrottle(options.log, options.clock);
  }

  /**
   * Reports trouble.
   *
   * @param reason The reason in one sentence; the same words for the same
   * cause.
   * @param details Fields of this occurrence only.
   */
  report(reason: string, details: LogFields = {}): void {
    if (this.#reported.has(reason)) return;
    if (this.#reported.size < MAX_REASONS) this.#reported.add(reason);
    const { trouble, fields } = this.#options;
    this.#throttle.record("error", trouble, { ...fields, reason, ...details });
  }

  /** Reports the end of the trouble, if any was reported. */
  resolve(): void {
    if (this.#reported.size === 0) return;
    this.#reported.clear();
    this.#throttle.flush();
    const { log, over, fields } = this.#options;
    log.record("notice", over, fields);
  }

  /** Logs how many records were suppressed, if any. */
  flush(): void {
    this.#throttle.flush();
  }
}
