import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ActionBench } from "../support/bench/action_bench.ts";

const HOUR_MS = 3_600_000;
const BAN_TIME_MS = 120_000;

for (const lapses of [false, true]) {
  for (const stepMs of [2 * HOUR_MS, -2 * HOUR_MS]) {
    Deno.test(
      `EnforcedAction holds bans as long as it should though the clock is set by ${
        stepMs / HOUR_MS
      } h, where bans ${lapses ? "" : "don't "}end by themselves`,
      async () => {
        await using bench = new ActionBench({ lapses, banTimeMs: BAN_TIME_MS });
        await bench.start();
        await bench.act("Ban 1");
        await bench.tell("Ban 2", bench.steady.nowMs() + BAN_TIME_MS);
        bench.clock.step(stepMs);
        await bench.clock.advance(BAN_TIME_MS - 10_000);
        bench.holds(1, 2);
        await bench.tell("Ban 3", bench.steady.nowMs() + 60_000);
        await bench.clock.advance(12_000);
        bench.holds(3);
        await bench.clock.advance(50_000);
        bench.holds();
        strictEqual(bench.action.counters.missing, 0);
        strictEqual(bench.action.counters.surplus, 0);
      },
    );
  }
}

Deno.test("EnforcedAction notes ends by the system's clock, anew when that was set", async () => {
  await using bench = new ActionBench({ banTimeMs: BAN_TIME_MS });
  const startMs = bench.clock.nowMs();
  const ends = () =>
    bench.ledger.load("memory").reports.map(({ expiresMs }) =>
      expiresMs - startMs
    );
  await bench.start();
  await bench.act("Ban 1");
  deepStrictEqual(ends(), [BAN_TIME_MS]);
  bench.clock.step(2 * HOUR_MS);
  await bench.clock.advance(1_000);
  deepStrictEqual(ends(), [2 * HOUR_MS + BAN_TIME_MS]);
  await bench.restart();
  await bench.clock.advance(BAN_TIME_MS - 5_000);
  bench.holds(1);
  await bench.clock.advance(6_000);
  bench.holds();
});
