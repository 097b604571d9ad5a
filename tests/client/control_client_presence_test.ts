import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { BYE_MS } from "../../lib/client/farewell.ts";
import { LostSessionError } from "../../lib/client/session.ts";
import { EMPTY_ALLOWLIST } from "../../lib/protection/allowlist.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { idle, SessionBench, UNBAN } from "../support/bench/session_bench.ts";

Deno.test("ControlClient says BYE when it is stopped, and when it connects anew", async () => {
  await using bench = new SessionBench();
  await settled();
  bench.session.renew();
  await settled();
  const kinds = () =>
    bench.publisher.heard.map(({ kind }) => kind)
      .filter((kind) => kind !== "STATE");
  deepStrictEqual(kinds(), ["HELLO", "BYE", "HELLO"]);
  bench.stop.abort();
  // It has its answer: no time passes.
  await bench.running;
  deepStrictEqual(kinds(), ["HELLO", "BYE", "HELLO", "BYE"]);
});

Deno.test("ControlClient says no BYE in a session that was lost", async () => {
  await using bench = new SessionBench(() =>
    Promise.reject(new LostSessionError("lost"))
  );
  await bench.clock.advance(1_000);
  ok(bench.session.counters.lost > 1);
  ok(bench.publisher.heard.every(({ kind }) => kind !== "BYE"));
});

Deno.test("ControlClient answers ASK with a STATE, and goes on", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  bench.publisher.say({ kind: "ASK" });
  await settled();
  deepStrictEqual(
    bench.publisher.heard.map(({ kind }) => kind),
    ["HELLO", "STATE", "STATE"],
  );
  strictEqual(bench.session.counters.lost, 0);
});

Deno.test("ControlClient answers UNBAN that it is off, as long as nobody says what to do, and goes on", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  const { jail: name, address: whom } = UNBAN;
  bench.publisher.say({ kind: "UNBAN", order: 7, jail: name, address: whom });
  await settled();
  const answer = bench.publisher.heard.at(-1);
  ok(answer?.kind === "UNBANNED");
  deepStrictEqual([answer.order, answer.outcome, answer.detail], [
    7,
    "off",
    "",
  ]);
  strictEqual(bench.session.counters.lost, 0);
});

Deno.test("ControlClient with nothing to say takes a publisher that is silent for 40 s for one that is gone, and says why once", async () => {
  await using bench = new SessionBench();
  const { clock, publisher, session, log } = bench;
  await clock.advance(95_000);
  deepStrictEqual([session.reachable, session.counters.lost], [true, 0]);
  publisher.silent = true;
  // What was last heard is the answer to the STATE of 90 s.
  await clock.advance(34_999);
  strictEqual(session.reachable, true);
  await clock.advance(1);
  deepStrictEqual([session.reachable, session.counters.lost], [false, 1]);
  strictEqual(publisher.connection.closed, true);
  await clock.advance(60_000);
  deepStrictEqual(
    log.records.map(({ event, fields }) => [event, fields]),
    [
      ["the publisher has said nothing for too long, another session begins", {
        silentMs: 40_000,
      }],
      ["no conversation with the publisher", { reason: "no answer" }],
    ],
  );
  publisher.silent = false;
  await clock.advance(10_000);
  strictEqual(session.reachable, true);
});

Deno.test("ControlClient keeps a session in which anything is heard, whatever it is", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    while (true) await receive(signal);
  });
  const { clock, publisher, session } = bench;
  await settled();
  publisher.silent = true;
  for (let minutes = 0; minutes < 3; minutes++) {
    await clock.advance(30_000);
    publisher.say({ kind: "IGNORE", ...EMPTY_ALLOWLIST });
    await clock.advance(30_000);
    publisher.say({ kind: "ACK", batch: 1, results: [] });
  }
  deepStrictEqual([session.reachable, session.counters.lost], [true, 0]);
});

Deno.test("ControlClient tries again every 5 s where another host has its place, and says once what to do", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.refusal = "twin",
  );
  await bench.clock.advance(20_500);
  deepStrictEqual(bench.madeAtMs, [0, 5_000, 10_000, 15_000, 20_000]);
  const [record, ...others] = bench.log.records;
  deepStrictEqual(others, []);
  match(
    JSON.stringify(record),
    /another host runs as this node with the same join code.*node add NAME/,
  );
  bench.publisher.refusal = undefined;
  await bench.clock.advance(5_000);
  strictEqual(bench.session.reachable, true);
});

Deno.test("ControlClient says what to do where the publisher speaks another revision", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.refusal = "version",
  );
  await bench.clock.advance(31_000);
  deepStrictEqual(bench.madeAtMs, [0, 30_000]);
  match(
    JSON.stringify(bench.log.records),
    /speaks no revision of protocol 2 that this.*update the older.*for a test/,
  );
});

/** Where a session may be when it is told to stop. */
const STAGES: Readonly<
  Record<string, (bench: SessionBench) => Promise<unknown>>
> = {
  "before it has done anything": () => Promise.resolve(),
  "in a conversation": () => settled(),
  "while it waits for a welcome": (bench) => {
    bench.publisher.silent = true;
    return settled();
  },
  "while its HELLO can't leave": (bench) => {
    bench.publisher.connection.blocked = true;
    return settled();
  },
  "in a pause": async (bench) => {
    bench.publisher.silent = true;
    await bench.clock.advance(2_050);
  },
};

for (const [stage, reach] of Object.entries(STAGES)) {
  Deno.test(`ControlClient.run() ends with its BYE when stopped ${stage}, and leaves nothing open`, async () => {
    await using bench = new SessionBench();
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
