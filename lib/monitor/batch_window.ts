/**
 * The events that are not yet answered, in order, and which of them are on
 * their way.
 *
 * @module
 */

/** What a window holds. */
export interface WindowItem {
  /** Items of the same key are answered one after the other. */
  readonly key: string;
}

interface SentBatch<T> {
  readonly item: T;
  isDone: boolean;
}

/**
 * A bounded queue that is sent in numbered batches, several of them at once.
 *
 * An item waits while another of its key is on its way in another batch. So it
 * does not matter in which order batches arrive, nor which of them get lost:
 * what concerns the same key comes in the order in which it was pushed.
 *
 * @typeParam T What it holds.
 *
 * @example
 * ```ts
 * import { BatchWindow } from "./batch_window.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const window = new BatchWindow<{ key: string; n: number }>(3);
 * window.push({ key: "a", n: 1 });
 * window.push({ key: "b", n: 2 });
 * window.push({ key: "a", n: 3 });
 * deepStrictEqual(window.nextBatch(2), { batch: 1, items: [{ key: "a", n: 1 }, { key: "b", n: 2 }] });
 * strictEqual(window.nextBatch(2), undefined); // "a" is on its way
 * strictEqual(window.acknowledge(1)?.length, 2);
 * strictEqual(window.settled, 2);
 * ```
 */
export class BatchWindow<T extends WindowItem> {
  readonly #capacity: number;
  readonly #entries: SentBatch<T>[] = [];
  /** Up to where items were taken or dropped. */
  #next = 0;
  #batches = new Map<number, readonly SentBatch<T>[]>();
  #keys = new Set<string>();
  #lastBatch = 0;
  #settled = 0;

  /**
   * @param capacity How many items it holds.
   * @throws {RangeError} when `capacity` is not a whole number above 0.
   */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot make a window: 'capacity' must be a whole number above 0, current value is ${capacity}`,
      );
    }
    this.#capacity = capacity;
  }

  /** Items held. */
  get size(): number {
    return this.#entries.length;
  }

  /** Whether another item may be pushed. */
  get hasRoom(): boolean {
    return this.#entries.length < this.#capacity;
  }

  /** Batches on their way. */
  get inFlight(): number {
    return this.#batches.size;
  }

  /** How many items, counted from the first one ever, are done with. */
  get settled(): number {
    return this.#settled;
  }

  /**
   * Adds an item behind the others.
   *
   * @throws {RangeError} when the window is full.
   */
  push(item: T): void {
    if (!this.hasRoom) throw new RangeError("Cannot push: the window is full");
    this.#entries.push({ item, isDone: false });
  }

  /**
   * Takes the next batch.
   *
   * @param max How many items at most.
   * @param isOver Which items are done with before they are sent.
   * @returns `undefined` when there is nothing that may be sent.
   */
  nextBatch(
    max: number,
    isOver: (item: T) => boolean = () => false,
  ): { readonly batch: number; readonly items: readonly T[] } | undefined {
    const taken: SentBatch<T>[] = [];
    for (; this.#next < this.#entries.length; this.#next++) {
      const entry = this.#entries[this.#next];
      if (entry === undefined || entry.isDone) continue;
      if (isOver(entry.item)) entry.isDone = true;
      else if (this.#keys.has(entry.item.key) || taken.length >= max) break;
      else taken.push(entry);
    }
    this.#forgetDone();
    if (taken.length === 0) return undefined;
    for (const { item } of taken) this.#keys.add(item.key);
    this.#batches.set(++this.#lastBatch, taken);
    return { batch: this.#lastBatch, items: taken.map(({ item }) => item) };
  }

  /** Says what is on its way in a batch; `undefined`: there is no such batch. */
  itemsOf(batch: number): readonly T[] | undefined {
    return this.#batches.get(batch)?.map(({ item }) => item);
  }

  /**
   * Is done with a batch.
   *
   * @returns Its items; `undefined` when there is no such batch on its way.
   */
  acknowledge(batch: number): readonly T[] | undefined {
    const entries = this.#batches.get(batch);
    if (entries === undefined) return undefined;
    this.#batches.delete(batch);
    for (const entry of entries) {
      entry.isDone = true;
      this.#keys.delete(entry.item.key);
    }
    this.#forgetDone();
    return entries.map(({ item }) => item);
  }

  /** Nothing is on its way any more: what is not done with goes again, in order. */
  rewind(): void {
    this.#next = 0;
    this.#batches = new Map();
    this.#keys = new Set();
    this.#lastBatch = 0;
  }

  #forgetDone(): void {
    let count = 0;
    while (this.#entries[count]?.isDone === true) count++;
    if (count === 0) return;
    this.#entries.splice(0, count);
    this.#next -= count;
    this.#settled += count;
  }
}
