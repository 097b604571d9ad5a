/**
 * What ends when, found without looking at everything.
 *
 * @module
 */

const SECOND_MS = 1_000;

/**
 * Things by the second in which they end. A look costs as much as has ended
 * since the last one, however much is kept.
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
   * Notes when something ends; rounded up to a second.
   *
   * @param item What is not noted yet.
   * @param endsMs In milliseconds since 1970; `Infinity`: never.
   */
  add(item: T, endsMs: number): void {
    if (endsMs === Infinity) return;
    const second = Math.ceil(endsMs / SECOND_MS);
    const items = this.#items.get(second) ?? new Set<T>();
    this.#items.set(second, items.add(item));
    // What ended before it came ends at the next look.
    this.#takenUpTo = Math.min(this.#takenUpTo, second);
  }

  /** Forgets what was noted with this end. */
  delete(item: T, endsMs: number): void {
    const second = Math.ceil(endsMs / SECOND_MS);
    const items = this.#items.get(second);
    if (items?.delete(item) === true && items.size === 0) {
      this.#items.delete(second);
    }
  }

  /**
   * Takes out what has ended.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max How much at most; the rest is taken at the next look. @default
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

  /** Looks at few seconds when called often, and at few endings when the clock jumped. */
  *#secondsUpTo(upTo: number): Generator<number, void, undefined> {
    const span = upTo - this.#takenUpTo;
    if (span >= 0 && span <= this.#items.size) {
      for (let second = this.#takenUpTo; second <= upTo; second++) yield second;
      return;
    }
    for (const second of this.#items.keys()) if (second <= upTo) yield second;
  }
}
