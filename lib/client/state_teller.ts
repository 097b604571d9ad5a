/**
 * Reports this program's condition to the publisher: at the beginning of a
 * session, every 30 seconds, after a change, and on request.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { PRESENCE_PACE, type PresencePace } from "../wire/presence_pace.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";

/** Options for {@link StateTeller}. */
export interface StateTellerOptions {
  /** Returns the program's current condition. */
  readonly condition: () => NodeCondition;
  readonly clock: Clock;
  /** Intervals of the reports. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
}

/** Reports the program's condition, in one session after the other. */
export class StateTeller {
  readonly #options: Required<StateTellerOptions>;
  readonly #asked = new Condition();
  #isAsked = false;

  /** @param options See {@link StateTellerOptions}. */
  constructor(options: StateTellerOptions) {
    this.#options = { pace: PRESENCE_PACE, ...options };
  }

  /** Records that the publisher requests a report. */
  ask(): void {
    this.#isAsked = true;
    this.#asked.notify();
  }

  /**
   * Reports until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @param tell Sends a report.
   */
  async run(
    signal: AbortSignal,
    tell: (condition: NodeCondition) => Promise<void>,
  ): Promise<void> {
    const { condition, clock, pace: { everyMs } } = this.#options;
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
    const { clock, pace: { lookMs } } = this.#options;
    await runTogether(signal, [
      (group) => this.#asked.wait(group),
      (group) => clock.delay(lookMs, group),
    ]);
    signal.throwIfAborted();
  }
}

/**
 * The part whose changes are reported at once; steadily changing figures are
 * not in it.
 */
function substance(condition: NodeCondition): string {
  switch (condition.kind) {
    case "monitor":
      return String(condition.unacknowledged > 0);
    case "subscriber": {
      const { epoch, isFollowing, actions, observed } = condition;
      return JSON.stringify([epoch, isFollowing, actions, observed]);
    }
  }
}
