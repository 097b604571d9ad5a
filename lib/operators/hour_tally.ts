/**
 * Counts the events of the last hour.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MINUTES = HOUR_MS / MINUTE_MS;

/** The counts of one minute. */
interface Minute {
  /** Its number since the tally's start. */
  readonly number: number;
  readonly counts: Map<string, number>;
}

/**
 * Counts events by kind in buckets of a minute, so the counts cover an hour and
 * up to a minute more. Suits only a small number of kinds.
 *
 * @example
 * ```ts
 * import { HourTally } from "./hour_tally.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * let nowMs = 0;
 * const tally = new HourTally({ monotonicMs: () => nowMs });
 * tally.note("ended", 2);
 * nowMs = 3_000_000;
 * tally.note("ended");
 * deepStrictEqual([...tally.counts()], [["ended", 3]]);
 * nowMs = 4_000_000;
 * deepStrictEqual([...tally.counts()], [["ended", 1]]);
 * ```
 */
export class HourTally {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #startMs: number;
  readonly #minutes: Minute[] = [];

  /** @param clock Time; counting starts now. */
  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** The time that the counts cover, in milliseconds: at most an hour. */
  get spanMs(): number {
    return Math.min(HOUR_MS, Math.round(this.#elapsedMs()));
  }

  /** Counts events of a kind. */
  note(kind: string, count = 1): void {
    if (count === 0) return;
    const { counts } = this.#current();
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  }

  /** The number of events of each kind. */
  counts(): ReadonlyMap<string, number> {
    this.#forget();
    const sums = new Map<string, number>();
    for (const { counts } of this.#minutes) {
      for (const [kind, count] of counts) {
        sums.set(kind, (sums.get(kind) ?? 0) + count);
      }
    }
    return sums;
  }

  #current(): Minute {
    const last = this.#minutes.at(-1);
    const number = this.#minuteNow();
    if (last?.number === number) return last;
    const minute = { number, counts: new Map<string, number>() };
    this.#minutes.push(minute);
    this.#forget();
    return minute;
  }

  #forget(): void {
    const first = this.#minuteNow() - MINUTES;
    while ((this.#minutes[0]?.number ?? first) < first) this.#minutes.shift();
  }

  #minuteNow(): number {
    return Math.floor(this.#elapsedMs() / MINUTE_MS);
  }

  #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs;
  }
}
