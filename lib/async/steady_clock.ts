/**
 * The time of day, counted on steadily from the start of the program, however
 * the system's clock is set meanwhile.
 *
 * The system's clock may be set by hand, by NTP, or after a virtual machine
 * resumes. A table of expiry times on that clock would end bans early, or keep
 * them forever. Expiry times are therefore kept in steady time. Times from
 * elsewhere (fail2ban's lists, the ledger's rows, the cluster's expiry times)
 * are in the system's time; they are converted on the way in and out. The time
 * in which the machine sleeps does not count.
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
   * Creates a clock that starts at the system's current time.
   *
   * @param clock The system's clock.
   * @param aheadMs How far the system's clock is ahead of this one now, in
   * milliseconds.
   */
  constructor(clock: Clock, aheadMs = 0) {
    this.#clock = clock;
    this.#startMs = clock.nowMs() - aheadMs;
    this.#startMonotonicMs = clock.monotonicMs();
  }

  /**
   * Milliseconds since 1970: the system's time at the start (less `aheadMs`),
   * and steady since.
   */
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

  /**
   * Converts steady time to the system's, by their current difference;
   * `Infinity` stays.
   */
  toWall(steadyMs: number): number {
    return steadyMs + this.aheadMs;
  }

  /** Converts the system's time to steady time; `Infinity` stays. */
  toSteady(wallMs: number): number {
    return wallMs - this.aheadMs;
  }
}
