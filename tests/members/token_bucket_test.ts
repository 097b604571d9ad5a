import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type Bucket,
  spend,
  tokensAt,
} from "../../lib/members/token_bucket.ts";

const RATE = { perSecond: 10, burst: 100 };

Deno.test("spend() takes all that is wanted or nothing, and what was not taken is still there", () => {
  const first = spend(undefined, RATE, 60, 0);
  deepStrictEqual(first, { isTaken: true, bucket: { tokens: 40, atMs: 0 } });
  const second = spend(first.bucket, RATE, 41, 0);
  deepStrictEqual(second, { isTaken: false, bucket: { tokens: 40, atMs: 0 } });
  strictEqual(spend(second.bucket, RATE, 41, 100).isTaken, true);
});

Deno.test("spend() takes more than a bucket holds once it is full, and has the rest paid back", () => {
  const { isTaken, bucket } = spend(undefined, RATE, 150, 0);
  strictEqual(isTaken, true);
  strictEqual(spend(bucket, RATE, 1, 5_000).isTaken, false);
  strictEqual(spend(bucket, RATE, 1, 5_100).isTaken, true);
  const almostFull = { tokens: 99, atMs: 0 };
  strictEqual(spend(almostFull, RATE, 150, 0).isTaken, false);
});

Deno.test("tokensAt() never gives more than the bucket holds, nor less because a clock was set back", () => {
  strictEqual(tokensAt(undefined, RATE, 0), 100);
  strictEqual(tokensAt({ tokens: 0, atMs: 0 }, RATE, 1_000_000), 100);
  strictEqual(tokensAt({ tokens: 5, atMs: 1_000 }, RATE, 0), 5);
});

Deno.test("spend() never lets more through than the rate and one burst, whatever is asked when", () => {
  const asks = fc.array(
    fc.record({ cost: fc.nat(150), afterMs: fc.nat(5_000) }),
    { maxLength: 100 },
  );
  fc.assert(fc.property(asks, (asks) => {
    let bucket: Bucket | undefined;
    let nowMs = 0;
    let taken = 0;
    let last = 0;
    for (const { cost, afterMs } of asks) {
      nowMs += afterMs;
      const spent = spend(bucket, RATE, cost, nowMs);
      bucket = spent.bucket;
      if (spent.isTaken) taken += last = cost;
      const most = RATE.burst + nowMs * RATE.perSecond / 1_000;
      // The last one may be owed.
      ok(taken <= most + Math.max(0, last - RATE.burst) + 1e-6);
    }
  }));
});

Deno.test("spend() lets everything through in the end that is asked for again and again", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), (cost) => {
    let { bucket } = spend(undefined, RATE, 1_000, 0);
    for (let nowMs = 100; nowMs <= 200_100; nowMs += 100) {
      const spent = spend(bucket, RATE, cost, nowMs);
      if (spent.isTaken) return;
      bucket = spent.bucket;
    }
    throw new Error("starved");
  }));
});
