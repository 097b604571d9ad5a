/**
 * Keeps a flood of the same complaint from becoming a flood of log lines.
 *
 * @module
 */

import type { Clock, Log, LogFields, Severity } from "./ports.ts";

/** How much is let through. */
export interface LogThrottleOptions {
  /** Records let through in each period. @default {10} */
  readonly burst?: number;
  /** Length of a period in milliseconds. @default {10000} */
  readonly periodMs?: number;
}

/**
 * A log that lets only so many records through in a period, and says how many
 * it kept back: with the first record after the period, or at `flush`.
 */
export class LogThrottle implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #periodMs: number;
  #periodEndsMs = -Infinity;
  #passed = 0;
  #keptBack = 0;

  /**
   * @param log Where the records go.
   * @param clock Time.
   * @param options How much is let through.
   */
  constructor(log: Log, clock: Clock, options: LogThrottleOptions = {}) {
    this.#log = log;
    this.#clock = clock;
    this.#burst = options.burst ?? 10;
    this.#periodMs = options.periodMs ?? 10_000;
  }

  record(severity: Severity, event: string, fields?: LogFields): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#periodEndsMs) {
      this.flush();
      this.#periodEndsMs = nowMs + this.#periodMs;
      this.#passed = 0;
    }
    if (this.#passed < this.#burst) {
      this.#passed++;
      this.#log.record(severity, event, fields);
    } else {
      this.#keptBack++;
    }
  }

  /** Says how many records were kept back, if any. */
  flush(): void {
    if (this.#keptBack === 0) return;
    this.#log.record("warning", "more of the same was not logged", {
      records: this.#keptBack,
    });
    this.#keptBack = 0;
  }
}
