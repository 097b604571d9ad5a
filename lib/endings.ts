/**
 * What ends when, found without looking at everything.
 *
 * @module
 */

const SECOND_MS = 1_000;

/**
 * Keys by the second in which they end. A look costs as much as has ended
 * since the last one, however much is kept.
 *
 * @example
 * ```ts
 * import { Endings } from "./endings.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const endings = new Endings();
 * endings.note("a", 1_500);
 * endings.note("b", Infinity);
 * deepStrictEqual(endings.takeDue(1_000), []);
 * deepStrictEqual(endings.takeDue(2_000), ["a"]);
 * deepStrictEqual(endings.takeDue(3_000), []);
 * ```
 */
export class Endings {
  readonly #keys = new Map<number, Set<string>>();
  #takenUpTo = -Infinity;

  /**
   * Notes when a key ends; rounded up to a second.
   *
   * @param key A key that is not noted.
   * @param endsMs In milliseconds since 1970; `Infinity`: never.
   */
  note(key: string, endsMs: number): void {
    if (endsMs === Infinity) return;
    const second = Math.ceil(endsMs / SECOND_MS);
    const keys = this.#keys.get(second) ?? new Set<string>();
    this.#keys.set(second, keys.add(key));
    // What ended before it came ends at the next look.
    this.#takenUpTo = Math.min(this.#takenUpTo, second);
  }

  /** Forgets a key that was noted with this end. */
  forget(key: string, endsMs: number): void {
    const second = Math.ceil(endsMs / SECOND_MS);
    const keys = this.#keys.get(second);
    if (keys?.delete(key) === true && keys.size === 0) {
      this.#keys.delete(second);
    }
  }

  /**
   * Takes out what has ended.
   *
   * @param nowMs Milliseconds since 1970.
   */
  takeDue(nowMs: number): readonly string[] {
    const upTo = Math.floor(nowMs / SECOND_MS);
    const due = [...this.#secondsUpTo(upTo)].flatMap((second) => {
      const keys = this.#keys.get(second);
      this.#keys.delete(second);
      return keys === undefined ? [] : [...keys];
    });
    this.#takenUpTo = upTo;
    return due;
  }

  /** Looks at few seconds when called often, and at few endings when the clock jumped. */
  *#secondsUpTo(upTo: number): Generator<number, void, undefined> {
    const span = upTo - this.#takenUpTo;
    if (span >= 0 && span <= this.#keys.size) {
      for (let second = this.#takenUpTo; second <= upTo; second++) yield second;
      return;
    }
    for (const second of this.#keys.keys()) if (second <= upTo) yield second;
  }
}
