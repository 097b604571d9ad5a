/**
 * Lets another publisher become active at once when this one is stopped.
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
  /** Aborted when this publisher is told to stop. */
  readonly signal: AbortSignal;
  /** The term in which it is active. */
  readonly term: number;
  /** The version of the lead that it took. */
  readonly lead: number;
}

/** Longest wait of a stop for the log to record that no publisher is active. */
const HANDOVER_MS = 1_000;

/**
 * Records in the log that no publisher is active, as soon as this one is told
 * to stop and before everything else that stops with it has ended. A write that
 * is in flight then either reaches the log before, and the next publisher has
 * it, or is refused and was never acknowledged.
 *
 * If the log does not answer, the others wait as long as for a publisher that
 * died.
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

  /**
   * Hands over unless that was done; resolves when it is done or has timed out.
   */
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
