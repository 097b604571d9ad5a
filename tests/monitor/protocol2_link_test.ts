import { PLACE } from "../support/values/core_values.ts";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { MAX_SPAN_MS } from "../../lib/wire/v2.ts";
import {
  banReports,
  EventBench,
  reportsOf,
} from "../support/bench/event_bench.ts";
import { settled } from "../support/memory/manual_clock.ts";

const MINUTE_MS = 60_000;

Deno.test("Protocol2Link says HELLO, then sends a single event at once", async () => {
  await using bench = new EventBench();
  await bench.submitAll(banReports(1));
  await bench.link.waitSettled(1, bench.stop.signal);
  const [hello, events] = bench.publisher.heard
    .filter(({ kind }) => kind !== "STATE");
  deepStrictEqual(hello, {
    kind: "HELLO",
    node: "web-1",
    role: "monitor",
    version: "1.2.3",
    token: "a-token",
    speaks: { from: 1, to: 1 },
    place: PLACE,
  });
  deepStrictEqual(events, {
    kind: "EVENTS",
    session: "0".repeat(31) + "1",
    batch: 1,
    events: [{
      kind: "ban",
      id: "event-0000000000000000",
      jail: "sshd",
      address: "198.18.0.0",
      remainingMs: null,
      agoMs: 0,
    }],
  });
  deepStrictEqual(bench.link.counters, {
    submitted: 1,
    acknowledged: 1,
    known: 0,
    refused: 0,
    expired: 0,
    batches: 1,
    connectionsLost: 0,
  });
  deepStrictEqual(bench.log.withoutReports, []);
  const told = bench.log.records.at(-1);
  deepStrictEqual([told?.event, told?.fields["change"]], ["reported ban", 1]);
});

Deno.test("Protocol2Link sends together what comes while answers are awaited, in batches the publisher allows", async () => {
  await using bench = new EventBench((publisher) => {
    publisher.holding = true;
    publisher.maxEvents = 10;
  });
  for (const report of banReports(27)) await bench.submitAll([report]);
  deepStrictEqual(bench.publisher.batches.map(({ length }) => length), [
    1,
    1,
    1,
    1,
  ]);
  bench.publisher.holding = false;
  bench.publisher.release();
  await settled();
  deepStrictEqual(bench.publisher.batches.map(({ length }) => length), [
    1,
    1,
    1,
    1,
    10,
    10,
    3,
  ]);
  strictEqual(bench.link.settled, 27);
});

Deno.test("Protocol2Link tells the time that is left when it sends, whatever the host's clock does meanwhile", async () => {
  await using bench = new EventBench((publisher) => publisher.silent = true);
  const expiresMs = bench.clock.nowMs() + 10 * MINUTE_MS;
  await bench.submitAll(banReports(1, expiresMs));
  await bench.clock.advance(MINUTE_MS);
  // The host's clock is set back by an hour: 9 minutes are left all the same.
  const nowMs = bench.clock.nowMs.bind(bench.clock);
  bench.clock.nowMs = () => nowMs() - 60 * MINUTE_MS;
  bench.publisher.silent = false;
  await bench.clock.advance(7_000);
  const [event] = bench.publisher.counted;
  ok(event?.kind === "ban");
  const leftMs = Number(event.remainingMs);
  ok(leftMs <= 9 * MINUTE_MS && leftMs >= 9 * MINUTE_MS - 7_000, `${leftMs}`);
});

Deno.test("Protocol2Link tells how long ago a ban was made, when it sends", async () => {
  await using bench = new EventBench((publisher) => publisher.silent = true);
  const [first, second] = banReports(2);
  ok(first && second);
  const madeMs = bench.clock.nowMs() - 2 * MINUTE_MS;
  await bench.submitAll([{ ...first, madeMs }, second]);
  await bench.clock.advance(MINUTE_MS);
  bench.publisher.silent = false;
  await bench.clock.advance(7_000);
  const ages = bench.publisher.counted.map((event) =>
    event.kind === "ban" ? Math.floor(event.agoMs / MINUTE_MS) : undefined
  );
  deepStrictEqual(ages, [3, 1]);
});

Deno.test("Protocol2Link tells a time that is longer than can be told as without end", async () => {
  await using bench = new EventBench();
  const nowMs = bench.clock.nowMs();
  const [first] = banReports(1, nowMs + MAX_SPAN_MS);
  const [, second] = banReports(2, nowMs + MAX_SPAN_MS + 1);
  ok(first && second);
  await bench.submitAll([first, second]);
  deepStrictEqual(
    bench.publisher.counted.map((event) =>
      event.kind === "ban" && event.remainingMs
    ),
    [MAX_SPAN_MS, null],
  );
});

Deno.test("Protocol2Link drops bans whose time is over and counts them; unbans go", async () => {
  await using bench = new EventBench((publisher) => publisher.silent = true);
  const expiresMs = bench.clock.nowMs() + MINUTE_MS;
  await bench.submitAll([
    ...reportsOf(["web-1|sshd|Ban|192.0.2.1"], expiresMs - 2 * MINUTE_MS),
    ...reportsOf([
      "web-1|sshd|Ban|192.0.2.2",
      "web-1|sshd|Unban|192.0.2.2",
    ], expiresMs),
  ]);
  await bench.clock.advance(2 * MINUTE_MS);
  bench.publisher.silent = false;
  await bench.clock.advance(10_000);
  deepStrictEqual(
    bench.publisher.counted.map(({ kind, address }) => `${kind} ${address}`),
    ["unban 192.0.2.2"],
  );
  const { expired, acknowledged } = bench.link.counters;
  deepStrictEqual({ expired, acknowledged }, { expired: 2, acknowledged: 1 });
  strictEqual(bench.link.settled, 3);
});

Deno.test("Protocol2Link settles what is over although nothing is left to send", async () => {
  await using bench = new EventBench();
  await bench.submitAll(banReports(3, bench.clock.nowMs()));
  strictEqual(bench.link.settled, 3);
  deepStrictEqual(bench.publisher.batches, []);
});

Deno.test("Protocol2Link counts what is known as acknowledged, and logs what is refused with its rule, once", async () => {
  await using bench = new EventBench((publisher) => {
    publisher.judge = ({ address }) =>
      address === "198.18.0.1"
        ? { outcome: "refused", rule: "private", change: null }
        : address === "198.18.0.2"
        ? { outcome: "known", rule: "", change: null }
        : { outcome: "accepted", rule: "", change: 1 };
  });
  await bench.submitAll(banReports(3));
  await bench.clock.advance(60_000);
  const { acknowledged, known, refused, batches } = bench.link.counters;
  deepStrictEqual({ acknowledged, known, refused }, {
    acknowledged: 2,
    known: 1,
    refused: 1,
  });
  strictEqual(bench.publisher.batches.length, batches);
  strictEqual(bench.link.settled, 3);
  deepStrictEqual(bench.log.withoutReports, [{
    severity: "error",
    event: "refused by the publisher",
    fields: {
      action: "ban",
      jail: "sshd",
      address: "198.18.0.1",
      rule: "private",
    },
  }]);
});

Deno.test("Protocol2Link sends again over a fresh connection, with the same ids, what had no answer for two seconds", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  await bench.submitAll(banReports(2));
  await bench.clock.advance(1_999);
  strictEqual(bench.publisher.connection.closed, false);
  await bench.clock.advance(1);
  strictEqual(bench.publisher.connection.closed, true);
  bench.publisher.holding = false;
  await bench.clock.advance(100);
  strictEqual(bench.publisher.connections.length, 2);
  deepStrictEqual(bench.publisher.counted.map(({ id }) => id), [
    "event-0000000000000000",
    "event-0000000000000001",
  ]);
  // The answers that were kept belong to a connection that is gone.
  bench.publisher.release();
  await settled();
  const { acknowledged, known, connectionsLost } = bench.link.counters;
  deepStrictEqual([acknowledged, known, connectionsLost], [2, 2, 1]);
  deepStrictEqual(bench.log.withoutReports.map(({ event }) => event), [
    "no conversation with the publisher",
    "the publisher answers again",
  ]);
});

Deno.test("Protocol2Link keeps a conversation whose answers are slow but come", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  for (const report of banReports(4)) await bench.submitAll([report]);
  for (let answers = 1; answers <= 4; answers++) {
    await bench.clock.advance(1_999);
    bench.publisher.release(([first, ...rest]) => {
      // What is not given now is given later.
      bench.publisher.keep(rest);
      return first === undefined ? [] : [first];
    });
    await settled();
    strictEqual(bench.link.settled, answers);
  }
  strictEqual(bench.publisher.connections.length, 1);
});

Deno.test("Protocol2Link takes answers in any order, and settles from the first on", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  for (const report of banReports(3)) await bench.submitAll([report]);
  bench.publisher.release((held) => {
    bench.publisher.keep(held.slice(0, 1));
    return held.slice(1).reverse();
  });
  await settled();
  strictEqual(bench.link.counters.acknowledged, 2);
  strictEqual(bench.link.settled, 0);
  bench.publisher.release();
  await settled();
  strictEqual(bench.link.settled, 3);
});

Deno.test("Protocol2Link has an address on its way in one batch only", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  const reports = reportsOf([
    "web-1|sshd|Ban|192.0.2.1",
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|nginx|Ban|192.0.2.1",
  ]);
  for (const report of reports) await bench.submitAll([report]);
  deepStrictEqual(bench.publisher.batches, [["192.0.2.1"]]);
  bench.publisher.release();
  await settled();
  deepStrictEqual(
    bench.publisher.counted.map(({ kind, jail }) => `${kind} ${jail}`),
    ["ban sshd", "unban sshd", "ban nginx"],
  );
});

Deno.test("Protocol2Link says HELLO again when the publisher was restarted, without a complaint", async () => {
  await using bench = new EventBench();
  await bench.submitAll(banReports(1));
  bench.publisher.restart();
  await bench.submitAll(banReports(2).slice(1));
  await bench.clock.advance(100);
  strictEqual(bench.publisher.counted.length, 2);
  strictEqual(bench.publisher.connections.length, 2);
  deepStrictEqual(bench.log.withoutReports.map(({ event }) => event), []);
  strictEqual(bench.link.reachable, true);
});

for (const code of ["busy", "store"] as const) {
  Deno.test(`Protocol2Link sends everything again, later and later, to a publisher that says ${code}`, async () => {
    await using bench = new EventBench((publisher) =>
      publisher.stumbles.push(code, code, code)
    );
    await bench.submitAll(banReports(3));
    strictEqual(bench.link.settled, 0);
    strictEqual(bench.link.reachable, false);
    await bench.clock.advance(100 + 200 + 400 - 1);
    strictEqual(bench.publisher.counted.length, 0);
    await bench.clock.advance(1);
    strictEqual(bench.link.settled, 3);
    strictEqual(bench.link.reachable, true);
    deepStrictEqual(bench.log.withoutReports.map(({ event }) => event), [
      "the publisher can't take anything",
      "the publisher takes what it is sent again",
    ]);
  });
}

Deno.test("Protocol2Link.submit() waits while the window is full", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true, {
    maxPending: 2,
  });
  const submitting = bench.submitAll(banReports(3));
  await settled();
  strictEqual(bench.link.counters.submitted, 2);
  bench.publisher.release();
  await submitting;
  strictEqual(bench.link.counters.submitted, 3);
});

Deno.test("Protocol2Link keeps everything while its node is set aside, asks seldom, says once what to do, and goes on after the release", async () => {
  await using bench = new EventBench((publisher) =>
    publisher.stumbles.push(...Array(1_000).fill("aside" as const))
  );
  await bench.submitAll(banReports(300));
  await bench.clock.advance(4 * 30_000 - 1);
  strictEqual(bench.publisher.connections.length, 4);
  strictEqual(bench.link.settled, 0);
  strictEqual(bench.link.reachable, false);
  bench.publisher.stumbles.splice(0);
  await bench.clock.advance(1);
  strictEqual(bench.link.settled, 300);
  strictEqual(bench.publisher.counted.length, 300);
  strictEqual(bench.link.reachable, true);
  deepStrictEqual(bench.log.withoutReports.map(({ event }) => event), [
    "the publisher can't take anything",
    "the publisher takes what it is sent again",
  ]);
  strictEqual(
    bench.log.withoutReports[0]?.fields?.["hint"],
    "fail2ban-cluster node release web-1, on the publisher's host",
  );
});
