import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { PlanRate } from "../../lib/enforce/plan_schedule.ts";

Deno.test("PlanRate lets everything through at once unless it is told a rate", () => {
  const pace = new PlanRate();
  strictEqual(pace.maxBansAtOnce, Infinity);
  pace.handedOut(1_000_000, 5_000);
  strictEqual(pace.nextAtMs, 5_000);
});

Deno.test("PlanRate lets bans take their share of a second, and saves no time that was not used", () => {
  const pace = new PlanRate({ maxPerSecond: 10 });
  strictEqual(pace.maxBansAtOnce, 10);
  pace.handedOut(10, 1_000);
  strictEqual(pace.nextAtMs, 2_000);
  pace.handedOut(5, 2_000);
  strictEqual(pace.nextAtMs, 2_500);
  pace.handedOut(1, 60_000);
  strictEqual(pace.nextAtMs, 60_100);
});

Deno.test("PlanRate hands out one ban at a time at least, however slow", () => {
  const pace = new PlanRate({ maxPerSecond: 0.1 });
  strictEqual(pace.maxBansAtOnce, 1);
  pace.handedOut(1, 0);
  strictEqual(pace.nextAtMs, 10_000);
});

Deno.test("PlanRate pauses twice as long after each failure, to a limit, until something works", () => {
  const pace = new PlanRate({ firstPauseMs: 100, maxPauseMs: 1_000 });
  const pauses = Array.from({ length: 6 }, () => {
    pace.failed(50_000);
    return pace.nextAtMs - 50_000;
  });
  deepStrictEqual(pauses, [100, 200, 400, 800, 1_000, 1_000]);
  pace.worked();
  pace.failed(60_000);
  strictEqual(pace.nextAtMs, 60_100);
  strictEqual(pace.pauseMs(2_000), 1_000, "2 ** 2,000 is no number");
});

Deno.test("PlanRate keeps to the rate when a batch fails", () => {
  const pace = new PlanRate({ maxPerSecond: 1, firstPauseMs: 100 });
  pace.handedOut(5, 0);
  pace.failed(0);
  strictEqual(pace.nextAtMs, 5_000);
});

Deno.test("PlanRate holds everything back for a minute at most, however often batches failed", () => {
  const pace = new PlanRate();
  for (let round = 0; round < 20; round++) pace.failed(0);
  strictEqual(pace.nextAtMs, 60_000);
  strictEqual(pace.pauseMs(20), 300_000, "a single ban waits longer");
});
