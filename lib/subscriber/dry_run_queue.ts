/**
 * Takes the place of the queue of the actions in a dry run.
 *
 * @module
 */

import type { ActionQueue } from "./action_queue.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { UpdateProtection } from "../enforce/update_protection.ts";
import type { Log } from "../log/log.ts";

/** Options for a dry run's queue. */
export interface DryRunQueueOptions {
  /** Names of the actions that would be given updates. */
  readonly actionNames: readonly string[];
  /** Refuses what the actions would refuse; no receipt tells of it. */
  readonly protection: UpdateProtection;
  readonly log: Log;
}

/** Logs what would be acted on, and gives it to no action. */
export class DryRunQueue implements Pick<ActionQueue, "put"> {
  readonly #options: DryRunQueueOptions;

  /** @param options Who would act, and where that is logged. */
  constructor(options: DryRunQueueOptions) {
    this.#options = options;
  }

  /** Logs each update that is allowed. */
  put(updates: readonly BanUpdate[], _signal: AbortSignal): Promise<void> {
    const { actionNames, protection, log } = this.#options;
    const actions = actionNames.join(",");
    for (const update of protection.allowed(updates)) {
      const { kind, origin: node, jail, address } = update;
      const fields = { node, jail, address, actions };
      log.record("notice", `would act on ${kind}`, fields);
    }
    return Promise.resolve();
  }
}
