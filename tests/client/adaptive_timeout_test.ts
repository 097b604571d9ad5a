import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { AdaptiveTimeout } from "../../lib/client/adaptive_timeout.ts";
import { ControlClient } from "../../lib/client/control_client.ts";
import { BYE_MS } from "../../lib/client/farewell.ts";
import type { MessageSocket } from "../../lib/zmq/ports.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { host, IDLE_MONITOR, PLACE } from "../support/values/core_values.ts";
import { banReports, EventBench } from "../support/bench/event_bench.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryControl } from "../support/memory/memory_control.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

Deno.test("AdaptiveTimeout doubles up to eight times without an answer, and halves after some", () => {
  const answerTimeout = new AdaptiveTimeout();
  const waits = [false, false, false, false, true, true, true, true]
    .map((answered) => {
      answerTimeout.note({ answered });
      return answerTimeout.of(1_000);
    });
  deepStrictEqual(waits, [
    2_000,
    4_000,
    8_000,
    8_000,
    4_000,
    2_000,
    1_000,
    1_000,
  ]);
});

Deno.test("Protocol2Link gets through to a publisher each of whose answers takes longer than it usually waits", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  await bench.submitAll(banReports(2));
  for (let answers = 0; answers < 4; answers++) {
    await bench.clock.advance(3_000);
    bench.publisher.release();
    await settled();
  }
  strictEqual(bench.link.settled, 2);
  strictEqual(bench.publisher.connections.length, 2);
  // Now that it is known how long it takes, nothing is said twice.
  await bench.submitAll(banReports(1));
  await bench.clock.advance(3_000);
  bench.publisher.release();
  await settled();
  strictEqual(bench.link.settled, 3);
  strictEqual(bench.publisher.connections.length, 2);
});

Deno.test("Protocol2Link is no more patient than usual with a publisher that was away", async () => {
  await using bench = new EventBench((publisher) => publisher.silent = true);
  await bench.submitAll(banReports(1));
  await bench.clock.advance(600_000);
  bench.publisher.silent = false;
  bench.publisher.holding = true;
  await bench.clock.advance(7_000);
  const { length } = bench.publisher.connections;
  await bench.clock.advance(7_000);
  strictEqual(bench.publisher.connections.length > length, true);
});

Deno.test("ControlClient waits for WELCOME from when the connection stands: that may take as long again", async () => {
  const publisher = new MemoryControl();
  const clock = new ManualClock();
  const slow = (socket: MessageSocket): MessageSocket => ({
    async send(frames, signal) {
      await clock.delay(1_500, signal);
      await socket.send(frames, signal);
    },
    async receive(signal) {
      const frames = await socket.receive(signal);
      await clock.delay(1_500, signal);
      return frames;
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  });
  const session = new ControlClient({
    clock,
    log: new MemoryLog(),
    node: host("web-1"),
    role: "monitor",
    connect: () => slow(publisher.connect()),
    token: () => "",
    version: "1.2.3",
    place: PLACE,
    condition: () => IDLE_MONITOR,
  });
  const stop = new AbortController();
  const running = session.run(
    stop.signal,
    (_, signal) => new Condition().wait(signal),
  );
  await clock.advance(3_000);
  deepStrictEqual(session.counters, { sessions: 1, lost: 0 });
  stop.abort();
  await clock.advance(BYE_MS);
  await running;
});
