import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { FrontBench } from "../support/bench/front_bench.ts";

Deno.test("Front cuts who says more than it may, and says so", async () => {
  await using bench = new FrontBench();
  const talker = await bench.peer();
  talker.say("x".repeat(1_001));
  await settled();
  strictEqual(talker.closed, true);
  const member = await bench.member("web1");
  member.say("x".repeat(20));
  await settled();
  strictEqual(member.closed, false);
  member.say("x");
  await settled();
  strictEqual(member.closed, true);
  strictEqual(bench.front.counters.saidTooMuch, 2);
  deepStrictEqual(bench.log.records.at(-1)?.fields, {
    address: "192.0.2.1",
    node: "web1",
  });
});

Deno.test("Front turns away newcomers while handshakes have their time, then cuts the longest for them; and a member's oldest", async () => {
  await using bench = new FrontBench();
  const [first] = [await bench.peer(), await bench.peer()];
  strictEqual((await bench.peer()).closed, true);
  strictEqual(bench.front.counters.turnedAway, 1);
  await bench.clock.advance(100);
  strictEqual((await bench.peer()).closed, false);
  strictEqual(first.closed, true);
  strictEqual(bench.front.counters.replaced, 1);
});

Deno.test("Front cuts a member's oldest connection when it makes one more than it may have", async () => {
  await using bench = new FrontBench();
  const members = [];
  for (let count = 0; count < 3; count++) {
    members.push(await bench.member("web1"));
  }
  deepStrictEqual(members.map(({ closed }) => closed), [true, false, false]);
});

Deno.test("Front takes no more of a member than it may have while its earlier ones drain", async () => {
  await using bench = new FrontBench();
  for (let count = 0; count < 2; count++) {
    // It hangs up, and libzmq has not taken all that it said.
    (await bench.member("web1")).go();
    await settled();
  }
  strictEqual((await bench.member("web1")).closed, true);
  strictEqual((await bench.member("web2")).closed, false);
  await bench.close(0);
  strictEqual((await bench.member("web1")).closed, true);
  await bench.close(1);
  await bench.close(2);
  await bench.close(4);
  strictEqual((await bench.member("web1")).closed, false);
});

Deno.test("Front takes the next connection at once where peers give theirs up before it is taken", async () => {
  await using bench = new FrontBench();
  for (let times = 0; times < 5; times++) bench.listener.give("gone");
  const peer = await bench.peer();
  peer.say("question");
  await settled();
  strictEqual(bench.inner[0]?.written, "question");
  deepStrictEqual(bench.log.records, []);
});

Deno.test("Front goes on when the system has no room for a connection, on either side, and says so", async () => {
  await using bench = new FrontBench();
  bench.listener.give(new RuntimeError("cannot take a connection"));
  await settled();
  await bench.clock.advance(100);
  bench.failure = new RuntimeError("cannot connect");
  strictEqual((await bench.peer()).closed, true);
  bench.failure = undefined;
  strictEqual((await bench.peer()).closed, false);
  deepStrictEqual(bench.log.records.map(({ event }) => event), [
    "no connection can be taken",
    "a connection can't be handed on",
  ]);
});
