import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { Heartbeat } from "../../lib/notify/heartbeat.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemoryReceiver, TARGET } from "../support/memory/memory_receiver.ts";

Deno.test("a Heartbeat is asked for every minute, first after one, and never while a fault stands", async () => {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const asker = new MemoryReceiver();
  let isHealthy = true;
  const heartbeat = new Heartbeat({
    ...{ target: TARGET, asker, clock, log, isHealthy: () => isHealthy },
  });
  const stop = new AbortController();
  const running = heartbeat.run(stop.signal);
  await clock.advance(59_999);
  strictEqual(asker.asked.length, 0);
  await clock.advance(1);
  strictEqual(asker.asked.length, 1);
  strictEqual(asker.asked[0]?.json, undefined);
  isHealthy = false;
  await clock.advance(600_000);
  strictEqual(asker.asked.length, 1);
  isHealthy = true;
  await clock.advance(60_000);
  strictEqual(asker.asked.length, 2);
  stop.abort("stop");
  await rejects(running, (reason) => reason === "stop");
  deepStrictEqual(log.records, []);
});

Deno.test("a Heartbeat that fails for an hour is one line with a hint, and one when it is over", async () => {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const asker = new MemoryReceiver();
  const heartbeat = new Heartbeat({
    ...{ target: TARGET, asker, clock, log, isHealthy: () => true },
  });
  const stop = new AbortController();
  const running = heartbeat.run(stop.signal);
  asker.trouble = new RuntimeError("nobody listens", { hint: "start it" });
  await clock.advance(3_600_000);
  deepStrictEqual(heartbeat.counters, { ok: 0, failed: 60 });
  asker.trouble = undefined;
  await clock.advance(60_000);
  stop.abort("stop");
  await rejects(running, (reason) => reason === "stop");
  deepStrictEqual(log.events, [
    "no heartbeat: its receiver can't be reached",
    "the heartbeat's receiver is reached again",
  ]);
  strictEqual(log.records[0]?.fields["hint"], "start it");
});

Deno.test("a bug of who asks for a Heartbeat ends it", async () => {
  const clock = new ManualClock();
  const asker = new MemoryReceiver();
  asker.trouble = new RangeError("a bug");
  const heartbeat = new Heartbeat({
    ...{ target: TARGET, asker, clock, isHealthy: () => true },
    log: new MemoryLog(),
  });
  const ended = rejects(heartbeat.run(new AbortController().signal), /a bug/);
  await clock.advance(60_000);
  await ended;
});
