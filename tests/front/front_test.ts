import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { CURVE_OPENING } from "../../lib/front/curve_opening.ts";
import { host } from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { opening } from "../support/values/opening.ts";
import { byteText } from "../support/memory/memory_connection.ts";
import { FrontBench, HANDSHAKE, LIMITS } from "../support/bench/front_bench.ts";

Deno.test("Front hands nobody on who has not begun a handshake: neither a private address nor ZeroMQ is troubled", async () => {
  await using bench = new FrontBench({ opening: CURVE_OPENING });
  const silent = await bench.peer();
  const greeting = await bench.peer("192.0.2.2");
  greeting.say(byteText(opening().subarray(0, 265)));
  await settled();
  deepStrictEqual([bench.inner.length, bench.addresses], [0, 0]);
  strictEqual(greeting.written, byteText(CURVE_OPENING.greeting));
  await bench.clock.advance(3_000);
  deepStrictEqual([silent.closed, greeting.closed], [true, true]);
  const other = await bench.peer();
  other.say("GET / HTTP/1.1");
  await settled();
  strictEqual(other.closed, true);
  strictEqual(bench.front.size, 0);
});

Deno.test("Front hands on all that a peer said until its handshake had begun, and greets it once", async () => {
  await using bench = new FrontBench({ opening: CURVE_OPENING });
  const peer = await bench.peer();
  const said = byteText(opening());
  peer.say(said.slice(0, 70));
  await settled();
  peer.say(`${said.slice(70)}what follows`);
  await settled();
  const [inner] = bench.inner;
  strictEqual(inner?.written, `${said}what follows`);
  // libzmq greets in parts.
  const greeting = byteText(CURVE_OPENING.greeting);
  inner.say(greeting.slice(0, 10));
  await settled();
  inner.say(`${greeting.slice(10)}welcome`);
  await settled();
  strictEqual(peer.written, `${greeting}welcome`);
  // It has begun, and the rest of its time is libzmq's matter.
  await bench.clock.advance(5_000);
  strictEqual(peer.closed, false);
});

Deno.test("Front hands bytes on both ways", async () => {
  await using bench = new FrontBench();
  const peer = await bench.peer();
  peer.say("question");
  bench.inner[0]?.say("answer");
  await settled();
  strictEqual(bench.inner[0]?.written, "question");
  strictEqual(peer.written, "answer");
});

Deno.test("Front never breaks the inner connection of a peer that goes: it says no more, drops answers, and closes last", async () => {
  await using bench = new FrontBench();
  const peer = await bench.peer();
  peer.say("question");
  await settled();
  peer.go();
  await settled();
  const [inner] = bench.inner;
  deepStrictEqual([inner?.saidAll, inner?.closed], [true, false]);
  inner?.say("an answer to nobody");
  await settled();
  deepStrictEqual([inner?.closed, peer.written], [false, ""]);
  await bench.close(0);
  strictEqual(inner?.closed, true);
  strictEqual(bench.front.size, 0);
});

Deno.test("Front closes the peer's connection once libzmq has closed, with what was said before", async () => {
  await using bench = new FrontBench();
  const peer = await bench.peer();
  bench.inner[0]?.say("last words");
  await bench.close(0);
  deepStrictEqual([peer.written, peer.closed], ["last words", true]);
});

Deno.test("Front does not listen to a peer that takes nothing, and cuts it after a while", async () => {
  await using bench = new FrontBench();
  const peer = await bench.peer();
  peer.blocked = true;
  bench.inner[0]?.say("answer");
  await settled();
  peer.say("more");
  await settled();
  strictEqual(bench.inner[0]?.written, "");
  peer.unblock();
  await settled();
  strictEqual(bench.inner[0]?.written, "more");
  peer.blocked = true;
  bench.inner[0]?.say("another");
  await bench.clock.advance(19_000);
  strictEqual(peer.closed, false);
  await bench.clock.advance(2_000);
  strictEqual(peer.closed, true);
  strictEqual(bench.front.counters.tookNothing, 1);
});

Deno.test("Front tells a member no more in a second than it may, over all its connections, and does not listen to it meanwhile", async () => {
  await using bench = new FrontBench({
    bytes: {
      ...LIMITS.bytes,
      ...{ rate: { perSecond: 9_000, burst: 9_000 }, aboveRate: "wait" },
      toldRate: { perSecond: 10, burst: 20 },
    },
  });
  const [first, second, other] = [
    await bench.member("web1"),
    await bench.member("web1"),
    await bench.member("web2"),
  ];
  bench.inner[0]?.say("x".repeat(20));
  bench.inner[1]?.say("x".repeat(10));
  bench.inner[2]?.say("x".repeat(10));
  await settled();
  deepStrictEqual(
    [first, second, other].map(({ written }) => written.length),
    [20, 0, 10],
  );
  second.say("more");
  await settled();
  ok(bench.inner[1]?.written.endsWith("h"));
  await bench.clock.advance(999);
  strictEqual(second.written, "");
  await bench.clock.advance(1);
  strictEqual(second.written.length, 10);
  await settled();
  ok(bench.inner[1]?.written.endsWith("more"));
});

Deno.test("Front tells the peer's address to who asks by the domain of its endpoint, and only once it has said enough", async () => {
  await using bench = new FrontBench();
  const peer = await bench.peer("198.51.100.7");
  strictEqual(bench.front.asked("d0"), undefined);
  peer.say(HANDSHAKE);
  await settled();
  strictEqual(bench.front.asked("d0")?.address, "198.51.100.7");
  strictEqual(bench.front.asked("d1"), undefined);
});

Deno.test("Front cuts the connections of one member and no other's", async () => {
  await using bench = new FrontBench();
  const first = await bench.member("web1");
  const other = await bench.member("web2");
  const second = await bench.member("web1");
  strictEqual(bench.front.cut(host("WEB1")), 2);
  deepStrictEqual(
    [first.closed, other.closed, second.closed],
    [true, false, true],
  );
  other.say("still here");
  await settled();
  ok(bench.inner[1]?.written.endsWith("still here"));
  strictEqual(bench.front.cut(host("web1")), 0);
});

Deno.test("Front gives an endpoint to another once its handshake is over, and not before libzmq closed one that failed", async () => {
  await using bench = new FrontBench({
    ...{ maxShaking: 3, maxShakingOfAddress: 3 },
  });
  await bench.member("web1");
  await bench.peer();
  const gone = await bench.peer();
  deepStrictEqual(bench.inner.map(({ path }) => path), ["/0", "/0", "/1"]);
  gone.go();
  await settled();
  await bench.peer();
  strictEqual(bench.inner.at(-1)?.path, "/2");
  await bench.close(2);
  strictEqual(bench.front.asked("d1"), undefined);
});

Deno.test("Front never takes a question about a connection that is gone for one about another", async () => {
  await using bench = new FrontBench();
  const member = await bench.peer("198.51.100.7");
  member.say(HANDSHAKE);
  member.go();
  await settled();
  // libzmq has closed, and what it asked before waits to be read.
  await bench.close(0);
  const other = await bench.peer("198.51.100.8");
  other.say(HANDSHAKE);
  await settled();
  strictEqual(bench.front.asked("d0"), undefined);
  strictEqual(bench.front.asked("d1")?.address, "198.51.100.8");
  deepStrictEqual(bench.shut, ["/0"]);
});

Deno.test("Front uses an endpoint again after one that was refused, or that said too little to be asked about", async () => {
  await using bench = new FrontBench();
  const refused = await bench.peer();
  refused.say(HANDSHAKE);
  await settled();
  ok(bench.front.asked("d0") !== undefined);
  await bench.close(0);
  const silent = await bench.peer();
  silent.say(HANDSHAKE.slice(0, 522));
  await settled();
  silent.go();
  await bench.close(1);
  await bench.peer();
  deepStrictEqual(bench.inner.map(({ path }) => path), ["/0", "/0", "/0"]);
  deepStrictEqual(bench.shut, []);
});

Deno.test("Front gives up an endpoint that may still be asked about once the members there are gone, too", async () => {
  await using bench = new FrontBench();
  const member = await bench.member("web1");
  const rival = await bench.peer();
  rival.say(HANDSHAKE);
  await settled();
  rival.go();
  await bench.close(1);
  await bench.member("web2");
  deepStrictEqual(bench.inner.map(({ path }) => path), ["/0", "/0", "/1"]);
  deepStrictEqual([bench.shut, member.closed], [[], false]);
  await bench.close(0);
  deepStrictEqual(bench.shut, ["/0"]);
});

Deno.test("Front ends also where the system does not end a write that waits for the peer", async () => {
  const bench = new FrontBench();
  const peer = await bench.peer();
  peer.write = () => new Promise(() => {});
  bench.inner[0]?.say("for a peer that takes nothing");
  await settled();
  let hasEnded = false;
  const ending = bench.front[Symbol.asyncDispose]().then(() => hasEnded = true);
  await bench.clock.advance(500);
  ok(peer.closed);
  strictEqual(hasEnded, false);
  await bench.clock.advance(500);
  await ending;
});
