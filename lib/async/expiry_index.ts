/**
 * Finds expired items without looking at all of them.
 *
 * @module
 */

const SECOND_MS = 1_000;

/**
 * Indexes items by the second in which they end. The cost of a lookup depends
 * on how many items ended since the last one, not on how many there are.
 *
 * @example
 * ```ts
 * import { ExpiryIndex } from "./expiry_index.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const expiries = new ExpiryIndex<string>();
 * expiries.add("a", 1_500);
 * expiries.add("b", Infinity);
 * deepStrictEqual(expiries.takeDue(1_000), []);
 * deepStrictEqual(expiries.takeDue(2_000), ["a"]);
 * deepStrictEqual(expiries.takeDue(3_000), []);
 * ```
 */
export class ExpiryIndex<T> {
  readonly #items = new Map<number, Set<T>>();
  #takenUpTo = -Infinity;

  /**
   * Adds an item; its end is rounded up to a whole second.
   *
   * @param item Must not be in the index yet.
   * @param endsMs In milliseconds since 1970; `Infinity`: never.
   */
  add(item: T, endsMs: number): void {
    if (endsMs === Infinity) return;
    const second = Math.ceil(endsMs / SECOND_MS);
    const items = this.#items.get(second) ?? new Set<T>();
    this.#items.set(second, items.add(item));
    // An item that is added after its end is due at the next lookup.
    this.#takenUpTo = Math.min(this.#takenUpTo, second);
  }

  /**
   * Removes an item.
   *
   * @param endsMs The end with which it was added.
   */
  delete(item: T, endsMs: number): void {
    const second = Math.ceil(endsMs / SECOND_MS);
    const items = this.#items.get(second);
    if (items?.delete(item) === true && items.size === 0) {
      this.#items.delete(second);
    }
  }

  /**
   * Removes the items that have ended.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max Maximum number of items; the next call takes the rest. @default
   * {Infinity}
   */
  takeDue(nowMs: number, max = Infinity): readonly T[] {
    const upTo = Math.floor(nowMs / SECOND_MS);
    const due: T[] = [];
    for (const second of this.#secondsUpTo(upTo)) {
      const items = this.#items.get(second);
      for (const item of items ?? []) {
        if (due.length >= max) return due;
        due.push(item);
        items?.delete(item);
      }
      this.#items.delete(second);
    }
    this.#takenUpTo = upTo;
    return due;
  }

  /**
   * Iterates over the seconds if few have passed, over the entries if the clock
   * jumped.
   */
  *#secondsUpTo(upTo: number): Generator<number, void, undefined> {
    const span = upTo - this.#takenUpTo;
    if (span >= 0 && span <= this.#items.size) {
      for (let second = this.#takenUpTo; second <= upTo; second++) yield second;
      return;
    }
    for (const second of this.#items.keys()) if (second <= upTo) yield second;
  }
}
