import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { StoreLeftError } from "../../lib/ban/ban_store.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { StoreUpkeep } from "../../lib/ban/store_upkeep.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

/** A store that has so much to do, or can't. */
class Work {
  steps = 0;
  left = 0;
  failure: RuntimeError | undefined;
  readonly pruned: (readonly [beforeMs: number, nowMs: number])[] = [];

  settle(): Promise<boolean> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.steps++;
    if (this.left > 0) this.left--;
    return Promise.resolve(this.left > 0);
  }

  prune(beforeMs: number, nowMs: number): Promise<boolean> {
    this.pruned.push([beforeMs, nowMs]);
    return Promise.resolve(this.pruned.length % 3 !== 0);
  }
}

function upkeepOf(store: Work, mayForget = () => true) {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const stop = new AbortController();
  const options = { store, clock, log, keepHistoryMs: 1_000, mayForget };
  const running = new StoreUpkeep(options).tasks.map((task) =>
    task(stop.signal)
  );
  const end = async () => {
    stop.abort(new Error("over"));
    for (const task of running) await rejects(task, /over/);
  };
  return { clock, log, end };
}

Deno.test("StoreUpkeep has a snapshot written in steps with pauses, and looks each second whether there is one to write", async () => {
  const store = new Work();
  const { clock, end } = upkeepOf(store);
  await clock.advance(3_000);
  strictEqual(store.steps, 3);
  store.left = 4;
  await clock.advance(1_000);
  strictEqual(store.steps, 4);
  await clock.advance(20);
  strictEqual(store.steps, 5);
  await clock.advance(40);
  strictEqual(store.steps, 7);
  await clock.advance(900);
  strictEqual(store.steps, 7);
  await end();
});

Deno.test("StoreUpkeep says once that a snapshot can't be written, tries again, and says when it can", async () => {
  const store = new Work();
  const { clock, log, end } = upkeepOf(store);
  store.failure = new RuntimeError("disk full");
  await clock.advance(5_000);
  store.failure = undefined;
  await clock.advance(1_000);
  strictEqual(store.steps, 1);
  deepStrictEqual(log.events, [
    "a snapshot of the bans can't be written, and is tried again",
    "snapshots of the bans are written again",
  ]);
  await end();
});

Deno.test("StoreUpkeep complains of no disk once another publisher has the store", async () => {
  const store = new Work();
  const { clock, log, end } = upkeepOf(store);
  store.failure = new StoreLeftError("hub2 has taken over");
  await clock.advance(5_000);
  deepStrictEqual(log.events, []);
  await end();
});

Deno.test("StoreUpkeep forgets what is older than it is kept, in steps; while the clock is unsure it forgets nothing, and writes no snapshot", async () => {
  const store = new Work();
  let mayForget = false;
  const { clock, end } = upkeepOf(store, () => mayForget);
  await clock.advance(120_000);
  strictEqual(store.pruned.length, 0);
  strictEqual(store.steps, 0);
  mayForget = true;
  await clock.advance(60_100);
  deepStrictEqual(
    store.pruned.map((times) => times[1] - times[0]),
    [1_000, 1_000, 1_000],
  );
  await end();
});
