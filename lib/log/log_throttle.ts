/**
 * Limits repeated log records, so that many equal problems don't cause many log
 * lines.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Log, LogFields, Severity } from "./log.ts";

/**
 * Maximum number of distinguished kinds in a period; all others count as one.
 */
const MAX_KINDS = 32;

/** Options for {@link LogThrottle}. */
export interface LogThrottleOptions {
  /** Maximum number of records of a kind in a period. @default {10} */
  readonly burst?: number;
  /** Length of a period in milliseconds. @default {10000} */
  readonly periodMs?: number;
  /**
   * Distinguishes kinds of records with the same event, so that many of one
   * kind don't hide another. @default {() => ""}
   */
  readonly kindOf?: (fields: LogFields) => string;
}

interface Kind {
  readonly event: string;
  passed: number;
  keptBack: number;
}

/**
 * A log that passes a limited number of records of a kind in a period, and
 * reports how many it suppressed: with the first record after the period, or at
 * `flush`.
 */
export class LogThrottle implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #periodMs: number;
  readonly #kindOf: (fields: LogFields) => string;
  readonly #kinds = new Map<string, Kind>();
  #periodEndsMs = -Infinity;

  /**
   * @param log Receives the records that pass.
   * @param clock Time.
   * @param options See {@link LogThrottleOptions}.
   */
  constructor(log: Log, clock: Clock, options: LogThrottleOptions = {}) {
    this.#log = log;
    this.#clock = clock;
    this.#burst = options.burst ?? 10;
    this.#periodMs = options.periodMs ?? 10_000;
    this.#kindOf = options.kindOf ?? (() => "");
  }

  record(severity: Severity, event: string, fields?: LogFields): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#periodEndsMs) {
      this.flush();
      this.#periodEndsMs = nowMs + this.#periodMs;
      this.#kinds.clear();
    }
    const kind = this.#kind(event, fields);
    if (kind.passed < this.#burst) {
      kind.passed++;
      this.#log.record(severity, event, fields);
    } else {
      kind.keptBack++;
    }
  }

  /** Reports how many records of each kind were suppressed, if any. */
  flush(): void {
    for (const kind of this.#kinds.values()) {
      if (kind.keptBack === 0) continue;
      this.#log.record("warning", "more of the same was not logged", {
        of: kind.event,
        records: kind.keptBack,
      });
      kind.keptBack = 0;
    }
  }

  #kind(event: string, fields: LogFields = {}): Kind {
    const name = `${event} ${this.#kindOf(fields)}`;
    const isOneOfMany = !this.#kinds.has(name) && this.#kinds.size >= MAX_KINDS;
    const key = isOneOfMany ? "" : name;
    const kind = this.#kinds.get(key) ??
      { event: isOneOfMany ? "others" : event, passed: 0, keptBack: 0 };
    this.#kinds.set(key, kind);
    return kind;
  }
}
