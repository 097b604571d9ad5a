/**
 * Keeps a flood of the same complaint from becoming a flood of log lines.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Log, LogFields, Severity } from "./log.ts";

/** Kinds that are told apart in a period; the others count as one. */
const MAX_KINDS = 32;

/** How much is let through. */
export interface LogThrottleOptions {
  /** Records of a kind let through in each period. @default {10} */
  readonly burst?: number;
  /** Length of a period in milliseconds. @default {10000} */
  readonly periodMs?: number;
  /**
   * What the records of a kind have in common beside the event, so that a
   * flood of one kind hides no other. @default {() => ""}
   */
  readonly kindOf?: (fields: LogFields) => string;
}

interface Kind {
  readonly event: string;
  passed: number;
  keptBack: number;
}

/**
 * A log that lets only so many records of a kind through in a period, and says
 * how many it kept back: with the first record after the period, or at `flush`.
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
   * @param log Where the records go.
   * @param clock Time.
   * @param options How much is let through.
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

  /** Says how many records of each kind were kept back, if any. */
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
