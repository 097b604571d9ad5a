/**
 * How fast peers may speak: all connections of a member, or of an address where
 * nobody has a name, count together. Else whoever makes more of them has more.
 *
 * @module
 */

import {
  type Bucket,
  type BucketRate,
  tokensAt,
} from "../members/token_bucket.ts";

/** Counts what is said, by who says it. */
export class SharedRates {
  readonly #rate: BucketRate;
  readonly #buckets = new Map<string, Bucket>();

  /** @param rate Bytes at once, and in a second. */
  constructor(rate: BucketRate) {
    this.#rate = rate;
  }

  /** Of how many something is known. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Counts bytes.
   *
   * @param who Says them.
   * @param count How many were read.
   * @param nowMs By a monotonic clock.
   * @returns How long they have to wait until they are handed on, in milliseconds.
   */
  take(who: string, count: number, nowMs: number): number {
    const room = tokensAt(this.#buckets.get(who), this.#rate, nowMs);
    this.#buckets.set(who, { tokens: room - count, atMs: nowMs });
    const debt = count - room;
    return debt <= 0 ? 0 : Math.ceil(debt * 1_000 / this.#rate.perSecond);
  }

  /** Forgets those who may say as much as anybody. */
  tidy(nowMs: number): void {
    for (const [who, bucket] of this.#buckets) {
      if (tokensAt(bucket, this.#rate, nowMs) >= this.#rate.burst) {
        this.#buckets.delete(who);
      }
    }
  }
}
