import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { HandedConnection } from "../../lib/front/handed_connection.ts";
import { OpenConnections } from "../../lib/front/open_connections.ts";
import { SharedRates } from "../../lib/front/shared_rates.ts";
import { STREAM_LIMITS } from "../../lib/front/front_limits.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryConnection } from "../support/memory/memory_connection.ts";

const LIMITS = {
  maxOpen: 6,
  maxOfAddress: 4,
  maxShaking: 3,
  maxShakingOfAddress: 2,
  graceMs: 100,
  maxOfNode: 2,
};

/** Connections of a port; time moves by the clock. */
class Bench {
  readonly clock = new ManualClock();
  readonly open: OpenConnections;

  constructor(limits = LIMITS) {
    this.open = new OpenConnections(limits);
  }

  judge(address: string): string {
    const entry = this.open.judge(address, this.clock.monotonicMs());
    return entry.kind === "turn away" ? `away: ${entry.why}` : entry.kind;
  }

  add(address: string, isShaking = true): HandedConnection {
    const connection = new HandedConnection({
      peer: new MemoryConnection(address),
      limits: STREAM_LIMITS.bytes,
      rates: new SharedRates(STREAM_LIMITS.bytes.rate),
      toldRates: undefined,
      clock: this.clock,
      turn: { isLong: false, next: () => Promise.resolve() },
      onTooMuch: () => {},
    });
    this.open.add(connection, isShaking);
    return connection;
  }
}

Deno.test("OpenConnections turns away who is one too many, in all and of an address", () => {
  const bench = new Bench();
  for (let count = 0; count < 4; count++) bench.add("192.0.2.1", false);
  strictEqual(bench.judge("192.0.2.1"), "away: connections of an address");
  strictEqual(bench.judge("192.0.2.2"), "enter");
  bench.add("192.0.2.2", false);
  const last = bench.add("192.0.2.3", false);
  strictEqual(bench.judge("192.0.2.4"), "away: connections");
  bench.open.remove(last);
  strictEqual(bench.judge("192.0.2.4"), "enter");
});

Deno.test("OpenConnections takes a /64 of IPv6 for one address", () => {
  const bench = new Bench();
  for (let last = 1; last <= 4; last++) bench.add(`2001:db8::${last}`, false);
  strictEqual(bench.judge("2001:db8::9"), "away: connections of an address");
  strictEqual(bench.judge("2001:db8:0:1::9"), "enter");
});

Deno.test("OpenConnections lets handshakes have their time, and then cuts the longest for the newcomer", async () => {
  const bench = new Bench();
  const first = bench.add("192.0.2.1");
  await bench.clock.advance(50);
  bench.add("192.0.2.1");
  strictEqual(bench.judge("192.0.2.1"), "away: handshakes");
  strictEqual(bench.judge("192.0.2.2"), "enter");
  bench.add("192.0.2.2");
  strictEqual(bench.judge("192.0.2.3"), "away: handshakes");
  await bench.clock.advance(50);
  const entry = bench.open.judge("192.0.2.3", bench.clock.monotonicMs());
  deepStrictEqual(entry, { kind: "replace", oldest: first });
  // Whoever has been cut holds no place, though it is not gone yet.
  first.cut();
  bench.open.replace(first);
  strictEqual(bench.judge("192.0.2.3"), "enter");
  strictEqual(bench.open.shaking, 2);
});

Deno.test("OpenConnections counts replaced handshakes for their address until they are gone, so that one address leaves room for others", async () => {
  const limits = { ...LIMITS, maxOpen: 99, maxOfAddress: 99, maxShaking: 99 };
  const bench = new Bench(limits);
  const replaced = [];
  bench.add("192.0.2.1");
  bench.add("192.0.2.1");
  for (let count = 0; count < 2; count++) {
    await bench.clock.advance(100);
    const entry = bench.open.judge("192.0.2.1", bench.clock.monotonicMs());
    if (entry.kind !== "replace") throw new Error(entry.kind);
    entry.oldest.cut();
    bench.open.replace(entry.oldest);
    replaced.push(entry.oldest);
    bench.add("192.0.2.1");
  }
  await bench.clock.advance(100);
  strictEqual(bench.judge("192.0.2.1"), "away: handshakes");
  strictEqual(bench.judge("192.0.2.2"), "enter");
  for (const each of replaced) bench.open.remove(each);
  strictEqual(bench.judge("192.0.2.1"), "replace");
});

Deno.test("OpenConnections counts a member's connections until they are closed: while one drains the newcomer is one too many", () => {
  const bench = new Bench();
  const join = () => {
    const connection = bench.add("192.0.2.1", false);
    connection.letIn(host("web1"));
    return {
      connection,
      surplus: bench.open.settleAs(connection, host("web1")),
    };
  };
  const [first, second] = [join().connection, join().connection];
  first.cut();
  second.cut();
  const third = join();
  strictEqual(third.surplus, third.connection);
  bench.open.remove(third.connection);
  bench.open.remove(first);
  strictEqual(join().surplus, undefined);
});

Deno.test("OpenConnections finds a member's by its name, and the oldest when it has too many", () => {
  const bench = new Bench();
  const surplus: (HandedConnection | undefined)[] = [];
  const own = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => {
    const connection = bench.add(address);
    connection.letIn(host("Web1"));
    surplus.push(bench.open.settleAs(connection, host("Web1")));
    return connection;
  });
  const other = bench.add("192.0.2.4");
  other.letIn(host("web2"));
  strictEqual(bench.open.settleAs(other, host("web2")), undefined);
  deepStrictEqual(bench.open.of(host("web1")), own);
  deepStrictEqual(surplus, [undefined, undefined, own[0]]);
  own[0]?.cut();
  deepStrictEqual(bench.open.of(host("WEB1")), own.slice(1));
});
