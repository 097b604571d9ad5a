import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import type { BanAction } from "../../lib/enforce/enforcer.ts";
import { judgeBroadcast } from "../../lib/subscriber/protocol1_subscriber.ts";
import { renderMessage } from "../../lib/wire/v1.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "../support/values/bad_frames.ts";
import { banEvent, banEvents, host } from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { MemoryAction } from "../support/memory/memory_action.ts";
import { frames } from "../support/memory/memory_socket.ts";
import { SubscriberBench } from "../support/bench/subscriber_bench.ts";

const HERE = { hostName: host("Web-1.example.net"), choice: TAKE_ALL };
const GOOD = "web-2|sshd|Ban|192.0.2.1";

Deno.test("judgeBroadcast() has a good message of another host acted on", () => {
  for (const message of [GOOD, "web-2|sshd|Unban|2001:db8::/48"]) {
    const verdict = judgeBroadcast(frames(message), HERE);
    deepStrictEqual(verdict, { kind: "act", event: banEvent(message) });
  }
});

Deno.test("judgeBroadcast() rejects what can't be read, for the reason that it can't", () => {
  for (const [what, message, reason] of BAD_MESSAGES) {
    const verdict = judgeBroadcast(message, HERE);
    deepStrictEqual(verdict, { kind: "reject", reason }, what);
  }
  for (const [message, reason] of BAD_FIELDS) {
    const verdict = judgeBroadcast(frames(message), HERE);
    deepStrictEqual(verdict, { kind: "reject", reason }, message);
  }
});

Deno.test("judgeBroadcast() knows this host's own reports, whatever the case of its name", () => {
  for (
    const name of [
      "Web-1.example.net",
      "web-1.example.net",
      "WEB-1.EXAMPLE.NET",
    ]
  ) {
    const verdict = judgeBroadcast(
      frames(`${name}|sshd|Ban|127.0.0.1`),
      HERE,
    );
    strictEqual(verdict.kind, "own");
  }
  for (const name of ["web-1", "web-1.example.net.x", "web-10.example.net"]) {
    const verdict = judgeBroadcast(
      frames(`${name}|sshd|Ban|192.0.2.1`),
      HERE,
    );
    strictEqual(verdict.kind, "act");
  }
});

Deno.test("Subscriber gives every action the events in order, and counts what came", async () => {
  const actions = [new MemoryAction("first"), new MemoryAction("second")];
  await using bench = new SubscriberBench({ actions });
  const messages = banEvents(5).map(renderMessage);
  await bench.hear(...messages);
  for (const { calls } of actions) deepStrictEqual(calls.flat(), messages);
  deepStrictEqual(bench.counters, {
    received: 5,
    taken: 5,
    failed: 0,
    own: 0,
    leftOut: 0,
    rejected: 0,
  });
});

Deno.test("Subscriber acts on nothing that is its own or not understood", async () => {
  await using bench = new SubscriberBench();
  await bench.hear(
    "WEB-1.example.net|sshd|Ban|192.0.2.1",
    "secret|web-2|sshd|Ban|192.0.2.1",
    "",
    GOOD,
  );
  deepStrictEqual(bench.action.calls, [[GOOD]]);
  deepStrictEqual(bench.counters, {
    received: 4,
    taken: 1,
    failed: 0,
    own: 1,
    leftOut: 0,
    rejected: 2,
  });
  deepStrictEqual(
    bench.log.records.map(({ event, fields }) => [event, fields]),
    [
      ["own report heard", { jail: "sshd", address: "192.0.2.1" }],
      ["message not understood", { reason: "fields" }],
      ["message not understood", { reason: "fields" }],
    ],
  );
});

Deno.test("Subscriber lets no failing action stop the others, and counts and tells the failure", async () => {
  const failing = new MemoryAction("failing");
  failing.failure = new RuntimeError("no room");
  const throwing: BanAction = {
    name: "throwing",
    act: () => {
      throw new TypeError("at once");
    },
  };
  const good = new MemoryAction("good");
  await using bench = new SubscriberBench({
    actions: [throwing, failing, good],
  });
  await bench.hear(GOOD);
  await bench.hear(GOOD);
  deepStrictEqual(good.calls, [[GOOD], [GOOD]]);
  strictEqual(bench.counters.failed, 2);
  strictEqual(bench.counters.taken, 0);
  deepStrictEqual(bench.log.records.slice(0, 2).map(({ fields }) => fields), [
    { action: "throwing", events: 1, reason: "TypeError: at once" },
    { action: "failing", events: 1, reason: "RuntimeError: no room" },
  ]);
});

Deno.test("Subscriber logs a handful of failures of its actions, and how many more there were", async () => {
  await using bench = new SubscriberBench();
  bench.action.failure = new RuntimeError("no room");
  for (let count = 0; count < 50; count++) await bench.hear(GOOD);
  bench.stop.abort();
  await bench.running;
  strictEqual(bench.counters.failed, 50);
  strictEqual(bench.log.records.length, 11);
  deepStrictEqual(bench.log.records.at(-1)?.fields, {
    of: "action failed",
    records: 40,
  });
});

Deno.test("Subscriber hears no more while its queue is full, and loses none of what waits", async () => {
  await using bench = new SubscriberBench({ maxWaiting: 3 });
  bench.action.paused = true;
  const messages = banEvents(10).map(renderMessage);
  await bench.hear(...messages);
  strictEqual(bench.action.calls.length, 1);
  const atWork = bench.action.calls.flat().length;
  strictEqual(bench.counters.received, atWork + 3);
  strictEqual(bench.broadcasts.unread, 10 - atWork - 3);
  bench.action.resume();
  await settled();
  deepStrictEqual(bench.action.calls.flat(), messages);
  ok(bench.action.calls.every((events) => events.length <= 3));
});

Deno.test("Subscriber still acts on what it heard before it was stopped", async () => {
  const bench = new SubscriberBench();
  bench.action.paused = true;
  const messages = banEvents(4).map(renderMessage);
  await bench.hear(...messages);
  bench.stop.abort();
  await settled();
  bench.action.resume();
  await bench.running;
  deepStrictEqual(bench.action.calls.flat(), messages);
  strictEqual(bench.counters.taken, 4);
  strictEqual(bench.clock.delays, 0);
});

Deno.test("Subscriber acts on what it hears in the moment of the stop", async () => {
  const bench = new SubscriberBench();
  await settled();
  bench.broadcasts.give(frames(GOOD));
  bench.stop.abort();
  await bench.running;
  strictEqual(bench.broadcasts.unread, 0);
  deepStrictEqual(bench.action.calls, [[GOOD]]);
});

Deno.test("Subscriber ends half a second after the stop, whatever its actions do, and says what was not done", async () => {
  const bench = new SubscriberBench();
  bench.action.paused = true;
  await bench.hear(...banEvents(4).map(renderMessage));
  await bench.clock.advance(60_000);
  strictEqual(bench.action.calls.length, 1);
  bench.stop.abort();
  let ended = false;
  bench.running.then(() => ended = true);
  await bench.clock.advance(499);
  strictEqual(ended, false);
  await bench.clock.advance(1);
  strictEqual(ended, true);
  const { taken, failed } = bench.counters;
  deepStrictEqual([taken, failed], [0, 4]);
  deepStrictEqual([...new Set(bench.log.events)], ["action failed"]);
});

Deno.test("Subscriber ends at once when stopped while nothing is to be done, or before", async () => {
  const bench = new SubscriberBench();
  await settled();
  bench.stop.abort(new Error("stopped"));
  await bench.running;
  strictEqual(bench.clock.delays, 0);
});

Deno.test("Subscriber throws what its socket throws, after it has acted on what it heard", async () => {
  const bench = new SubscriberBench();
  const failing = rejects(bench.running, { message: "gone" });
  bench.broadcasts.give(frames(GOOD));
  bench.broadcasts.fail(new RuntimeError("gone"));
  await failing;
  deepStrictEqual(bench.action.calls, [[GOOD]]);
});

Deno.test("Subscriber logs a handful of a flood of bad messages, and none of their text", async () => {
  await using bench = new SubscriberBench();
  const part = fc.constantFrom(
    "s3cret",
    "|",
    "|",
    "web-2",
    "Banned",
    "192.0.2.1",
    " ",
  );
  const messages = fc.sample(
    fc.array(part, { maxLength: 8 }).map((parts) => `s3cret|${parts.join("")}`),
    1_000,
  );
  await bench.hear(...messages);
  bench.stop.abort();
  await bench.running;
  strictEqual(bench.counters.rejected, 1_000);
  strictEqual(bench.log.records.length, 11);
  ok(!bench.log.text.includes("s3cret"));
});
