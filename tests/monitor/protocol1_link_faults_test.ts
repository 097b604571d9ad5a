import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { renderMessage } from "../../lib/wire/v1.ts";
import { banEvent, banEvents } from "../support/values/core_values.ts";
import { LinkBench } from "../support/bench/link_bench.ts";
import { settled } from "../support/memory/manual_clock.ts";
import type { MemoryPublisher } from "../support/memory/memory_publisher.ts";

const silence = (publisher: MemoryPublisher) => {
  publisher.answer = () => undefined;
};

/** Where a link may be when it is told to stop. */
const WAITS: readonly (readonly [
  where: string,
  reach: (bench: LinkBench) => Promise<void>,
])[] = [
  ["before it has done anything", () => Promise.resolve()],
  ["while it has nothing to do", () => settled()],
  ["while it waits for an answer", (bench) => bench.submitAll(banEvents(2))],
  ["while a send waits", async (bench) => {
    bench.publisher.connection.blocked = true;
    await bench.submitAll(banEvents(2));
  }],
  ["during its pause", async (bench) => {
    await bench.submitAll(banEvents(2));
    await bench.clock.advance(2_050);
  }],
  ["after another connection", async (bench) => {
    await bench.submitAll(banEvents(2));
    await bench.clock.advance(2_100);
  }],
];

for (const [where, reach] of WAITS) {
  Deno.test(`Protocol1Link.run() ends at once when stopped ${where}, and leaves nothing open`, async () => {
    await using bench = new LinkBench(silence);
    await reach(bench);
    bench.stop.abort(new Error("stopped"));
    let ended = false;
    bench.running.then(() => ended = true);
    await settled();
    strictEqual(ended, true);
    strictEqual(bench.clock.delays, 0);
    const open = bench.publisher.connections.filter(({ closed }) => !closed);
    strictEqual(open.length, 0);
  });
}

Deno.test("Protocol1Link.submit() and waitSettled() end at once when aborted", async () => {
  await using bench = new LinkBench(silence, { maxPending: 1 });
  await bench.submitAll(banEvents(1));
  const stop = new AbortController();
  const reason = new Error("stopped");
  const waits = [
    bench.link.submit(banEvent("web-1|sshd|Ban|192.0.2.1"), stop.signal),
    bench.link.waitSettled(1, stop.signal),
  ];
  const ends = waits.map((wait) => rejects(wait, reason));
  stop.abort(reason);
  await Promise.all(ends);
  strictEqual(bench.link.counters.submitted, 1);
});

Deno.test("Protocol1Link.run() throws what a socket throws, and closes the socket", async () => {
  const bench = new LinkBench();
  bench.publisher.connection.onSend = () => {
    throw new RuntimeError("the network is down");
  };
  const failing = rejects(bench.running, { message: "the network is down" });
  await bench.submitAll(banEvents(1));
  await failing;
  strictEqual(bench.publisher.connection.closed, true);
  strictEqual(bench.clock.delays, 0);
});

Deno.test("Protocol1Link closes a connection before it opens the next", async () => {
  await using bench = new LinkBench((publisher) => {
    publisher.lifetimes = [0, 1, 2, 3, 4];
  });
  await bench.submitAll(banEvents(3));
  await bench.clock.advance(60_000);
  strictEqual(bench.link.settled, 3);
  strictEqual(bench.publisher.connections.length > 3, true);
  strictEqual(bench.publisher.mostOpen, 1);
});

Deno.test("Protocol1Link takes no refusal for that of a request which a publisher died with, unnoticed", async () => {
  const [lost, refused] = banEvents(2);
  if (lost === undefined || refused === undefined) throw new Error("No events");
  await using bench = new LinkBench((publisher) => {
    publisher.holding = true;
    publisher.answer = (request) =>
      request === renderMessage(refused) ? "NAK" : request;
  });
  await bench.submitAll([lost]);
  bench.publisher.restart();
  bench.publisher.holding = false;
  await bench.submitAll([refused]);
  await bench.clock.advance(10_000);
  const { acknowledged, refused: refusals } = bench.link.counters;
  deepStrictEqual([acknowledged, refusals], [1, 1]);
  deepStrictEqual(
    bench.log.withoutReports.map((
      { event, fields },
    ) => [event, fields?.["address"]]),
    [["refused by the publisher", refused.address]],
  );
});

Deno.test("Protocol1Link sends one by one once a refusal may be another's, and several again once answers are acknowledgements", async () => {
  const events = banEvents(9);
  const heardAtOnce: number[] = [];
  await using bench = new LinkBench((publisher) => {
    publisher.holding = true;
    publisher.answer = (request) => /\.[012]$/.test(request) ? "NAK" : request;
  });
  await bench.submitAll(events.slice(0, 4));
  bench.publisher.release();
  await settled();
  for (let count = 0; count < 4; count++) {
    const before = bench.publisher.heard.length;
    bench.publisher.release();
    await settled();
    heardAtOnce.push(bench.publisher.heard.length - before);
  }
  deepStrictEqual(heardAtOnce, [1, 1, 1, 0]);
  strictEqual(bench.link.counters.refused, 3);
  const before = bench.publisher.heard.length;
  await bench.submitAll(events.slice(4));
  strictEqual(bench.publisher.heard.length - before, 5);
});

/** The order in which each message came for the first time. */
function firstComings(heard: readonly string[]): string[] {
  return [...new Set(heard)];
}

Deno.test("Protocol1Link loses nothing and keeps the order, at whichever message connections die", async () => {
  const faults = fc.record({
    lifetimes: fc.array(fc.nat(25), { maxLength: 8 }),
    maxPending: fc.integer({ min: 1, max: 8 }),
    holding: fc.boolean(),
    refusedAt: fc.nat(11),
    forgotten: fc.uniqueArray(fc.nat(30), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(
      faults,
      async ({ lifetimes, maxPending, holding, refusedAt, forgotten }) => {
        const messages = banEvents(12).map(renderMessage);
        await using bench = new LinkBench((publisher) => {
          publisher.lifetimes = lifetimes;
          publisher.holding = holding;
          publisher.forgotten = forgotten;
          publisher.answer = (request) =>
            request === messages[refusedAt] ? "NAK" : request;
        }, { maxPending });
        const submitting = bench.submitAll(banEvents(12));
        for (let round = 0; round < 200 && bench.link.settled < 12; round++) {
          await bench.clock.advance(500);
          bench.publisher.release();
        }
        await submitting;
        const { acknowledged, refused, connectionsLost } = bench.link.counters;
        deepStrictEqual([acknowledged, refused], [11, 1]);
        deepStrictEqual(firstComings(bench.publisher.heard), messages);
        strictEqual(bench.publisher.connections.length, connectionsLost + 1);
        const told = bench.log.withoutReports.filter(({ severity }) =>
          severity === "error"
        );
        deepStrictEqual(told.map(({ fields }) => fields?.["address"]), [
          banEvents(12)[refusedAt]?.address,
        ]);
        const repeats = bench.publisher.heard.length - messages.length;
        strictEqual(repeats <= connectionsLost * maxPending, true);
      },
    ),
    { numRuns: 60 },
  );
});
