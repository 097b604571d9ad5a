/**
 * The receipts that the publisher has not been told yet.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { Receipt } from "../ban/receipt.ts";

/** What became of a ban at one action of this host. */
export interface ActionReceipt extends Omit<Receipt, "agoMs"> {
  /** When, in milliseconds since 1970 by the process's one steady clock. */
  readonly atMs: number;
}

/** Options for a queue of receipts. */
export interface ReceiptQueueOptions {
  /** Receipts that may wait; above it the oldest is dropped and counted. @default {20000} */
  readonly maxWaiting?: number;
}

/**
 * Keeps the last receipt of each ban and action until it is answered: what a
 * later one says makes an earlier one pointless.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ReceiptQueue } from "./receipt_queue.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [jail, address] = [parseJailName("sshd"), parseAddress("192.0.2.1")];
 * ok(jail && address);
 * const receipt = { jail, address, action: "nftables", detail: "" } as const;
 * const queue = new ReceiptQueue();
 * queue.add({ ...receipt, outcome: "failed", atMs: 1_000 });
 * queue.add({ ...receipt, outcome: "applied", atMs: 2_000 });
 * strictEqual(queue.dequeue(1_000).length, 1);
 * queue.requeue(); // nobody answered
 * strictEqual(queue.dequeue(1_000)[0]?.outcome, "applied");
 * queue.acknowledge();
 * strictEqual(queue.size, 0);
 * ```
 */
export class ReceiptQueue {
  readonly #maxWaiting: number;
  readonly #waiting = new Map<string, ActionReceipt>();
  readonly #added = new Condition();
  #inFlight: readonly (readonly [string, ActionReceipt])[] = [];
  #dropped = 0;

  /**
   * Makes an empty queue.
   *
   * @param options Its limit.
   */
  constructor(options: ReceiptQueueOptions = {}) {
    this.#maxWaiting = options.maxWaiting ?? 20_000;
  }

  /** Receipts that wait or are on their way. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.length;
  }

  /** Whether there is room for more than the news. */
  get hasRoom(): boolean {
    return 2 * this.#waiting.size < this.#maxWaiting;
  }

  /** Receipts that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether some are on their way. */
  get isInFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  /**
   * Waits until one is put in.
   *
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  added(signal: AbortSignal): Promise<void> {
    return this.#added.wait(signal);
  }

  /** Puts a receipt in. */
  add(receipt: ActionReceipt): void {
    const name = nameOf(receipt);
    this.#waiting.delete(name);
    this.#waiting.set(name, receipt);
    this.#added.notify();
    if (this.#waiting.size <= this.#maxWaiting) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.#dropped++;
  }

  /**
   * Takes some out, to be sent. They come back unless they are settled.
   *
   * @param max How many at most.
   */
  dequeue(max: number): readonly ActionReceipt[] {
    const taken: [string, ActionReceipt][] = [];
    for (const entry of this.#waiting) {
      if (taken.length >= max) break;
      taken.push(entry);
    }
    for (const [name] of taken) this.#waiting.delete(name);
    this.#inFlight = taken;
    return taken.map(([, receipt]) => receipt);
  }

  /** Those that are on their way have arrived. */
  acknowledge(): void {
    this.#inFlight = [];
  }

  /** Nobody knows whether those on their way arrived: they wait again, unless newer ones do. */
  requeue(): void {
    const newer = [...this.#waiting];
    this.#waiting.clear();
    for (const [name, receipt] of [...this.#inFlight, ...newer]) {
      this.#waiting.set(name, receipt);
    }
    this.#inFlight = [];
  }
}

function nameOf(receipt: BanKey & { readonly action: string }): string {
  return `${receipt.action}|${keyOf(receipt)}`;
}
