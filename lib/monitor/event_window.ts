/**
 * The unanswered events in order, with those in flight: in batches over
 * protocol 2, singly over protocol 1.
 *
 * @module
 */

/** Options for {@link EventWindow}. */
export interface EventWindowOptions<T> {
  /** Maximum number of items, a whole number above 0. */
  readonly capacity: number;
  /**
   * Items with the same key are never in flight in two batches. Not needed if
   * batches arrive in the order in which they were sent.
   *
   * @default {items have no key}
   */
  readonly keyOf?: (item: T) => string;
}

/** Items that are sent together. */
export interface EventBatch<T> {
  /** Number of the batch, from 1. */
  readonly batch: number;
  /** The items, in order. */
  readonly items: readonly T[];
}

interface WindowEntry<T> {
  readonly item: T;
  readonly key: string | undefined;
  isDone: boolean;
}

/**
 * A bounded queue that is sent in numbered batches, several of them at once.
 *
 * An item with a key waits while another batch in flight has an item with that
 * key. So batches may arrive in any order or get lost: items with the same key
 * arrive in the order in which they were pushed.
 *
 * @typeParam T The type of the items.
 *
 * @example
 * ```ts
 * import { EventWindow } from "./event_window.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const window = new EventWindow<{ key: string; n: number }>({
 *   capacity: 3,
 *   keyOf: ({ key }) => key,
 * });
 * window.push({ key: "a", n: 1 });
 * window.push({ key: "b", n: 2 });
 * window.push({ key: "a", n: 3 });
 * deepStrictEqual(window.nextBatch(2), { batch: 1, items: [{ key: "a", n: 1 }, { key: "b", n: 2 }] });
 * strictEqual(window.nextBatch(2), undefined); // "a" is on its way
 * strictEqual(window.acknowledge(1)?.length, 2);
 * strictEqual(window.settled, 2);
 * ```
 */
export class EventWindow<T> {
  readonly #options: EventWindowOptions<T>;
  readonly #entries: WindowEntry<T>[] = [];
  /** Index up to which items were taken or dropped. */
  #next = 0;
  #batches = new Map<number, readonly WindowEntry<T>[]>();
  #keysInFlight = new Set<string | undefined>();
  #lastBatch = 0;
  #settled = 0;

  /**
   * @param options The capacity and the keys.
   * @throws {RangeError} when `capacity` is not a whole number above 0.
   */
  constructor(options: EventWindowOptions<T>) {
    const { capacity } = options;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot make a window: 'capacity' must be a whole number above 0, current value is ${capacity}`,
      );
    }
    this.#options = options;
  }

  /** Number of items. */
  get size(): number {
    return this.#entries.length;
  }

  /** Whether there is room for another item. */
  get hasRoom(): boolean {
    return this.#entries.length < this.#options.capacity;
  }

  /** Number of batches in flight. */
  get inFlight(): number {
    return this.#batches.size;
  }

  /**
   * The batch in flight that was sent first; `undefined`: none is in flight.
   */
  get oldestInFlight(): EventBatch<T> | undefined {
    const [oldest] = this.#batches;
    if (oldest === undefined) return undefined;
    const [batch, entries] = oldest;
    return { batch, items: entries.map(({ item }) => item) };
  }

  /** The oldest item that is not settled; `undefined`: there is none. */
  get oldest(): T | undefined {
    return this.#entries.find(({ isDone }) => !isDone)?.item;
  }

  /** Number of settled items, counted from the first one ever. */
  get settled(): number {
    return this.#settled;
  }

  /**
   * Appends an item.
   *
   * @throws {RangeError} when the window is full.
   */
  push(item: T): void {
    if (!this.hasRoom) throw new RangeError("Cannot push: the window is full");
    const key = this.#options.keyOf?.(item);
    this.#entries.push({ item, key, isDone: false });
  }

  /**
   * Takes the next batch.
   *
   * @param max Maximum number of items.
   * @param isOver Whether an item is settled without being sent.
   * @returns `undefined` when there is nothing that may be sent.
   */
  nextBatch(
    max: number,
    isOver: (item: T) => boolean = () => false,
  ): EventBatch<T> | undefined {
    const taken: WindowEntry<T>[] = [];
    for (; this.#next < this.#entries.length; this.#next++) {
      const entry = this.#entries[this.#next];
      if (entry === undefined || entry.isDone) continue;
      if (isOver(entry.item)) entry.isDone = true;
      else if (this.#mustWait(entry) || taken.length >= max) break;
      else taken.push(entry);
    }
    this.#forgetDone();
    if (taken.length === 0) return undefined;
    for (const { key } of taken) this.#keysInFlight.add(key);
    this.#batches.set(++this.#lastBatch, taken);
    return { batch: this.#lastBatch, items: taken.map(({ item }) => item) };
  }

  /** The items of a batch in flight; `undefined`: there is no such batch. */
  itemsOf(batch: number): readonly T[] | undefined {
    return this.#batches.get(batch)?.map(({ item }) => item);
  }

  /**
   * Settles a batch.
   *
   * @returns Its items; `undefined` when there is no such batch in flight.
   */
  acknowledge(batch: number): readonly T[] | undefined {
    const entries = this.#batches.get(batch);
    if (entries === undefined) return undefined;
    this.#batches.delete(batch);
    for (const entry of entries) {
      entry.isDone = true;
      this.#keysInFlight.delete(entry.key);
    }
    this.#forgetDone();
    return entries.map(({ item }) => item);
  }

  /** Puts all unsettled items back, in order: none is in flight any more. */
  rewind(): void {
    this.#next = 0;
    this.#batches = new Map();
    this.#keysInFlight = new Set();
    this.#lastBatch = 0;
  }

  #mustWait({ key }: WindowEntry<T>): boolean {
    return key !== undefined && this.#keysInFlight.has(key);
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
