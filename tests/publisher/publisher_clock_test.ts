import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../lib/base/ids.ts";
import type { NodeEvent } from "../../lib/wire/v2_messages.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { PublisherClock } from "../../lib/publisher/publisher_clock.ts";
import { key } from "../support/values/bans.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import {
  MemoryCluster,
  type MemoryPublisherProgram,
} from "../support/memory/memory_cluster.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

/** A ban of half an hour, unless said otherwise. */
function ban(last = 1, remainingMs = 30 * MINUTE_MS): NodeEvent {
  const id = String(last).padStart(16, "0") as EventId;
  return { kind: "ban", id, ...key(last), remainingMs, agoMs: 0 };
}

async function report(
  cluster: MemoryCluster,
  ...events: readonly NodeEvent[]
): Promise<void> {
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  const outcomes = await monitor.events(...events);
  ok(outcomes.every((outcome) => outcome === "accepted"), String(outcomes));
}

/** The seconds that a publisher tells a new copy of each of its bans. */
async function secondsLeft(cluster: MemoryCluster): Promise<number[]> {
  await using copy = cluster.subscriber(undefined, "new");
  await cluster.settle();
  const nowMs = cluster.clock.nowMs();
  return copy.news.map(({ expiresMs = NaN }) =>
    Math.round((expiresMs - nowMs) / 1_000)
  );
}

/** Ends a publisher whose store takes nothing any more, as one that is killed. */
async function kill(
  cluster: MemoryCluster,
  publisher: MemoryPublisherProgram,
): Promise<void> {
  cluster.store.failure = new RuntimeError("killed", { hint: "" });
  await publisher[Symbol.asyncDispose]();
  cluster.store.failure = undefined;
}

for (const stepMs of [HOUR_MS, -HOUR_MS, 20 * YEAR_MS, -20 * YEAR_MS]) {
  Deno.test(`Publisher keeps its bans to the second when the clock is set by ${stepMs / 1_000} s while it runs and it is then killed`, async () => {
    await using cluster = new MemoryCluster();
    const log = new MemoryLog();
    const first = cluster.publisher({ log });
    await report(cluster, ban(1));
    await cluster.clock.advance(MINUTE_MS);
    cluster.clock.step(stepMs);
    await cluster.clock.advance(1_000);
    await report(cluster, ban(2));
    deepStrictEqual(await secondsLeft(cluster), [1_739, 1_800]);
    await kill(cluster, first);
    await cluster.clock.advance(4_000);
    const second = cluster.publisher();
    deepStrictEqual(await secondsLeft(cluster), [1_735, 1_796]);
    await cluster.clock.advance(2 * MINUTE_MS);
    cluster.clock.step(-2 * stepMs);
    await cluster.clock.advance(1_000);
    await kill(cluster, second);
    cluster.publisher();
    deepStrictEqual(await secondsLeft(cluster), [1_614, 1_675]);
    deepStrictEqual(
      log.records.filter(({ event }) => /clock/.test(event))
        .map(({ event, fields }) => [event, fields]),
      [["the system's clock was set", { seconds: stepMs / 1_000 }]],
    );
  });
}

Deno.test("Publisher says once that its store can't keep how the clock was set, and keeps it later", async () => {
  await using cluster = new MemoryCluster();
  const log = new MemoryLog();
  const first = cluster.publisher({ log });
  await report(cluster, ban(1));
  cluster.store.failure = new RuntimeError("disk full", { hint: "" });
  cluster.clock.step(HOUR_MS);
  await cluster.clock.advance(50_000);
  const trouble = "how the clock was set can't be kept, and is tried again";
  deepStrictEqual(log.events.filter((event) => event === trouble), [trouble]);
  cluster.store.failure = undefined;
  await cluster.clock.advance(10_000);
  await kill(cluster, first);
  cluster.publisher();
  deepStrictEqual(await secondsLeft(cluster), [1_740]);
});

Deno.test("Publisher counts the time for which it did not run, as the system's clock has it", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher();
  await report(cluster, ban(1), ban(2, 2 * HOUR_MS));
  await first[Symbol.asyncDispose]();
  await cluster.clock.advance(HOUR_MS);
  cluster.publisher();
  deepStrictEqual(await secondsLeft(cluster), [3_600]);
});

Deno.test("Publisher goes on from where it was when the clock is behind that at its start", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher();
  await report(cluster, ban(1));
  await cluster.clock.advance(MINUTE_MS);
  await first[Symbol.asyncDispose]();
  cluster.clock.step(-20 * YEAR_MS);
  const second = cluster.publisher();
  deepStrictEqual(await secondsLeft(cluster), [1_740]);
  await cluster.clock.advance(5_000);
  cluster.clock.step(20 * YEAR_MS);
  await cluster.clock.advance(1_000);
  deepStrictEqual(await secondsLeft(cluster), [1_734]);
  await kill(cluster, second);
  cluster.publisher();
  deepStrictEqual(await secondsLeft(cluster), [1_734]);
});

Deno.test("Publisher forgets nothing by a clock that is wrong at its start, and has it all once that is right and it is started again", async () => {
  await using cluster = new MemoryCluster();
  const log = new MemoryLog();
  const first = cluster.publisher();
  await report(cluster, ban(1));
  await cluster.clock.advance(MINUTE_MS);
  await first[Symbol.asyncDispose]();
  cluster.clock.step(20 * YEAR_MS);
  const second = cluster.publisher({ log });
  deepStrictEqual(await secondsLeft(cluster), []);
  await cluster.clock.advance(2 * MINUTE_MS);
  await report(cluster, ban(2));
  await cluster.clock.advance(MINUTE_MS);
  cluster.clock.step(-20 * YEAR_MS);
  await cluster.clock.advance(3 * MINUTE_MS);
  deepStrictEqual(
    log.events.filter((event) => /clock/.test(event)),
    [
      "the system's clock is far ahead of when the publisher last ran: the past is not forgotten for an hour",
      "the system's clock was wrong when the publisher started: start it again",
    ],
  );
  await kill(cluster, second);
  strictEqual(cluster.store.keptSince, 0);
  cluster.publisher();
  const [left] = await secondsLeft(cluster);
  strictEqual(left, 1_740 - 6 * 60);
});

Deno.test("Publisher that was away for days forgets nothing at once, and counts those days", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher();
  await report(cluster, ban(1), ban(2, 4 * DAY_MS));
  await first[Symbol.asyncDispose]();
  cluster.clock.step(3 * DAY_MS);
  const second = cluster.publisher({ keepHistoryMs: HOUR_MS });
  deepStrictEqual(await secondsLeft(cluster), [DAY_MS / 1_000]);
  await cluster.clock.advance(3 * MINUTE_MS);
  strictEqual(cluster.store.keptSince, 0);
  strictEqual([...cluster.store.table.bans()].length, 2);
  await second[Symbol.asyncDispose]();
});

Deno.test("PublisherClock believes a clock that is far ahead after an hour of running", async () => {
  const clock = new ManualClock();
  const store = new MemoryBanStore();
  await store.keepTime({ aheadMs: 0, seenMs: clock.nowMs() - 3 * DAY_MS });
  const before = store.time;
  const time = new PublisherClock({ store, clock, log: new MemoryLog() });
  const stop = new AbortController();
  const running = time.run(stop.signal).catch((error) => error);
  await clock.advance(HOUR_MS - 1_000);
  deepStrictEqual([time.mayForget, store.time], [false, before]);
  await clock.advance(1_000);
  strictEqual(time.mayForget, true);
  deepStrictEqual(store.time, { aheadMs: 0, seenMs: clock.nowMs() });
  stop.abort();
  strictEqual(await running, stop.signal.reason);
});
