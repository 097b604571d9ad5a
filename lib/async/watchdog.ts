/**
 * Detects that something expected has not happened for too long.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { Condition } from "./tasks.ts";

/**
 * An idle timer. {@link Watchdog.feed} restarts it; {@link Watchdog.stop} stops
 * it until the next `feed`. A new watchdog is stopped.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { Watchdog } from "./watchdog.ts";
 *
 * let nowMs = 0;
 * const watchdog = new Watchdog({
 *   monotonicMs: () => nowMs,
 *   delay: (ms) => Promise.resolve(void (nowMs += ms)),
 * });
 * watchdog.feed();
 * await watchdog.expired(2_000, new AbortController().signal);
 * strictEqual(nowMs, 2_000);
 * ```
 */
export class Watchdog {
  readonly #clock: Pick<Clock, "monotonicMs" | "delay">;
  readonly #started = new Condition();
  /** `undefined` while it is stopped. */
  #fedAtMs: number | undefined;

  /** @param clock Measures the time. */
  constructor(clock: Pick<Clock, "monotonicMs" | "delay">) {
    this.#clock = clock;
  }

  /**
   * Restarts the timer: the expected event happened, or is expected from now
   * on.
   */
  feed(): void {
    const isStopped = this.#fedAtMs === undefined;
    this.#fedAtMs = this.#clock.monotonicMs();
    if (isStopped) this.#started.notify();
  }

  /** Stops the timer: nothing is expected. */
  stop(): void {
    this.#fedAtMs = undefined;
  }

  /**
   * Resolves once it has not been fed for `timeoutMs`; never while it is
   * stopped.
   *
   * @param timeoutMs The timeout, in milliseconds.
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  async expired(timeoutMs: number, signal: AbortSignal): Promise<void> {
    while (true) {
      if (this.#fedAtMs === undefined) {
        await this.#started.wait(signal);
        continue;
      }
      const restMs = this.#fedAtMs + timeoutMs - this.#clock.monotonicMs();
      if (restMs <= 0) return;
      await this.#clock.delay(restMs, signal);
    }
  }
}
