/**
 * Lets another publisher be the active one at once, when this one is told to
 * end.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { inTime } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { SharedLog } from "./shared_log.ts";

/** Options for {@link Handover}. */
export interface HandoverOptions {
  readonly log: Pick<SharedLog, "passOn">;
  readonly clock: Pick<Clock, "delay">;
  /** Tells this publisher to end. */
  readonly signal: AbortSignal;
  /** The term in which it is active. */
  readonly term: number;
  /** The version of the lead that it took. */
  readonly lead: number;
}

/** How long an end waits for the log to take that nobody is active. */
const HANDOVER_MS = 1_000;

/**
 * Says in the log that nobody is active: as soon as this publisher is told to
 * end, and before all else that ends with it has ended. What it has on its way
 * into the log then is there before, and the next one has it, or is refused, and
 * was not acknowledged.
 *
 * A log that does not answer costs the others the wait that they have for a
 * publisher that died.
 */
export class Handover implements AsyncDisposable {
  readonly #options: HandoverOptions;
  readonly #begin = () => void this.done();
  #done: Promise<void> | undefined;

  /** @param options See {@link HandoverOptions}. */
  constructor(options: HandoverOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#begin, { once: true });
  }

  /** Hands over now, where that was not done; resolves when it is, or was tried for long. */
  done(): Promise<void> {
    return this.#done ??= this.#passOn();
  }

  async #passOn(): Promise<void> {
    const { log, clock, term, lead } = this.#options;
    const { signal: never } = new AbortController();
    try {
      await inTime(clock, HANDOVER_MS, never, async (signal) => {
        await log.passOn({ term, holder: undefined }, { lead }, signal);
      });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#begin);
    await this.#done;
  }
}
