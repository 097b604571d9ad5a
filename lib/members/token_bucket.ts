/**
 * A token bucket: limits how much a node may send.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc2697 | RFC 2697, token buckets}
 * @module
 */

/** The rate and size of a bucket. */
export interface BucketRate {
  /** Tokens added per second; above 0. */
  readonly perSecond: number;
  /** Maximum number of tokens; at least 1. */
  readonly burst: number;
}

/** The state of a bucket at a time. */
export interface Bucket {
  /** Number of tokens; below 0: the debt is paid back first. */
  readonly tokens: number;
  /** Time of this state by a monotonic clock, in milliseconds. */
  readonly atMs: number;
}

/** The result of taking tokens. */
export interface Spending {
  /** Whether the tokens were taken; otherwise none was. */
  readonly isTaken: boolean;
  readonly bucket: Bucket;
}

/**
 * Takes tokens out of a bucket, all or none. A cost above the bucket's size is
 * accepted once the bucket is full, and leaves a debt. So nothing waits
 * forever, and the long-term rate still holds.
 *
 * @param bucket The state before; `undefined`: full.
 * @param rate The bucket's rate and size.
 * @param cost Number of tokens; 0 or more.
 * @param nowMs By the bucket's clock.
 *
 * @example
 * ```ts
 * import { spend } from "./token_bucket.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const rate = { perSecond: 1, burst: 2 };
 * const { bucket } = spend(undefined, rate, 2, 0);
 * deepStrictEqual(bucket, { tokens: 0, atMs: 0 });
 * strictEqual(spend(bucket, rate, 1, 999).isTaken, false);
 * strictEqual(spend(bucket, rate, 1, 1_000).isTaken, true);
 * ```
 */
export function spend(
  bucket: Bucket | undefined,
  rate: BucketRate,
  cost: number,
  nowMs: number,
): Spending {
  const tokens = tokensAt(bucket, rate, nowMs);
  const isTaken = tokens >= Math.min(cost, rate.burst);
  return {
    isTaken,
    bucket: { tokens: isTaken ? tokens - cost : tokens, atMs: nowMs },
  };
}

/** Number of tokens in a bucket at a time. */
export function tokensAt(
  bucket: Bucket | undefined,
  { perSecond, burst }: BucketRate,
  nowMs: number,
): number {
  if (bucket === undefined) return burst;
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  return Math.min(burst, bucket.tokens + passedMs * perSecond / 1_000);
}
