/**
 * Has a publisher look as soon as the lead is another's, or nobody's, and not
 * only when its next look is due.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { SharedLog } from "./shared_log.ts";

/** Options for {@link LeadWatch}. */
export interface LeadWatchOptions {
  readonly log: Pick<SharedLog, "watchLead">;
  readonly clock: Pick<Clock, "delay">;
}

/** Nothing tells of a watch over a connection that is dead, so it is begun anew. */
const RENEWAL_MS = 60_000;
/** Pause before the next watch. */
const RETRY_MS = 200;

/**
 * Watches the lead. That is a hint and nothing more: what is so is seen by
 * looking, which goes on where nothing is heard.
 */
export class LeadWatch {
  readonly #options: LeadWatchOptions;
  readonly #changed = new Condition();
  #hasChanged = false;

  /** @param options See {@link LeadWatchOptions}. */
  constructor(options: LeadWatchOptions) {
    this.#options = options;
  }

  /** The lead is looked at now: what changes from here on ends the next pause. */
  noteLook(): void {
    this.#hasChanged = false;
  }

  /** Waits, in milliseconds; not as long where the lead has changed since it was looked at. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await inTime(this.#options.clock, ms, signal, async (ended) => {
      while (!this.#hasChanged) await this.#changed.wait(ended);
    });
  }

  /** Watches until aborted; the promise then rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    const onChange = () => {
      this.#hasChanged = true;
      this.#changed.notify();
    };
    while (true) {
      try {
        await inTime(
          clock,
          RENEWAL_MS,
          signal,
          (ended) => log.watchLead(onChange, ended),
        );
      } catch (error) {
        // How the log is, is told by whoever looks.
        if (!(error instanceof RuntimeError)) throw error;
      }
      await clock.delay(RETRY_MS, signal);
    }
  }
}
