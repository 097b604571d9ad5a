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
  readonly log: Pick<SharedLog, "passOn" | "look">;
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
/** How long nodes are kept where nobody becomes the active one; longer than a standby takes to see that. */
const NEXT_MS = 500;
/** Interval between looks for the next one. */
const LOOK_MS = 20;

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
  #done: Promise<boolean> | undefined;

  /** @param options See {@link HandoverOptions}. */
  constructor(options: HandoverOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#begin, { once: true });
  }

  /** Hands over now, where that was not done; resolves when it is, or was tried for long. @returns Whether the log answered. */
  done(): Promise<boolean> {
    return this.#done ??= this.#passOn();
  }

  /**
   * Resolves once another publisher is the active one, or none was for some
   * time. Nodes that are sent away before that find nobody, and the pauses
   * between their attempts are longer than this wait.
   */
  async taken(): Promise<void> {
    if (!await this.done()) return;
    const { log, clock } = this.#options;
    await this.#inTime(NEXT_MS, async (signal) => {
      while ((await log.look(signal))?.lead.holder === undefined) {
        await clock.delay(LOOK_MS, signal);
      }
    });
  }

  #passOn(): Promise<boolean> {
    const { log, term, lead } = this.#options;
    return this.#inTime(HANDOVER_MS, async (signal) => {
      await log.passOn({ term, holder: undefined }, { lead }, signal);
    });
  }

  /** @returns Whether it was done. */
  async #inTime(
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const { signal: never } = new AbortController();
    try {
      return await inTime(this.#options.clock, timeoutMs, never, async (it) => {
        await work(it);
        return true;
      }) ?? false;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#begin);
    await this.#done;
  }
}
