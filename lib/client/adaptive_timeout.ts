/**
 * A timeout for answers that grows when no answer arrives in time.
 *
 * With a fixed timeout, a link that is slower than the timeout is useless: the
 * node repeats its request again and again, and every answer comes too late.
 *
 * @module
 */

/**
 * A multiple of the usual timeout. It doubles after an attempt that timed out
 * without a single answer, and halves after one that had answers.
 *
 * @example
 * ```ts
 * import { AdaptiveTimeout } from "./adaptive_timeout.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const timeout = new AdaptiveTimeout();
 * timeout.note({ answered: false });
 * strictEqual(timeout.of(2_000), 4_000);
 * timeout.note({ answered: true });
 * strictEqual(timeout.of(2_000), 2_000);
 * ```
 */
export class AdaptiveTimeout {
  readonly #most: number;
  #factor = 1;

  /** @param most Maximum multiple of the usual timeout. @default {8} */
  constructor(most = 8) {
    this.#most = most;
  }

  /**
   * The current timeout, in milliseconds.
   *
   * @param usualMs The usual timeout, in milliseconds.
   */
  of(usualMs: number): number {
    return usualMs * this.#factor;
  }

  /**
   * Adapts to an attempt that succeeded: the timeout halves if half of it was
   * enough; a line that needed the time needs it again.
   *
   * @param usualMs The usual timeout, in milliseconds.
   * @param tookMs Time that the attempt took, in milliseconds.
   */
  noteSuccess(usualMs: number, tookMs: number): void {
    if (tookMs < this.of(usualMs) / 2) this.note({ answered: true });
  }

  /** Adapts to an attempt: whether it had an answer before it ended. */
  note({ answered }: { readonly answered: boolean }): void {
    this.#factor = answered
      ? Math.max(1, this.#factor / 2)
      : Math.min(this.#most, this.#factor * 2);
  }
}
