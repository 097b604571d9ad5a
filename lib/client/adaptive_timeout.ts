/**
 * A timeout for answers that grows when none came in time.
 *
 * A time-out that never changes makes a link that is slower than it useless:
 * what was asked is sent again and again, and no answer is ever in time.
 *
 * @module
 */

/** Longest wait, as a multiple of the usual one. */
const MOST = 8;

/**
 * A multiple of the usual timeout. It is doubled by a session that ended
 * without a single answer in time, and halved by one that had answers.
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
   * How long to wait now, in milliseconds.
   *
   * @param usualMs How long is waited as a rule.
   */
  of(usualMs: number): number {
    return usualMs * this.#factor;
  }

  /** Takes note of a session that ended because an answer was not in time. */
  noteTimeout({ answered }: { readonly answered: boolean }): void {
    this.#factor = answered
      ? Math.max(1, this.#factor / 2)
      : Math.min(MOST, this.#factor * 2);
  }
}
