/**
 * Passes on the steps of the copy as updates for the host.
 *
 * @module
 */

import type { BanStep } from "../ban/ban_table.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import { observesSome, type Receiver } from "../choice/receiver_choice.ts";
import { type ActedOn, updatesOf } from "./ban_updates.ts";

/** Options for {@link StepHandover}. */
export interface HandoverOptions {
  /** This node's name, and its choice of bans. */
  readonly receiver: Receiver;
  /**
   * Waits until messages that have arrived are received, so that they are
   * stored and passed on together. @default {no wait}
   */
  readonly gather?: (signal: AbortSignal) => Promise<void>;
  /** Takes the updates, in order; resolves when there is room for more. */
  readonly onUpdates: (
    updates: readonly BanUpdate[],
    signal: AbortSignal,
  ) => Promise<void>;
  /** Called with updates for bans that are only observed. */
  readonly onObserved?: (updates: readonly BanUpdate[]) => void;
}

/** Steps passed on together when there are many. */
const STEPS_AT_ONCE = 4_096;

/** Passes steps on, in order. */
export class StepHandover {
  readonly #options: HandoverOptions;
  #received = 0;

  /** @param options See {@link HandoverOptions}. */
  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Number of updates passed on so far. */
  get received(): number {
    return this.#received;
  }

  /** Passes some steps on. */
  async give(steps: readonly BanStep[], signal: AbortSignal): Promise<void> {
    const { receiver, onUpdates, onObserved } = this.#options;
    if (onObserved !== undefined && observesSome(receiver.choice)) {
      onObserved(allOf(steps, receiver, "observed"));
    }
    const updates = allOf(steps, receiver, "taken");
    this.#received += updates.length;
    if (updates.length > 0) await onUpdates(updates, signal);
  }

  /** Passes many steps on, in chunks. */
  async giveAll(all: Iterable<BanStep>, signal: AbortSignal): Promise<void> {
    let steps: BanStep[] = [];
    for (const step of all) {
      steps.push(step);
      if (steps.length < STEPS_AT_ONCE) continue;
      await this.give(steps, signal);
      await this.#options.gather?.(signal);
      steps = [];
    }
    await this.give(steps, signal);
  }
}

function allOf(
  steps: readonly BanStep[],
  receiver: Receiver,
  place: ActedOn,
): readonly BanUpdate[] {
  const updates: BanUpdate[] = [];
  for (const step of steps) {
    for (const update of updatesOf(step, receiver, place)) updates.push(update);
  }
  return updates;
}
