/**
 * The time of day as it goes on from a program's start, whatever is done to
 * the system's clock meanwhile.
 *
 * The system's clock may be set: by hand, by NTP, after a restart of a virtual
 * machine. A table of ends that went by it would end bans early, or keep them
 * for ever. Ends are kept in steady time, therefore; what comes from elsewhere
 * in the system's time (fail2ban's lists, the ledger's rows, a ban's end as
 * the cluster tells it) is converted when it comes in or goes out. Time for
 * which the machine sleeps counts as none.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/**
 * A {@link Clock} whose time of day never jumps.
 *
 * @example
 * ```ts
 * import { SteadyClock } from "./steady_clock.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * let wallMs = 1_000_000;
 * let monotonicMs = 0;
 * const clock = new SteadyClock({
 *   nowMs: () => wallMs,
 *   monotonicMs: () => monotonicMs,
 *   delay: () => Promise.resolve(),
 * });
 * monotonicMs += 5_000;
 * wallMs += 7_205_000; // five seconds passed, and somebody set the clock
 * strictEqual(clock.nowMs(), 1_005_000);
 * strictEqual(clock.toWall(1_005_000), 8_205_000);
 * strictEqual(clock.toSteady(8_205_000), 1_005_000);
 * ```
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #startMonotonicMs: number;

  /**
   * Makes a clock that goes on from what the system's says now.
   *
   * @param clock The system's.
   * @param aheadMs How far that is ahead of this one now, in milliseconds.
   */
  constructor(clock: Clock, aheadMs = 0) {
    this.#clock = clock;
    this.#startMs = clock.nowMs() - aheadMs;
    this.#startMonotonicMs = clock.monotonicMs();
  }

  /** Milliseconds since 1970, as the system's clock had it at the start (but for `aheadMs`), and steady since. */
  nowMs(): number {
    return this.#startMs + this.monotonicMs() - this.#startMonotonicMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  delay(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.delay(ms, signal);
  }

  /** The system's time now, in milliseconds since 1970. It may jump. */
  wallMs(): number {
    return this.#clock.nowMs();
  }

  /** How far the system's clock is ahead of this one now, in milliseconds. */
  get aheadMs(): number {
    return this.wallMs() - this.nowMs();
  }

  /** The system's time at a steady time, as the two stand to each other now; `Infinity` stays. */
  toWall(steadyMs: number): number {
    return steadyMs + this.aheadMs;
  }

  /** The steady time at a time of the system's; `Infinity` stays. */
  toSteady(wallMs: number): number {
    return wallMs - this.aheadMs;
  }
}
