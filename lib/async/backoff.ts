/**
 * Pauses between attempts that fail.
 *
 * @module
 */

/** Options for {@link Backoff}. */
export interface BackoffOptions {
  /** First pause, in milliseconds. */
  readonly firstPauseMs: number;
  /** Longest pause after the first, in milliseconds. */
  readonly maxPauseMs: number;
}

/**
 * Exponential back-off: each pause is twice as long as the one before, up to
 * the longest.
 *
 * @example
 * ```ts
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 * import { Backoff } from "./backoff.ts";
 *
 * const backoff = new Backoff({ firstPauseMs: 100, maxPauseMs: 300 });
 * deepStrictEqual([backoff.next(), backoff.next(), backoff.next()], [100, 200, 300]);
 * backoff.reset();
 * strictEqual(backoff.next(), 100);
 * ```
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  /** @param options First and longest pause. */
  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.firstPauseMs;
  }

  /** The pause before the next attempt, in milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(2 * pauseMs, this.#options.maxPauseMs);
    return pauseMs;
  }

  /** Starts again with the first pause: an attempt succeeded. */
  reset(): void {
    this.#nextMs = this.#options.firstPauseMs;
  }
}
