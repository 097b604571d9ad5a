/**
 * The receipts that the publisher has not been told yet.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { BanMap } from "../ban/ban_map.ts";
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

/** Beside as many as wait so many may lie about that are out of date or taken out. */
const MAX_OUTDATED = 1_000;

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
  /** Those that wait, by action and ban. */
  readonly #waiting = new Map<string, BanMap<ActionReceipt>>();
  /** The same from the oldest to the newest; of a ban and action all but the newest are out of date. */
  #order: ActionReceipt[] = [];
  /** Where the oldest of these is. */
  #first = 0;
  #count = 0;
  readonly #added = new Condition();
  #inFlight: readonly ActionReceipt[] = [];
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
    return this.#count + this.#inFlight.length;
  }

  /** Whether there is room for more than the news. */
  get hasRoom(): boolean {
    return 2 * this.#count < this.#maxWaiting;
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
    this.#put(receipt);
    this.#added.notify();
    if (this.#count <= this.#maxWaiting) return;
    this.#takeOldest();
    this.#dropped++;
  }

  /**
   * Takes some out, to be sent. They come back unless they are settled.
   *
   * @param max How many at most.
   */
  dequeue(max: number): readonly ActionReceipt[] {
    const taken: ActionReceipt[] = [];
    while (taken.length < max) {
      const oldest = this.#takeOldest();
      if (oldest === undefined) break;
      taken.push(oldest);
    }
    return this.#inFlight = taken;
  }

  /** Those that are on their way have arrived. */
  acknowledge(): void {
    this.#inFlight = [];
  }

  /** Nobody knows whether those on their way arrived: they wait again, unless newer ones do. */
  requeue(): void {
    const again = this.#inFlight.map((sent) => this.#newestOf(sent) ?? sent);
    this.#inFlight = [];
    for (const receipt of again) this.#note(receipt);
    this.#order = [...again, ...this.#order.slice(this.#first)];
    this.#first = 0;
  }

  #put(receipt: ActionReceipt): void {
    this.#note(receipt);
    this.#order.push(receipt);
    if (this.#order.length > 2 * this.#count + MAX_OUTDATED) this.#tidy();
  }

  #note(receipt: ActionReceipt): void {
    const { action } = receipt;
    const bans = this.#waiting.get(action) ?? new BanMap<ActionReceipt>();
    this.#waiting.set(action, bans);
    const before = bans.size;
    bans.set(receipt, receipt);
    this.#count += bans.size - before;
  }

  #newestOf(receipt: ActionReceipt): ActionReceipt | undefined {
    return this.#waiting.get(receipt.action)?.get(receipt);
  }

  #takeOldest(): ActionReceipt | undefined {
    while (this.#first < this.#order.length) {
      const receipt = this.#order[this.#first++];
      if (receipt === undefined || this.#newestOf(receipt) !== receipt) {
        continue;
      }
      this.#waiting.get(receipt.action)?.delete(receipt);
      this.#count--;
      return receipt;
    }
    this.#tidy();
    return undefined;
  }

  #tidy(): void {
    this.#order = this.#order.slice(this.#first)
      .filter((receipt) => this.#newestOf(receipt) === receipt);
    this.#first = 0;
  }
}
