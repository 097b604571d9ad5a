/**
 * An action that does nothing but remember.
 *
 * @module
 */

import type { BanEvent } from "../../../lib/ban/ban_event.ts";
import type { BanAction } from "../../../lib/enforce/enforcer.ts";
import { Condition } from "../../../lib/async/tasks.ts";
import { renderMessage } from "../../../lib/wire/v1.ts";

/** Keeps what it was given, and lets a test say when it is done, or fails. */
export class MemoryAction implements BanAction {
  /** The messages of every call, oldest first. */
  readonly calls: string[][] = [];
  /** Whether calls wait for {@link MemoryAction.resume} or their signal. */
  paused = false;
  /** What calls are rejected with. */
  failure: Error | undefined;
  readonly #resumed = new Condition();

  /** @param name The word that names it. */
  constructor(readonly name = "memory") {}

  async act(events: readonly BanEvent[], signal: AbortSignal): Promise<void> {
    this.calls.push(events.map(renderMessage));
    if (this.paused) await this.#resumed.wait(signal);
    if (this.failure !== undefined) throw this.failure;
  }

  /** Lets the calls go on that wait. */
  resume(): void {
    this.paused = false;
    this.#resumed.notify();
  }
}
