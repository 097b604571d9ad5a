/**
 * Notices a log that is silent for longer than ever before.
 *
 * @module
 */

/** Remembered silences. */
const KNOWN_GAPS = 64;
/** With fewer silences the log's habit is not known. */
const LEAST_GAPS = 16;
/** Lines that follow faster count as one. */
const LEAST_GAP_MS = 1_000;
/** A silence this many times the longest one is unusual. */
const FACTOR = 4;
/** A shorter silence is never unusual. */
const LEAST_SILENCE_MS = 3_600_000;

/**
 * Knows a log's usual silences.
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

  /** Notes that lines were read. @param nowMs By a monotonic clock. */
  noteRead(nowMs: number): void {
    const gapMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (gapMs < LEAST_GAP_MS) return;
    this.#gaps.push(gapMs);
    if (this.#gaps.length > KNOWN_GAPS) this.#gaps.shift();
  }

  /**
   * Length of the current silence, in milliseconds; `undefined`: it is not
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
