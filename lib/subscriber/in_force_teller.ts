/**
 * Tells the publisher what is in force, at the pace at which it takes it.
 *
 * @module
 */

import type { SteadyClock } from "../async/steady_clock.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Pause between two parts, so that receipts of news have room. */
const TELL_INTERVAL_MS = 1_000;
/** Pause between two parts of what there was no room for. */
const UNTOLD_INTERVAL_MS = 100;
/** Receipts that may wait when the next part is told; a fifth of what the queue holds. */
const MAX_WAITING = 4_000;

/** Options for telling what is in force. */
export interface InForceTellerOptions {
  /** Those that tell, a part at each step. */
  readonly actions: readonly {
    tellInForce(): Generator<void, void, undefined>;
    /** Tells some of what there was no room for. @returns Whether there is more. */
    tellUntold(): boolean;
  }[];
  /** Where the parts wait for the publisher; only its length is asked for. */
  readonly receipts: { readonly size: number };
  /** Paces the parts. */
  readonly clock: Pick<SteadyClock, "delay">;
}

/** A part is told when the publisher has taken most of those before: none is dropped for it. */
export class InForceTeller {
  readonly #options: InForceTellerOptions;
  /** How often all is to be told. */
  #tellings = 0;
  readonly #toTell = new Condition();

  /** @param options Who tells, and at what pace. */
  constructor(options: InForceTellerOptions) {
    this.#options = options;
  }

  /** Has all that is in force told, after what is being told now. */
  tell(): void {
    this.#tellings++;
    this.#toTell.notify();
  }

  /**
   * Tells what is asked for, and what there was no room for, until aborted.
   *
   * @param signal Ends it; the promise then resolves.
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
