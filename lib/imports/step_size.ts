/**
 * How much is done in a step, so that it takes a certain time.
 *
 * @module
 */

/** What a step is to take, in milliseconds: others wait as long. */
const TARGET_MS = 5;
const MIN_SIZE = 16;
const MAX_SIZE = 500;

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
  #size = 64;

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
    const fitting = tookMs > 0 ? size * TARGET_MS / tookMs : MAX_SIZE;
    const near = Math.min(2 * this.#size, Math.max(this.#size / 2, fitting));
    if (size < this.#size && near < this.#size && tookMs < TARGET_MS) return;
    this.#size = Math.round(Math.min(MAX_SIZE, Math.max(MIN_SIZE, near)));
  }
}
