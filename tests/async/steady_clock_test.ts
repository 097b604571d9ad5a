import { rejects, strictEqual } from "node:assert/strict";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";

Deno.test("SteadyClock begins with the system's time and goes on with it", async () => {
  const system = new ManualClock();
  await system.advance(5_000);
  const steady = new SteadyClock(system);
  strictEqual(steady.nowMs(), system.nowMs());
  await system.advance(60_000);
  strictEqual(steady.nowMs(), system.nowMs());
  strictEqual(steady.monotonicMs(), system.monotonicMs());
  strictEqual(steady.aheadMs, 0);
});

Deno.test("SteadyClock goes on as before when the system's clock is set, forward or back", async () => {
  for (const stepMs of [7_200_000, -7_200_000, 0.5]) {
    const system = new ManualClock();
    const steady = new SteadyClock(system);
    const startMs = steady.nowMs();
    await system.advance(1_000);
    system.step(stepMs);
    strictEqual(steady.nowMs(), startMs + 1_000);
    await system.advance(1_000);
    strictEqual(steady.nowMs(), startMs + 2_000);
    strictEqual(steady.wallMs(), startMs + 2_000 + stepMs);
    strictEqual(steady.aheadMs, stepMs);
    strictEqual(steady.toWall(startMs), startMs + stepMs);
    strictEqual(steady.toSteady(steady.toWall(startMs)), startMs);
    strictEqual(steady.toWall(Infinity), Infinity);
    strictEqual(steady.toSteady(Infinity), Infinity);
  }
});

Deno.test("SteadyClock goes on from a time that the system's clock is ahead of", async () => {
  const system = new ManualClock();
  const steady = new SteadyClock(system, 3_600_000);
  strictEqual(steady.nowMs(), system.nowMs() - 3_600_000);
  strictEqual(steady.aheadMs, 3_600_000);
  await system.advance(1_000);
  system.step(-3_600_000);
  strictEqual(steady.nowMs(), system.nowMs());
  strictEqual(steady.aheadMs, 0);
});

Deno.test("SteadyClock waits as the system's clock does, and no longer than its signal", async () => {
  const system = new ManualClock();
  const steady = new SteadyClock(system);
  const stop = new AbortController();
  const waiting = steady.delay(1_000, stop.signal);
  strictEqual(system.delays, 1);
  stop.abort(new Error("stopped"));
  await rejects(waiting, /stopped/);
  strictEqual(system.delays, 0);
});
