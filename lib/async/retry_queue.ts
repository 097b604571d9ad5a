/**
 * Holds keys that are to be retried later.
 *
 * @module
 */

/** Due times are rounded up to a multiple of this, in milliseconds. */
const GRAIN_MS = 100;

/**
 * Keys and their due times. A pause ends a little late, never early.
 *
 * @example
 * ```ts
 * import { RetryQueue } from "./retry_queue.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const queue = new RetryQueue();
 * queue.add("a", 1_000);
 * strictEqual(queue.nextMs, 1_000);
 * deepStrictEqual(queue.takeDue(999), []);
 * deepStrictEqual(queue.takeDue(1_000), ["a"]);
 * ```
 */
export class RetryQueue<T = string> {
  readonly #keys = new Map<number, T[]>();
  #size = 0;

  /** Number of waiting keys. */
  get size(): number {
    return this.#size;
  }

  /**
   * The earliest due time, in milliseconds; `undefined`: the queue is empty.
   */
  get nextMs(): number | undefined {
    return this.#keys.size === 0 ? undefined : Math.min(...this.#keys.keys());
  }

  /** Adds a key that is due at `atMs`. */
  add(key: T, atMs: number): void {
    const slot = Math.ceil(atMs / GRAIN_MS) * GRAIN_MS;
    const keys = this.#keys.get(slot);
    if (keys === undefined) this.#keys.set(slot, [key]);
    else keys.push(key);
    this.#size++;
  }

  /** Removes the keys that are due, ordered by time. */
  takeDue(nowMs: number): readonly T[] {
    const due = [...this.#keys.keys()].filter((slot) => slot <= nowMs)
      .toSorted((left, right) => left - right)
      .flatMap((slot) => {
        const keys = this.#keys.get(slot) ?? [];
        this.#keys.delete(slot);
        return keys;
      });
    this.#size -= due.length;
    return due;
  }
}
