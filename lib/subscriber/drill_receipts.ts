/**
 * Passes the actions' receipts of a fire drill to the drill, and not to the
 * publisher, which has no such ban.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { DRILL_JAIL } from "../base/operator_name.ts";
import type { ActionReceipt, ReceiptSink } from "../enforce/enforcer.ts";

/** The sink of all other receipts. */
type Receipts = ReceiptSink & { readonly size: number };

/** Passes on all receipts except those of drills. */
export class DrillReceipts implements ReceiptSink {
  readonly #receipts: Receipts;
  readonly #changed = new Condition();
  /** The last drill receipt of each action. */
  readonly #last = new Map<string, ActionReceipt>();

  /** @param receipts Takes the receipts of bans. */
  constructor(receipts: Receipts) {
    this.#receipts = receipts;
  }

  /** Whether there is room for receipts that can wait. */
  get hasRoom(): boolean {
    return this.#receipts.hasRoom ?? true;
  }

  /** Number of receipts waiting to be sent. */
  get size(): number {
    return this.#receipts.size;
  }

  add(receipt: ActionReceipt): void {
    if (receipt.jail !== DRILL_JAIL) return this.#receipts.add(receipt);
    this.#last.set(receipt.action, receipt);
    this.#changed.notify();
  }

  /** Forgets an action's last drill receipt. */
  forget(action: string): void {
    this.#last.delete(action);
  }

  /**
   * Waits until an action has reported the expected outcome, or a refusal.
   *
   * @param waitMs Longest wait, in milliseconds.
   * @returns The action's last receipt; `undefined`: there is none.
   * @throws the signal's reason on abort.
   */
  async outcome(
    action: string,
    done: "applied" | "lifted",
    { clock, waitMs }: {
      readonly clock: Pick<Clock, "delay">;
      readonly waitMs: number;
    },
    signal: AbortSignal,
  ): Promise<ActionReceipt | undefined> {
    await inTime(clock, waitMs, signal, async (ended) => {
      while (true) {
        const last = this.#last.get(action)?.outcome;
        // After a failure the action tries again.
        if (last === done || last === "refused") return;
        await this.#changed.wait(ended);
      }
    });
    return this.#last.get(action);
  }
}
