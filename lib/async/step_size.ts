/**
 * Chooses how many items a step processes, so that it takes a given time.
 *
 * @module
 */

/** Options for {@link StepSize}. */
export interface StepSizeOptions {
  /**
   * Target duration of a step, in milliseconds; other work waits that long.
   * @default {5}
   */
  readonly targetMs?: number;
  /** Minimum number of items in a step. @default {16} */
  readonly min?: number;
  /** Maximum number of items in a step. @default {500} */
  readonly max?: number;
}

/** The first step has this many times the minimum. */
const FIRST_FACTOR = 4;

/**
 * Adapts the size of the next step to the time that the last one took.
 *
 * @example
 * ```ts
 * import { StepSize } from "./step_size.ts";
 * import { ok } from "node:assert/strict";
 *
 * const steps = new StepSize();
 * const first = steps.size;
 * steps.note(first, 50);
 * ok(steps.size < first);
 * ```
 */
export class StepSize {
  readonly #targetMs: number;
  readonly #min: number;
  readonly #max: number;
  #size: number;

  /** @param options See {@link StepSizeOptions}. */
  constructor({ targetMs = 5, min = 16, max = 500 }: StepSizeOptions = {}) {
    this.#targetMs = targetMs;
    this.#min = min;
    this.#max = max;
    this.#size = Math.min(max, FIRST_FACTOR * min);
  }

  /** Number of items in the next step. */
  get size(): number {
    return this.#size;
  }

  /**
   * Records how long a step took.
   *
   * @param size Its number of items; a step smaller than asked for says little.
   * @param tookMs Its duration, in milliseconds.
   */
  note(size: number, tookMs: number): void {
    // Doubles or halves the size at most, because steps differ.
    const fitting = tookMs > 0 ? size * this.#targetMs / tookMs : this.#max;
    const near = Math.min(2 * this.#size, Math.max(this.#size / 2, fitting));
    if (size < this.#size && near < this.#size && tookMs < this.#targetMs) {
      return;
    }
    this.#size = Math.round(Math.min(this.#max, Math.max(this.#min, near)));
  }
}
