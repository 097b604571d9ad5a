/**
 * An action that only records its calls.
 *
 * @module
 */

import type { BanEvent } from "../../../lib/ban/ban_event.ts";
import type { BanAction } from "../../../lib/enforce/enforcer.ts";
import { Condition } from "../../../lib/async/tasks.ts";
import { renderMessage } from "../../../lib/wire/v1.ts";

/** Records its calls; a test controls their end and failure. */
export class MemoryAction implements BanAction {
  /** The messages of each call, oldest first. */
  readonly calls: string[][] = [];
  /** Whether calls wait for {@link MemoryAction.resume} or their signal. */
  paused = false;
  /** An error to reject calls with. */
  failure: Error | undefined;
  readonly #resumed = new Condition();

  /** @param name The action's name. */
  constructor(readonly name = "memory") {}

  async act(events: readonly BanEvent[], signal: AbortSignal): Promise<void> {
    this.calls.push(events.map(renderMessage));
    if (this.paused) await this.#resumed.wait(signal);
    if (this.failure !== undefined) throw this.failure;
  }

  /** Resumes waiting calls. */
  resume(): void {
    this.paused = false;
    this.#resumed.notify();
  }
}
