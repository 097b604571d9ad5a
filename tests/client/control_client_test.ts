import { SPOKEN } from "../../lib/wire/spoken_revisions.ts";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import type { PublisherMessage } from "../../lib/wire/v2_messages.ts";
import { LostSessionError } from "../../lib/client/session.ts";
import type { Explanation } from "../../lib/client/silence.ts";
import { EMPTY_ALLOWLIST } from "../../lib/protection/allowlist.ts";
import {
  address,
  IDLE_SUBSCRIBER,
  PLACE,
} from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { frames } from "../support/memory/memory_socket.ts";
import { idle, SessionBench, UNBAN } from "../support/bench/session_bench.ts";

Deno.test("ControlClient gives the welcome", async () => {
  const welcomes: unknown[] = [];
  await using bench = new SessionBench(async (session, signal) => {
    welcomes.push(session.welcome);
    await idle(session, signal);
  });
  await settled();
  deepStrictEqual(bench.publisher.heard, [{
    kind: "HELLO",
    node: "web-1",
    role: "subscriber",
    token: "",
    version: "1.2.3",
    speaks: SPOKEN,
    place: PLACE,
  }, {
    kind: "STATE",
    session: "0".repeat(31) + "1",
    state: IDLE_SUBSCRIBER,
  }]);
  deepStrictEqual(welcomes, [{
    kind: "WELCOME",
    session: "0".repeat(31) + "1",
    speaks: 1,
    epoch: bench.publisher.epoch,
    seq: 0,
    limits: { maxEvents: 100, maxReceipts: 100 },
    revision: 0,
    ignore: [],
  }]);
  deepStrictEqual(bench.session.counters, { sessions: 1, lost: 0 });
});

Deno.test("ControlClient doubles its pause up to two seconds while nobody answers, and tells once", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.silent = true,
  );
  await bench.clock.advance(60_000);
  const pauses = bench.madeAtMs.slice(1).map((atMs, index) =>
    atMs - (bench.madeAtMs[index] ?? 0) - 2_000
  );
  deepStrictEqual(pauses.slice(0, 8), [
    100,
    200,
    400,
    800,
    1_600,
    2_000,
    2_000,
    2_000,
  ]);
  strictEqual(bench.session.reachable, false);
  bench.publisher.silent = false;
  await bench.clock.advance(10_000);
  strictEqual(bench.session.reachable, true);
  strictEqual(bench.publisher.mostOpen, 1);
  deepStrictEqual(
    bench.log.records.map(({ event, fields }) => [event, fields]),
    [
      ["no conversation with the publisher", { reason: "no answer" }],
      ["the publisher answers again", {}],
    ],
  );
});

Deno.test("ControlClient gives a slow line more time with each attempt, up to eight seconds", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.connecting = true,
  );
  await bench.clock.advance(30_000);
  deepStrictEqual(bench.madeAtMs, [0, 2_100, 6_300, 14_700, 23_500]);
  bench.publisher.connection.unblock();
  await settled();
  deepStrictEqual(bench.session.counters, { sessions: 1, lost: 4 });
  // The line needed 6.5 s, so the next connection has as long from the start.
  bench.session.renew();
  await bench.clock.advance(7_900);
  bench.publisher.connection.unblock();
  await settled();
  deepStrictEqual(bench.session.counters, { sessions: 2, lost: 4 });
});

Deno.test("ControlClient tries often where nobody accepts the connection: another address may answer", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.connecting = true,
  );
  bench.explain = () =>
    Promise.resolve({ reason: "refused", hint: "", isReached: false });
  await bench.clock.advance(11_000);
  deepStrictEqual(bench.madeAtMs, [0, 2_100, 4_300, 6_700, 9_500]);
});

for (const code of ["token", "protocol"] as const) {
  Deno.test(`ControlClient tells once of a refusal for its ${code}, and tries again every 30 s`, async () => {
    await using bench = new SessionBench(
      idle,
      (publisher) => publisher.refusal = code,
    );
    await bench.clock.advance(95_000);
    deepStrictEqual(bench.madeAtMs, [0, 30_000, 60_000, 90_000]);
    deepStrictEqual(bench.log.events, ["no conversation with the publisher"]);
    bench.publisher.refusal = undefined;
    await bench.clock.advance(30_000);
    strictEqual(bench.session.counters.sessions, 1);
  });
}

Deno.test("ControlClient begins with the first pause again after an answer, not after a mere welcome", async () => {
  let answers = true;
  await using bench = new SessionBench(
    async ({ send, receive, welcome }, signal) => {
      const { session } = welcome;
      if (answers) {
        const events = [UNBAN];
        await send({ kind: "EVENTS", session, batch: 1, events }, signal);
        await receive(signal);
      }
      throw new LostSessionError("for a test");
    },
  );
  await bench.clock.advance(350);
  deepStrictEqual(bench.madeAtMs, [0, 100, 200, 300]);
  answers = false;
  await bench.clock.advance(1_000);
  deepStrictEqual(bench.madeAtMs.slice(4), [400, 600, 1_000]);
});

Deno.test("ControlClient does not wait for the look why nobody answers, and tells nothing of it once somebody does", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal, 2_000);
  });
  const look = Promise.withResolvers<Explanation>();
  bench.explain = () => look.promise;
  await bench.clock.advance(2_100);
  deepStrictEqual(bench.madeAtMs, [0, 2_100]);
  look.resolve({ reason: "unreachable", hint: "" });
  await settled();
  deepStrictEqual(bench.session.counters, { sessions: 2, lost: 1 });
  strictEqual(bench.session.figures.publisherTrouble, "none");
  deepStrictEqual(bench.log.events, []);
});

Deno.test("ControlClient looks once at a time why nobody answers, before each attempt but the first", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.silent = true,
  );
  const look = Promise.withResolvers<Explanation>();
  bench.explain = () => look.promise;
  await bench.clock.advance(10_000);
  deepStrictEqual(bench.madeAtMs, [0, 2_100]);
  look.resolve({ reason: "unreachable", hint: "there" });
  await settled();
  deepStrictEqual(bench.madeAtMs, [0, 2_100, 10_000]);
  strictEqual(bench.session.figures.publisherTrouble, "unreachable");
  strictEqual(bench.log.records.length, 1);
});

Deno.test("ControlClient tells when the publisher has another store", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  const before = bench.publisher.epoch;
  bench.publisher.epoch = "f".repeat(32) as Epoch;
  bench.publisher.say({ kind: "ERROR", code: "session", message: "" });
  await bench.clock.advance(100);
  deepStrictEqual(
    bench.log.records.map(({ event, fields }) => [event, fields]),
    [
      ["the session has ended, and another begins", {}],
      ["the publisher has another store", {
        before,
        now: bench.publisher.epoch,
      }],
    ],
  );
});

const OUT_OF_STEP: Readonly<Record<string, (bench: SessionBench) => void>> = {
  "what is no message": ({ publisher }) =>
    publisher.connection.give(frames("F2B2", "ACK")),
  "a second welcome": ({ publisher }) => publisher.say(WELCOME),
};

const WELCOME = {
  kind: "WELCOME",
  speaks: 1,
  session: "0".repeat(32),
  epoch: "0".repeat(32),
  seq: 0,
  limits: { maxEvents: 1, maxReceipts: 1 },
  revision: 0,
  ignore: [],
} as unknown as PublisherMessage;

for (const [what, say] of Object.entries(OUT_OF_STEP)) {
  Deno.test(`ControlClient gives a connection up over ${what}`, async () => {
    await using bench = new SessionBench(async ({ receive }, signal) => {
      await receive(signal);
    });
    await settled();
    say(bench);
    await settled();
    strictEqual(bench.publisher.connection.closed, true);
    strictEqual(bench.session.counters.lost, 1);
    await bench.clock.advance(100);
    strictEqual(bench.session.counters.sessions, 2);
  });
}

Deno.test("ControlClient gives a connection up over an answer that is no welcome", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.silent = true,
  );
  bench.publisher.say({ kind: "ACK", batch: 1, results: [] });
  await settled();
  strictEqual(bench.publisher.connection.closed, true);
});

Deno.test("ControlClient hands on the allowlist of each welcome and of each change, whatever is waited for", async () => {
  const answers: string[] = [];
  await using bench = new SessionBench(async ({ receive }, signal) => {
    while (true) answers.push((await receive(signal, 2_000)).kind);
  });
  const lists = bench.allowlists;
  await settled();
  const list = { revision: 7, ignore: [address("192.0.2.0/24")] };
  bench.publisher.say({ kind: "IGNORE", ...list });
  bench.publisher.say({ kind: "ACK", batch: 1, results: [] });
  await settled();
  deepStrictEqual(answers, ["ACK"]);
  deepStrictEqual(lists, [EMPTY_ALLOWLIST, list]);
  strictEqual(bench.session.allowlist, 7);
  // It is no answer: that is missed all the same.
  await bench.clock.advance(1_500);
  bench.publisher.say({ kind: "IGNORE", ...EMPTY_ALLOWLIST });
  await bench.clock.advance(500);
  strictEqual(bench.session.counters.lost, 1);
  strictEqual(lists.length, 3);
});

Deno.test("Session.receive() gives up after the time that it is given", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal, 3_000);
  });
  await settled();
  await bench.clock.advance(2_999);
  strictEqual(bench.session.counters.lost, 0);
  await bench.clock.advance(1);
  strictEqual(bench.session.counters.lost, 1);
});

Deno.test("ControlClient.run() throws what whoever leads throws, and closes the connection", async () => {
  await using bench = new SessionBench(() =>
    Promise.reject(new Error("a bug"))
  );
  await rejects(bench.running, { message: "a bug" });
  strictEqual(bench.publisher.connection.closed, true);
});
