/**
 * Keeps what actions say of a fire drill from the publisher, who has no such
 * ban, and gives it to the drill.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { DRILL_JAIL } from "../base/operator_name.ts";
import type { ActionReceipt, ReceiptSink } from "../enforce/enforcer.ts";

/** Where receipts go. */
type Receipts = ReceiptSink & { readonly size: number };

/** Hands on receipts but for those of drills. */
export class DrillReceipts implements ReceiptSink {
  readonly #receipts: Receipts;
  readonly #changed = new Condition();
  /** The last of each action. */
  readonly #last = new Map<string, ActionReceipt>();

  /** @param receipts Takes those of bans. */
  constructor(receipts: Receipts) {
    this.#receipts = receipts;
  }

  /** Whether what can be told later should be. */
  get hasRoom(): boolean {
    return this.#receipts.hasRoom ?? true;
  }

  /** Receipts that wait to be told. */
  get size(): number {
    return this.#receipts.size;
  }

  add(receipt: ActionReceipt): void {
    if (receipt.jail !== DRILL_JAIL) return this.#receipts.add(receipt);
    this.#last.set(receipt.action, receipt);
    this.#changed.notify();
  }

  /** Forgets what an action said so far. */
  forget(action: string): void {
    this.#last.delete(action);
  }

  /**
   * Waits until an action has said that something is done, or why not.
   *
   * @param waitMs How long at most, in milliseconds.
   * @returns The last that it said; `undefined`: nothing.
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
        // What failed is tried again meanwhile.
        if (last === done || last === "refused") return;
        await this.#changed.wait(ended);
      }
    });
    return this.#last.get(action);
  }
}
