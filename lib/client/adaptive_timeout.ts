/**
 * A timeout for answers that grows when no answer arrives in time.
 *
 * With a fixed timeout, a link that is slower than the timeout is useless: the
 * node repeats its request again and again, and every answer comes too late.
 *
 * @module
 */

/** Maximum multiple of the usual timeout. */
const MOST = 8;

/**
 * A multiple of the usual timeout. It doubles after a session that timed out
 * without a single answer, and halves after one that had answers.
 *
 * @example
 * ```ts
 * import { AdaptiveTimeout } from "./adaptive_timeout.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const timeout = new AdaptiveTimeout();
 * timeout.noteTimeout({ answered: false });
 * strictEqual(timeout.of(2_000), 4_000);
 * timeout.noteTimeout({ answered: true });
 * strictEqual(timeout.of(2_000), 2_000);
 * ```
 */
export class AdaptiveTimeout {
  #factor = 1;

  /**
   * The current timeout, in milliseconds.
   *
   * @param usualMs The usual timeout, in milliseconds.
   */
  of(usualMs: number): number {
    return usualMs * this.#factor;
  }

  /** Adapts to a session that ended because an answer was late. */
  noteTimeout({ answered }: { readonly answered: boolean }): void {
    this.#factor = answered
      ? Math.max(1, this.#factor / 2)
      : Math.min(MOST, this.#factor * 2);
  }
}
