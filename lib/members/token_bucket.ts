/**
 * How much a node may send: a bucket of tokens that fills at a steady rate.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc2697 | RFC 2697, token buckets}
 * @module
 */

/** How a bucket fills. */
export interface BucketRate {
  /** Tokens in a second; above 0. */
  readonly perSecond: number;
  /** Tokens that it holds at most; 1 or more. */
  readonly burst: number;
}

/** A bucket as it was at a time. */
export interface Bucket {
  /** Below 0: more was taken at once than it held, and is paid back first. */
  readonly tokens: number;
  /** By a clock that never jumps, in milliseconds. */
  readonly atMs: number;
}

/** What became of an attempt. */
export interface Spending {
  /** Whether the tokens were taken; else none was. */
  readonly isTaken: boolean;
  readonly bucket: Bucket;
}

/**
 * Takes tokens out of a bucket, all or none. What costs more than the bucket
 * holds is taken once it is full, and the rest is owed: so nothing has to wait
 * for ever, and the rate holds in the long run.
 *
 * @param bucket As it was; `undefined`: full.
 * @param rate How it fills.
 * @param cost How many tokens; 0 or more.
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

/** What a bucket holds at a time. */
export function tokensAt(
  bucket: Bucket | undefined,
  { perSecond, burst }: BucketRate,
  nowMs: number,
): number {
  if (bucket === undefined) return burst;
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  return Math.min(burst, bucket.tokens + passedMs * perSecond / 1_000);
}
