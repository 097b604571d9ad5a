import { BYE_MS } from "../../lib/client/farewell.ts";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { ErrorCode } from "../../lib/wire/v2_messages.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  banReports,
  EventBench,
  reportsOf,
} from "../support/bench/event_bench.ts";
import { settled } from "../support/memory/manual_clock.ts";

/** Where a link may be when it is told to stop. */
const STAGES: Readonly<
  Record<string, (bench: EventBench) => Promise<unknown>>
> = {
  "before it has done anything": () => Promise.resolve(),
  "while it has nothing to do": () => settled(),
  "while it waits for an answer": (bench) => bench.submitAll(banReports(2)),
  "while a send waits": async (bench) => {
    await settled();
    bench.publisher.connection.blocked = true;
    await bench.submitAll(banReports(2));
  },
  "during its pause": async (bench) => {
    await bench.submitAll(banReports(2));
    await bench.clock.advance(2_050);
  },
  "after another connection": async (bench) => {
    await bench.submitAll(banReports(2));
    await bench.clock.advance(2_100);
  },
};

for (const [stage, reach] of Object.entries(STAGES)) {
  Deno.test(`Protocol2Link.run() ends with its BYE when stopped ${stage}, and leaves nothing open`, async () => {
    await using bench = new EventBench((publisher) => publisher.holding = true);
    await reach(bench);
    bench.stop.abort(new Error("stopped"));
    await bench.clock.advance(BYE_MS);
    await bench.running;
    strictEqual(bench.clock.delays, 0);
    strictEqual(
      bench.publisher.connections.every(({ closed }) => closed),
      true,
    );
  });
}

Deno.test("Protocol2Link.submit() and waitSettled() end at once when aborted", async () => {
  await using bench = new EventBench((publisher) => publisher.silent = true, {
    maxPending: 1,
  });
  await bench.submitAll(banReports(1));
  const stop = new AbortController();
  const reason = new Error("stopped");
  const [, second] = banReports(2);
  ok(second);
  const ends = [
    bench.link.submit(second, stop.signal),
    bench.link.waitSettled(1, stop.signal),
  ].map((wait) => rejects(wait, reason));
  stop.abort(reason);
  await Promise.all(ends);
  strictEqual(bench.link.counters.submitted, 1);
});

Deno.test("Protocol2Link.run() throws what a socket throws, and closes the socket", async () => {
  await using bench = new EventBench();
  await settled();
  bench.publisher.connection.onSend = () => {
    throw new RuntimeError("the network is down");
  };
  await bench.submitAll(banReports(1));
  await rejects(bench.running, { message: "the network is down" });
  strictEqual(bench.publisher.connection.closed, true);
});

const OUT_OF_STEP: Readonly<Record<string, (bench: EventBench) => void>> = {
  "with too many results": ({ publisher }) =>
    publisher.say({
      kind: "ACK",
      batch: 1,
      results: [ACCEPTED, ACCEPTED, ACCEPTED],
    }),
  "with too few results": ({ publisher }) =>
    publisher.say({ kind: "ACK", batch: 1, results: [ACCEPTED] }),
  "of another kind": ({ publisher }) =>
    publisher.say({
      kind: "CHANGES",
      epoch: publisher.epoch,
      from: 0,
      to: 0,
      seq: 0,
      changes: [],
    }),
};

const ACCEPTED = { outcome: "accepted", rule: "", change: 1 } as const;

for (const [what, say] of Object.entries(OUT_OF_STEP)) {
  Deno.test(`Protocol2Link gives a conversation up over an answer ${what}`, async () => {
    await using bench = new EventBench((publisher) => publisher.holding = true);
    const submitting = bench.submitAll(banReports(2));
    await submitting;
    say(bench);
    await settled();
    strictEqual(bench.publisher.connection.closed, true);
    strictEqual(bench.link.settled, 0);
    bench.publisher.holding = false;
    await bench.clock.advance(100);
    strictEqual(bench.link.settled, 2);
  });
}

Deno.test("Protocol2Link ignores an answer to a batch that it did not send, or had an answer to", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  await bench.submitAll(banReports(1));
  const results = [ACCEPTED, ACCEPTED];
  bench.publisher.say({ kind: "ACK", batch: 7, results });
  bench.publisher.release((held) => [...held, ...held]);
  await settled();
  strictEqual(bench.publisher.connection.closed, false);
  strictEqual(bench.link.counters.acknowledged, 1);
});

/** What happens to messages between a link and its publisher. */
const FAULTS = fc.record({
  lifetimes: fc.array(fc.nat(12), { maxLength: 6 }),
  lost: fc.array(fc.nat(40), { maxLength: 10 }),
  stumbles: fc.array(fc.constantFrom<ErrorCode>("busy", "store", "session"), {
    maxLength: 4,
  }),
  maxPending: fc.integer({ min: 1, max: 12 }),
  maxEvents: fc.integer({ min: 1, max: 4 }),
  maxInFlight: fc.integer({ min: 1, max: 4 }),
  holding: fc.boolean(),
  restartAt: fc.nat(10),
  events: fc.array(fc.tuple(fc.boolean(), fc.nat(3)), {
    minLength: 1,
    maxLength: 25,
  }),
});

Deno.test("whatever is lost or repeated between link and publisher, each event counts once, and an address's in order", async () => {
  await fc.assert(
    fc.asyncProperty(FAULTS, async (faults) => {
      const { maxPending, maxInFlight, events } = faults;
      const reports = reportsOf(
        events.map(([isBan, which]) =>
          `web-1|sshd|${isBan ? "Ban" : "Unban"}|192.0.2.${which}`
        ),
      );
      await using bench = new EventBench((publisher) => {
        publisher.lifetimes = faults.lifetimes;
        publisher.lost = new Set(faults.lost);
        publisher.stumbles.push(...faults.stumbles);
        publisher.maxEvents = faults.maxEvents;
        publisher.holding = faults.holding;
      }, { maxPending, maxInFlight });
      const { link, publisher, clock } = bench;
      const submitting = bench.submitAll(reports);
      for (let round = 0; link.settled < reports.length; round++) {
        ok(round < 1_000, "nothing gets on any more");
        if (round === faults.restartAt) publisher.restart();
        await clock.advance(500);
        publisher.release((held) => held.reverse());
        await settled();
      }
      await submitting;
      const idsOf = (list: readonly { id: string; address: string }[]) =>
        Object.fromEntries(
          [...Map.groupBy(list, ({ address }) => address)]
            .map(([address, group]) => [address, group.map(({ id }) => id)]),
        );
      deepStrictEqual(idsOf(publisher.counted), idsOf(reports));
      strictEqual(link.counters.acknowledged, reports.length);
      strictEqual(publisher.mostOpen, 1);
    }),
    { numRuns: 60 },
  );
});
