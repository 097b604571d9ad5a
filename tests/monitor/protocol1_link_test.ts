import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { renderMessage } from "../../lib/wire/v1.ts";
import { banEvents } from "../support/values/core_values.ts";
import { LinkBench } from "../support/bench/link_bench.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryPublisher } from "../support/memory/memory_publisher.ts";
import { frames } from "../support/memory/memory_socket.ts";

const SILENT = () => undefined;

Deno.test("Protocol1Link sends each request once, in order, and settles it with its answer", async () => {
  await using bench = new LinkBench();
  const events = banEvents(5);
  await bench.submitAll(events);
  await bench.link.waitSettled(5, bench.stop.signal);
  deepStrictEqual(bench.publisher.heard, events.map(renderMessage));
  deepStrictEqual(bench.link.counters, {
    submitted: 5,
    acknowledged: 5,
    refused: 0,
    connectionsLost: 0,
  });
  deepStrictEqual(bench.log.withoutReports, []);
});

Deno.test("Protocol1Link puts the token before the message, and compares the answer without it", async () => {
  await using bench = new LinkBench((publisher) => {
    publisher.answer = (request) => request.replace(/^a-token\|/, "");
  }, { token: "a-token" });
  await bench.submitAll(banEvents(1));
  deepStrictEqual(bench.publisher.heard, ["a-token|web-1|sshd|Ban|198.18.0.0"]);
  strictEqual(bench.link.counters.acknowledged, 1);
});

Deno.test("Protocol1Link has several requests in flight", async () => {
  await using bench = new LinkBench((publisher) => publisher.holding = true);
  await bench.submitAll(banEvents(3));
  strictEqual(bench.publisher.heard.length, 3);
  strictEqual(bench.link.settled, 0);
  bench.publisher.release();
  await settled();
  strictEqual(bench.link.counters.acknowledged, 3);
});

Deno.test("Protocol1Link repeats over a fresh connection what had no answer for two seconds", async () => {
  await using bench = new LinkBench((publisher) => publisher.answer = SILENT);
  const events = banEvents(2);
  await bench.submitAll(events);
  await bench.clock.advance(1_999);
  strictEqual(bench.publisher.connection.closed, false);
  await bench.clock.advance(1);
  strictEqual(bench.publisher.connection.closed, true);
  bench.publisher.answer = (request) => request;
  await bench.clock.advance(99);
  strictEqual(bench.publisher.connections.length, 1);
  await bench.clock.advance(1);
  strictEqual(bench.publisher.connections.length, 2);
  const messages = events.map(renderMessage);
  deepStrictEqual(bench.publisher.heard, [...messages, ...messages]);
  deepStrictEqual(bench.link.counters, {
    submitted: 2,
    acknowledged: 2,
    refused: 0,
    connectionsLost: 1,
  });
});

Deno.test("Protocol1Link doubles its pause up to the bound, and begins anew after an answer", async () => {
  const madeAtMs: number[] = [];
  const publisher = new MemoryPublisher();
  const clock = new ManualClock();
  await using bench = new LinkBench(undefined, {
    clock,
    connect: () => {
      madeAtMs.push(clock.monotonicMs());
      return publisher.connect();
    },
    maxPauseMs: 700,
  });
  publisher.answer = SILENT;
  await bench.submitAll(banEvents(1));
  await clock.advance(14_000);
  const pauses = () =>
    madeAtMs.slice(1).map((atMs, index) =>
      atMs - (madeAtMs[index] ?? 0) - 2_000
    );
  deepStrictEqual(pauses(), [100, 200, 400, 700, 700]);
  publisher.answer = (request) => request;
  await clock.advance(2_000);
  strictEqual(bench.link.settled, 1);
  madeAtMs.length = 0;
  madeAtMs.push(clock.monotonicMs());
  publisher.answer = SILENT;
  await bench.submitAll(banEvents(1));
  await clock.advance(4_500);
  deepStrictEqual(pauses(), [100, 200]);
});

Deno.test("Protocol1Link settles a refused request, logs it and does not repeat it", async () => {
  await using bench = new LinkBench((publisher) => {
    publisher.answer = (request) =>
      request.endsWith("198.18.0.1") ? "NAK" : request.replace("a-token|", "");
  }, { token: "a-token" });
  for (const event of banEvents(3)) await bench.submitAll([event]);
  await bench.clock.advance(10_000);
  strictEqual(bench.publisher.heard.length, 3);
  deepStrictEqual(bench.link.counters, {
    submitted: 3,
    acknowledged: 2,
    refused: 1,
    connectionsLost: 0,
  });
  deepStrictEqual(bench.log.withoutReports, [{
    severity: "error",
    event: "refused by the publisher",
    fields: { action: "ban", jail: "sshd", address: "198.18.0.1" },
  }]);
});

const OUT_OF_STEP: readonly (readonly [what: string, answer: string[]])[] = [
  ["to the next request", ["", "web-1|sshd|Ban|198.18.0.1"]],
  ["to a request never made", ["", "web-1|sshd|Ban|192.0.2.1"]],
  ["in another case", ["", "web-1|sshd|BAN|198.18.0.0"]],
  ["with something behind", ["", "web-1|sshd|Ban|198.18.0.0\n"]],
  ["that is empty", ["", ""]],
  ["that begins like NAK", ["", "NAKED"]],
  ["without a delimiter", ["web-1|sshd|Ban|198.18.0.0"]],
  ["behind something else than a delimiter", [
    "x",
    "web-1|sshd|Ban|198.18.0.0",
  ]],
  ["of two frames", ["", "web-1|sshd|Ban|198.18.0.0", ""]],
  ["of no frame", []],
];

for (const [what, answer] of OUT_OF_STEP) {
  Deno.test(`Protocol1Link gives a connection up over an answer ${what}`, async () => {
    await using bench = new LinkBench((publisher) => publisher.answer = SILENT);
    const events = banEvents(2);
    await bench.submitAll(events);
    bench.publisher.connection.give(frames(...answer));
    await settled();
    strictEqual(bench.publisher.connection.closed, true);
    strictEqual(bench.link.settled, 0);
    bench.publisher.answer = (request) => request;
    await bench.clock.advance(100);
    strictEqual(bench.link.counters.acknowledged, 2);
    strictEqual(bench.link.counters.connectionsLost, 1);
  });
}

Deno.test("Protocol1Link gives a connection up over an answer to no request", async () => {
  await using bench = new LinkBench();
  bench.publisher.connection.give(frames("", "NAK"));
  await settled();
  strictEqual(bench.publisher.connection.closed, true);
  strictEqual(bench.link.settled, 0);
});

Deno.test("Protocol1Link tells once that no answers come, and once that they come again", async () => {
  await using bench = new LinkBench((publisher) => publisher.answer = SILENT);
  await bench.submitAll(banEvents(3));
  await bench.clock.advance(60_000);
  strictEqual(bench.link.reachable, false);
  bench.publisher.answer = (request) => request;
  await bench.clock.advance(10_000);
  strictEqual(bench.link.reachable, true);
  deepStrictEqual(bench.log.withoutReports.map(({ event }) => event), [
    "the publisher does not answer",
    "the publisher answers again",
  ]);
  deepStrictEqual(bench.log.withoutReports[0]?.fields, {
    reason: "no answer",
    waiting: 3,
  });
});

Deno.test("Protocol1Link keeps an idle connection, and gives the next request its full time", async () => {
  await using bench = new LinkBench((publisher) => publisher.holding = true);
  await bench.clock.advance(3_600_000);
  await bench.submitAll(banEvents(1));
  await bench.clock.advance(1_999);
  bench.publisher.release();
  await settled();
  strictEqual(bench.link.settled, 1);
  strictEqual(bench.publisher.connections.length, 1);
});

Deno.test("Protocol1Link keeps a connection whose answers are slow but come", async () => {
  await using bench = new LinkBench((publisher) => publisher.holding = true);
  await bench.submitAll(banEvents(5));
  for (let answers = 1; answers <= 5; answers++) {
    await bench.clock.advance(1_999);
    bench.publisher.release(1);
    await settled();
    strictEqual(bench.link.settled, answers);
  }
  strictEqual(bench.publisher.connections.length, 1);
});

Deno.test("Protocol1Link.submit() waits while the window is full", async () => {
  await using bench = new LinkBench((publisher) => publisher.holding = true, {
    maxPending: 2,
  });
  const submitting = bench.submitAll(banEvents(3));
  await settled();
  strictEqual(bench.link.counters.submitted, 2);
  bench.publisher.release();
  await submitting;
  strictEqual(bench.link.counters.submitted, 3);
  strictEqual(bench.publisher.heard.length, 3);
});

Deno.test("Protocol1Link.submit() holds no more than its window, whoever waits", async () => {
  await using bench = new LinkBench((publisher) => publisher.holding = true, {
    maxPending: 1,
  });
  const submitting = banEvents(3).map((event) =>
    bench.link.submit(event, bench.stop.signal)
  );
  for (let submitted = 1; submitted <= 3; submitted++) {
    await settled();
    strictEqual(bench.link.counters.submitted, submitted);
    bench.publisher.release();
  }
  await Promise.all(submitting);
  strictEqual(bench.publisher.heard.length, 3);
});
