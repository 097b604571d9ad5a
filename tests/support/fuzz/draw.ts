/**
 * Choices that look random and are the same for the same seed.
 *
 * @module
 */

import { SeededRandom } from "../values/seeded_random.ts";

/** Draws what an input is made of. */
export class Draw {
  readonly #random: SeededRandom;

  /** @param seed The same one draws the same. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** A whole number from 0 up to `below`. */
  below(below: number): number {
    return Math.floor(this.#random.below(below));
  }

  /** Whether it is the one case of so many. */
  oneIn(cases: number): boolean {
    return this.below(cases) === 0;
  }

  /** One of several values. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Cannot pick of nothing");
    return value;
  }

  /** So many bytes at most, each of them any. */
  bytes(maxBytes: number): Uint8Array {
    const length = this.below(maxBytes + 1);
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
