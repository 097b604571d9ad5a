/**
 * Tells a publisher at once that the lead has changed, so that it need not wait
 * for its next look at the log.
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

/** Age at which a watch is replaced: its connection may be dead without notice. */
const RENEWAL_MS = 60_000;
/** Pause between two watches. */
const RETRY_MS = 200;

/**
 * Watches the lead. A change is only a hint to look at the log; regular looks
 * go on without it.
 */
export class LeadWatch {
  readonly #options: LeadWatchOptions;
  readonly #changed = new Condition();
  #hasChanged = false;

  /** @param options See {@link LeadWatchOptions}. */
  constructor(options: LeadWatchOptions) {
    this.#options = options;
  }

  /** Records a look at the log: only a later change ends the next pause. */
  noteLook(): void {
    this.#hasChanged = false;
  }

  /** Waits for some milliseconds, or until the lead changes after the last look. */
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
        // The looks report that the log does not answer.
        if (!(error instanceof RuntimeError)) throw error;
      }
      await clock.delay(RETRY_MS, signal);
    }
  }
}
