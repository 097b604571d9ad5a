/**
 * The system's time.
 *
 * @module
 */

import type { Clock } from "../clock.ts";

/** The longest delay of a timer in Deno, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The {@link Clock} of the system. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  async delay(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = Promise.withResolvers<void>();
    const abort = () => over.reject(signal.reason);
    const timerMs = Math.min(Math.max(ms, 0), MAX_TIMER_MS);
    const timer = setTimeout(over.resolve, timerMs);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await over.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
}
