/**
 * Notices a log that says nothing for longer than it ever did.
 *
 * @module
 */

/** Silences that are remembered. */
const KNOWN_GAPS = 64;
/** With fewer nothing is known of a log's habit. */
const LEAST_GAPS = 16;
/** Lines that follow each other faster are one. */
const LEAST_GAP_MS = 1_000;
/** So many times its longest silence is against its habit. */
const FACTOR = 4;
/** A shorter silence is nothing to tell. */
const LEAST_SILENCE_MS = 3_600_000;

/**
 * Knows how long a log is silent now and then.
 *
 * @example
 * ```ts
 * import { LogHabit } from "./log_habit.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const habit = new LogHabit();
 * for (let minute = 0; minute <= 20; minute++) habit.noteRead(minute * 60_000);
 * const lastMs = 20 * 60_000;
 * strictEqual(habit.silentMs(lastMs + 1_800_000), undefined);
 * strictEqual(habit.silentMs(lastMs + 3_600_000), 3_600_000);
 * ```
 */
export class LogHabit {
  readonly #gaps: number[] = [];
  #lastMs: number | undefined;

  /** Lines were read. @param nowMs By a monotonic clock. */
  noteRead(nowMs: number): void {
    const gapMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (gapMs < LEAST_GAP_MS) return;
    this.#gaps.push(gapMs);
    if (this.#gaps.length > KNOWN_GAPS) this.#gaps.shift();
  }

  /**
   * How long nothing was read, in milliseconds; `undefined`: that is nothing
   * unusual, as far as is known.
   */
  silentMs(nowMs: number): number | undefined {
    if (this.#lastMs === undefined || this.#gaps.length < LEAST_GAPS) {
      return undefined;
    }
    const silentMs = nowMs - this.#lastMs;
    const usualMs = FACTOR * Math.max(...this.#gaps);
    return silentMs >= Math.max(LEAST_SILENCE_MS, usualMs)
      ? silentMs
      : undefined;
  }
}
