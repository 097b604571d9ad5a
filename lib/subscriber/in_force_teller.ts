/**
 * Sends the publisher receipts of the bans in force, at the publisher's pace.
 *
 * @module
 */

import type { SteadyClock } from "../async/steady_clock.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Pause between two parts, to leave room for receipts of updates. */
const TELL_INTERVAL_MS = 1_000;
/** Pause between two parts of receipts that found no room before. */
const UNTOLD_INTERVAL_MS = 100;
/** Receipts that may wait when the next part is sent: a fifth of the queue. */
const MAX_WAITING = 4_000;

/** Options for {@link InForceTeller}. */
export interface InForceTellerOptions {
  /** The actions; each sends a part per step. */
  readonly actions: readonly {
    tellInForce(): Generator<void, void, undefined>;
    /** Sends some that found no room. @returns Whether there are more. */
    tellUntold(): boolean;
  }[];
  /** The queue of receipts for the publisher; only its size is used. */
  readonly receipts: { readonly size: number };
  /** Paces the parts. */
  readonly clock: Pick<SteadyClock, "delay">;
}

/**
 * Sends a part once the publisher has taken most of the earlier receipts, so
 * that none is dropped.
 */
export class InForceTeller {
  readonly #options: InForceTellerOptions;
  /** Number of requests so far. */
  #tellings = 0;
  readonly #toTell = new Condition();

  /** @param options See {@link InForceTellerOptions}. */
  constructor(options: InForceTellerOptions) {
    this.#options = options;
  }

  /** Requests receipts of all bans in force, after any round under way. */
  tell(): void {
    this.#tellings++;
    this.#toTell.notify();
  }

  /**
   * Sends requested receipts, and those that found no room, until aborted.
   *
   * @param signal Stops it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#tellInForce(group),
      (group) => this.#tellUntold(group),
    ]);
  }

  async #tellUntold(signal: AbortSignal): Promise<never> {
    const { actions, receipts, clock } = this.#options;
    let isMore = false;
    while (true) {
      const pauseMs = isMore ? UNTOLD_INTERVAL_MS : TELL_INTERVAL_MS;
      await clock.delay(pauseMs, signal);
      if (receipts.size > MAX_WAITING) continue;
      isMore = false;
      for (const action of actions) isMore = action.tellUntold() || isMore;
    }
  }

  async #tellInForce(signal: AbortSignal): Promise<never> {
    const { actions, receipts, clock } = this.#options;
    let told = 0;
    while (true) {
      while (told === this.#tellings) await this.#toTell.wait(signal);
      told = this.#tellings;
      for (const action of actions) {
        for (const _part of action.tellInForce()) {
          do {
            await clock.delay(TELL_INTERVAL_MS, signal);
          } while (receipts.size > MAX_WAITING);
        }
      }
    }
  }
}
