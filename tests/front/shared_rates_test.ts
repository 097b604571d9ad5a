import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { SharedRates } from "../../lib/front/shared_rates.ts";

Deno.test("SharedRates has who says more wait, and nobody else", () => {
  const rates = new SharedRates({ perSecond: 1_000, burst: 2_000 });
  strictEqual(rates.take("web1", 2_000, 0), 0);
  strictEqual(rates.take("web1", 500, 0), 500);
  strictEqual(rates.take("web1", 500, 0), 1_000);
  strictEqual(rates.take("web2", 2_000, 0), 0);
  strictEqual(rates.take("web1", 1_000, 2_000), 0);
});

Deno.test("SharedRates passes no more in any time than burst and rate give, over however many connections", () => {
  const step = fc.record({
    connection: fc.nat({ max: 3 }),
    bytes: fc.nat({ max: 300 }),
    pauseMs: fc.nat({ max: 500 }),
  });
  const rate = { perSecond: 100, burst: 200 };
  fc.assert(fc.property(fc.array(step), (steps) => {
    const rates = new SharedRates(rate);
    // Each reads on once what it read before was handed on.
    const freeMs = [0, 0, 0, 0];
    const passed: { readonly atMs: number; readonly bytes: number }[] = [];
    let nowMs = 0;
    for (const { connection, bytes, pauseMs } of steps) {
      nowMs = Math.max(nowMs + pauseMs, freeMs[connection] ?? 0);
      const atMs = nowMs + rates.take("web1", bytes, nowMs);
      freeMs[connection] = atMs;
      passed.push({ atMs, bytes });
    }
    return passed.every(({ atMs: untilMs }) => {
      const sum = passed.filter(({ atMs }) => atMs <= untilMs)
        .reduce((total, { bytes }) => total + bytes, 0);
      return sum <= rate.burst + untilMs * rate.perSecond / 1_000 + 0.01;
    });
  }));
});

Deno.test("SharedRates forgets who has been quiet for long enough", () => {
  const rates = new SharedRates({ perSecond: 1_000, burst: 2_000 });
  for (let who = 0; who < 100; who++) rates.take(`${who}`, 10 * who, 0);
  rates.tidy(500);
  deepStrictEqual(rates.size, 49);
  rates.tidy(1_000);
  strictEqual(rates.size, 0);
});
