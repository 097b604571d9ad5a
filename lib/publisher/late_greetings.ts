/**
 * Keeps nodes that say HELLO to a publisher that can't tell now whether it is
 * the active one: it answers them once it can.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition } from "../async/tasks.ts";

/** Options for {@link LateGreetings}. */
export interface LateGreetingsOptions {
  readonly clock: Pick<Clock, "delay" | "monotonicMs">;
  /** Whether whoever says HELLO is answered now. */
  readonly mayGreet: () => boolean;
}

/** Interval between looks whether nodes may be answered. */
const LOOK_MS = 50;
/** How long a node waits for its answer; then it says HELLO over another connection. */
const PATIENCE_MS = 2_000;
/** Nodes that are kept at most; those above say HELLO again. */
const WAITING_LIMIT = 10_000;

/** Has nodes wait for their answer. */
export class LateGreetings {
  readonly #options: LateGreetingsOptions;
  readonly #changed = new Condition();
  readonly #waiting = new Map<
    string,
    { readonly greet: () => void; readonly sinceMs: number }
  >();

  /** @param options See {@link LateGreetingsOptions}. */
  constructor(options: LateGreetingsOptions) {
    this.#options = options;
  }

  /**
   * Greets now, or once that may be.
   *
   * @param route Where the node is; what it said before counts no longer.
   * @param greet Answers it.
   */
  greet(route: string, greet: () => void): void {
    this.#waiting.delete(route);
    if (this.#options.mayGreet()) return greet();
    if (this.#waiting.size >= WAITING_LIMIT) return;
    const sinceMs = this.#options.clock.monotonicMs();
    this.#waiting.set(route, { greet, sinceMs });
    this.#changed.notify();
  }

  /** Answers those that wait until aborted; the promise then rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, mayGreet } = this.#options;
    while (true) {
      while (this.#waiting.size === 0) await this.#changed.wait(signal);
      await clock.delay(LOOK_MS, signal);
      const sinceMs = clock.monotonicMs() - PATIENCE_MS;
      const mayNow = mayGreet();
      for (const [route, waiting] of this.#waiting) {
        const isGone = waiting.sinceMs <= sinceMs;
        if (isGone || mayNow) this.#waiting.delete(route);
        if (mayNow && !isGone) waiting.greet();
      }
    }
  }
}
