/**
 * Pseudorandom choices that are the same for the same seed.
 *
 * @module
 */

import { SeededRandom } from "../values/seeded_random.ts";

/** Makes the choices for an input. */
export class Draw {
  readonly #random: SeededRandom;

  /** @param seed The same seed gives the same choices. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** A whole number from 0 up to `below`. */
  below(below: number): number {
    return Math.floor(this.#random.below(below));
  }

  /** `true` with a probability of one in `cases`. */
  oneIn(cases: number): boolean {
    return this.below(cases) === 0;
  }

  /** One of several values. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Cannot pick of nothing");
    return value;
  }

  /** Up to `maxBytes` arbitrary bytes. */
  bytes(maxBytes: number): Uint8Array {
    const length = this.below(maxBytes + 1);
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
