/**
 * Limits peers' rates. All connections of a member, or of an address on a port
 * without names, count together; otherwise more connections would mean more
 * bytes.
 *
 * @module
 */

import {
  type Bucket,
  type BucketRate,
  tokensAt,
} from "../members/token_bucket.ts";

/** Counts bytes by sender. */
export class SharedRates {
  readonly #rate: BucketRate;
  readonly #buckets = new Map<string, Bucket>();

  /** @param rate Burst, and rate per second, in bytes. */
  constructor(rate: BucketRate) {
    this.#rate = rate;
  }

  /** Number of senders with a record. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Counts bytes.
   *
   * @param who The sender.
   * @param count Number of bytes read.
   * @param nowMs By a monotonic clock.
   * @returns How long to wait before they are handed on, in milliseconds.
   */
  take(who: string, count: number, nowMs: number): number {
    const room = tokensAt(this.#buckets.get(who), this.#rate, nowMs);
    this.#buckets.set(who, { tokens: room - count, atMs: nowMs });
    const debt = count - room;
    return debt <= 0 ? 0 : Math.ceil(debt * 1_000 / this.#rate.perSecond);
  }

  /** Forgets senders whose full burst is available again. */
  tidy(nowMs: number): void {
    for (const [who, bucket] of this.#buckets) {
      if (tokensAt(bucket, this.#rate, nowMs) >= this.#rate.burst) {
        this.#buckets.delete(who);
      }
    }
  }
}
