/**
 * A clock that moves only when a test advances it.
 *
 * @module
 */

import type { Clock } from "../../../lib/async/clock.ts";

interface Delay {
  readonly atMs: number;
  readonly end: () => void;
}

/** A clock that starts at 0, which is 2026-11-23T20:38:55Z. */
export class ManualClock implements Clock {
  readonly #startMs = Date.UTC(2026, 10, 23, 20, 38, 55);
  readonly #delays = new Set<Delay>();
  #elapsedMs = 0;
  #steppedMs = 0;

  /** Number of pending delays. */
  get delays(): number {
    return this.#delays.size;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs + this.#steppedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Sets the time of day forward or back, without elapsing time. */
  step(ms: number): void {
    this.#steppedMs += ms;
  }

  async delay(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = Promise.withResolvers<void>();
    const delay = { atMs: this.#elapsedMs + ms, end: over.resolve };
    const abort = () => over.reject(signal.reason);
    this.#delays.add(delay);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await over.promise;
    } finally {
      this.#delays.delete(delay);
      signal.removeEventListener("abort", abort);
    }
  }

  /**
   * Advances the time; every delay ends at its own time, and its code runs
   * then.
   */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + ms;
    await settled();
    while (true) {
      const due = [...this.#delays].filter(({ atMs }) => atMs <= targetMs);
      if (due.length === 0) break;
      const nextMs = Math.min(...due.map(({ atMs }) => atMs));
      this.#elapsedMs = Math.max(this.#elapsedMs, nextMs);
      for (const { atMs, end } of due) if (atMs === nextMs) end();
      await settled();
    }
    this.#elapsedMs = targetMs;
  }
}

/** Resolves once all code has run that needs no time to pass. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
