/**
 * Tells the publisher how this program is: at the beginning of a session, every
 * 30 seconds, when something changes, and when it is asked.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";

/** Options for {@link StateTeller}. */
export interface StateTellerOptions {
  /** How the program is now. */
  readonly condition: () => NodeCondition;
  readonly clock: Clock;
  /** Longest time between two. @default {30000} */
  readonly everyMs?: number;
  /** Interval between looks for what changed: the shortest time between two that are not asked for. @default {5000} */
  readonly lookMs?: number;
}

/** Tells how the program is, in one session after the other. */
export class StateTeller {
  readonly #options: Required<StateTellerOptions>;
  readonly #asked = new Condition();
  #isAsked = false;

  /** @param options See {@link StateTellerOptions}. */
  constructor(options: StateTellerOptions) {
    this.#options = { everyMs: 30_000, lookMs: 5_000, ...options };
  }

  /** The publisher wants to know. */
  ask(): void {
    this.#isAsked = true;
    this.#asked.notify();
  }

  /**
   * Tells until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @param tell Sends it.
   */
  async run(
    signal: AbortSignal,
    tell: (condition: NodeCondition) => Promise<void>,
  ): Promise<void> {
    const { condition, clock, everyMs } = this.#options;
    while (true) {
      const now = condition();
      this.#isAsked = false;
      await tell(now);
      const said = substance(now);
      const dueMs = clock.monotonicMs() + everyMs;
      while (!this.#isAsked && clock.monotonicMs() < dueMs) {
        await this.#pause(signal);
        if (substance(condition()) !== said) break;
      }
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, lookMs } = this.#options;
    await runTogether(signal, [
      (group) => this.#asked.wait(group),
      (group) => clock.delay(lookMs, group),
    ]);
    signal.throwIfAborted();
  }
}

/** What is told at once when it changes; what only goes on with time is not. */
function substance(condition: NodeCondition): string {
  switch (condition.kind) {
    case "monitor":
      return String(condition.unacknowledged > 0);
    case "subscriber": {
      const { epoch, isFollowing, actions } = condition;
      return JSON.stringify([epoch, isFollowing, actions]);
    }
  }
}
