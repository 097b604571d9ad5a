import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { CURVE_OPENING, type Opening } from "../../lib/front/curve_opening.ts";
import { Front, type FrontLimits } from "../../lib/front/front.ts";
import { InnerEndpoints } from "../../lib/front/inner_endpoints.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { opening } from "../support/values/opening.ts";
import {
  byteText,
  MemoryConnection,
  MemoryListener,
} from "../support/memory/memory_connection.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const LIMITS: FrontLimits = {
  maxOpen: 10,
  maxOfAddress: 10,
  maxShaking: 2,
  maxShakingOfAddress: 2,
  graceMs: 100,
  maxOfNode: 2,
  bytes: {
    handshakeBytes: 1_000,
    rate: { perSecond: 10, burst: 20 },
    aboveRate: "cut",
  },
};
/** A handshake that has begun before anything is said. */
const HAS_BEGUN: Opening = {
  greeting: new Uint8Array(),
  judge: () => "begun",
};
/** As long as a handshake is. */
const HANDSHAKE = "h".repeat(600);

/** A front at work between peers and sockets in memory. */
class FrontBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly listener = new MemoryListener();
  /** The inner connections, in order, with the path that each was made to. */
  readonly inner: (MemoryConnection & { path?: string })[] = [];
  /** Private addresses that were made. */
  addresses = 0;
  /** Private addresses that were given up. */
  readonly shut: string[] = [];
  failure: RuntimeError | undefined;
  readonly front: Front;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    others: Partial<FrontLimits> & { readonly opening?: Opening } = {},
  ) {
    const { clock, log, listener } = this;
    this.front = new Front({
      ...{ clock, log, listener, limits: { ...LIMITS, ...others } },
      turn: { isLong: false, next: () => Promise.resolve() },
      inner: {
        kind: "asked",
        opening: others.opening ?? HAS_BEGUN,
        endpoints: new InnerEndpoints({
          max: 4,
          open: (number) => {
            this.addresses++;
            return { path: `/${number}`, zapDomain: `d${number}` };
          },
          close: ({ path }) => void this.shut.push(path),
        }),
      },
      connect: (path) => {
        if (this.failure !== undefined) return Promise.reject(this.failure);
        const connection = Object.assign(new MemoryConnection(), { path });
        this.inner.push(connection);
        return Promise.resolve(connection);
      },
    });
    this.#running = this.front.run(this.#stop.signal);
  }

  async peer(address = "192.0.2.1"): Promise<MemoryConnection> {
    const peer = new MemoryConnection(address);
    this.listener.give(peer);
    await settled();
    return peer;
  }

  /** A peer that libzmq asked about, and that is let in. */
  async member(name: string, address?: string): Promise<MemoryConnection> {
    const peer = await this.peer(address);
    peer.say(HANDSHAKE);
    await settled();
    const domain = `d${this.inner.at(-1)?.path?.slice(1)}`;
    const asked = this.front.asked(domain);
    ok(asked !== undefined);
    asked.letIn(host(name));
    return peer;
  }

  /** libzmq closes an inner connection. */
  async close(index: number): Promise<void> {
    this.inner[index]?.go();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const each of this.inner) each.go();
    await this.front[Symbol.asyncDispose]();
  }
}

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
