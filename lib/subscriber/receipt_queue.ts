/**
 * The receipts that the publisher has not acknowledged yet.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { Receipt } from "../ban/receipt.ts";

/** The result of a ban at one action of this host. */
export interface ActionReceipt extends Omit<Receipt, "agoMs"> {
  /** Its time, in milliseconds since 1970 by the process's steady clock. */
  readonly atMs: number;
}

/** Options for {@link ReceiptQueue}. */
export interface ReceiptQueueOptions {
  /**
   * Receipts that may wait; above it the oldest is dropped.
   *
   * @default {20000}
   */
  readonly maxWaiting?: number;
}

/** Outdated or removed entries kept beyond the number of waiting receipts. */
const MAX_OUTDATED = 1_000;

/**
 * Keeps the last receipt of each ban and action until it is acknowledged: a
 * later receipt replaces an earlier one.
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
  /** The waiting receipts, by action and ban. */
  readonly #waiting = new Map<string, BanMap<ActionReceipt>>();
  /** All entries, oldest first; only the newest of a ban and action counts. */
  #order: ActionReceipt[] = [];
  /** Index of the oldest entry. */
  #first = 0;
  #count = 0;
  readonly #added = new Condition();
  #inFlight: readonly ActionReceipt[] = [];
  #dropped = 0;

  /**
   * Creates an empty queue.
   *
   * @param options See {@link ReceiptQueueOptions}.
   */
  constructor(options: ReceiptQueueOptions = {}) {
    this.#maxWaiting = options.maxWaiting ?? 20_000;
  }

  /** Receipts that wait or are in flight. */
  get size(): number {
    return this.#count + this.#inFlight.length;
  }

  /** Whether there is room for receipts other than those of updates. */
  get hasRoom(): boolean {
    return 2 * this.#count < this.#maxWaiting;
  }

  /** Number of dropped receipts. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether any receipts are in flight. */
  get isInFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  /**
   * Waits until a receipt is added.
   *
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  added(signal: AbortSignal): Promise<void> {
    return this.#added.wait(signal);
  }

  /** Adds a receipt. */
  add(receipt: ActionReceipt): void {
    this.#put(receipt);
    this.#added.notify();
    if (this.#count <= this.#maxWaiting) return;
    this.#takeOldest();
    this.#dropped++;
  }

  /**
   * Takes receipts out to send them. They return unless acknowledged.
   *
   * @param max Most receipts to take.
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

  /** Removes the receipts in flight: they have arrived. */
  acknowledge(): void {
    this.#inFlight = [];
  }

  /** Returns receipts in flight, which may not have arrived; newer ones win. */
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
