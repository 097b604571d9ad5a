/**
 * How much is done in a step, so that it takes a certain time.
 *
 * @module
 */

/** Options for {@link StepSize}. */
export interface StepSizeOptions {
  /** What a step is to take, in milliseconds: others wait as long. @default {5} */
  readonly targetMs?: number;
  /** The least a step may have. @default {16} */
  readonly min?: number;
  /** The most. @default {500} */
  readonly max?: number;
}

/** How many times the least the first step has. */
const FIRST_FACTOR = 4;

/**
 * Learns from each step how large the next may be.
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

  /** How much the next step has. */
  get size(): number {
    return this.#size;
  }

  /**
   * Hears of a step.
   *
   * @param size How much it had; of a short one little is learnt.
   * @param tookMs What it took, in milliseconds.
   */
  note(size: number, tookMs: number): void {
    // At most doubled or halved: one step is not like the next.
    const fitting = tookMs > 0 ? size * this.#targetMs / tookMs : this.#max;
    const near = Math.min(2 * this.#size, Math.max(this.#size / 2, fitting));
    if (size < this.#size && near < this.#size && tookMs < this.#targetMs) {
      return;
    }
    this.#size = Math.round(Math.min(this.#max, Math.max(this.#min, near)));
  }
}
