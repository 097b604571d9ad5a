import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Address } from "../lib/address.ts";
import { parseAddressList } from "../lib/address_list.ts";
import { RuntimeError } from "../lib/errors.ts";
import { refusal } from "../lib/protection.ts";
import { ProtectionWatch } from "../lib/protection_watch.ts";
import { address } from "./support/core_values.ts";
import { ManualClock, settled } from "./support/manual_clock.ts";
import { MemoryLog } from "./support/memory_log.ts";
import { MemoryNetwork, MemoryResolver } from "./support/memory_network.ts";

/** What the configuration lists. */
interface Listed {
  readonly ignoreip?: string;
  readonly members?: string;
  readonly allowPrivate?: boolean;
}

/** A watch in a world that a test moves. */
class Bench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly host = new MemoryNetwork();
  readonly resolver = new MemoryResolver();
  readonly stop = new AbortController();
  readonly #listed: Listed;

  constructor(listed: Listed = {}) {
    this.#listed = listed;
  }

  begin(): Promise<ProtectionWatch> {
    const { ignoreip = "", members = "", allowPrivate = false } = this.#listed;
    const { clock, log, host, resolver, stop } = this;
    const rules = {
      minPrefix4Bits: 24,
      minPrefix6Bits: 48,
      allowPrivate,
      ignoreIp: parseAddressList(ignoreip) ?? [],
      members: parseAddressList(members) ?? [],
    };
    return ProtectionWatch.begin(
      { rules, host, resolver, clock, log },
      stop.signal,
    );
  }

  /** Runs a watch while `during` runs. */
  async running(
    watch: ProtectionWatch,
    during: () => Promise<void>,
  ): Promise<void> {
    const run = watch.run(this.stop.signal);
    await during();
    this.stop.abort(new Error("stop"));
    await run;
    strictEqual(this.clock.delays, 0);
  }

  /** What was logged with a text in its event. */
  told(event: string): unknown[] {
    return this.log.records.filter((record) => record.event === event)
      .map(({ severity, fields }) => [severity, fields]);
  }
}

/** The rule and its reason, or `"may be banned"`. */
function verdict(watch: ProtectionWatch, text: string): string {
  const refused = refusal(address(text), watch.policy);
  return refused === undefined
    ? "may be banned"
    : `${refused.rule}: ${refused.because}`;
}

function addresses(...texts: string[]): readonly Address[] {
  return texts.map(address);
}

const MINUTE_MS = 60_000;

Deno.test("begin() protects what the host, the names and the configuration say, each under its rule", async () => {
  const bench = new Bench({
    ignoreip: "198.51.100.0/25, office.example.net",
    members: "203.0.113.1 hub.example.net",
  });
  bench.host.own = addresses("192.0.2.2", "2001:db8::2");
  bench.host.gateways = addresses("192.0.2.1");
  bench.host.resolvers = addresses("192.0.2.53");
  bench.resolver.knows("office.example.net", "198.51.100.200");
  bench.resolver.knows("hub.example.net", "203.0.113.9", "2001:db8::9");
  const watch = await bench.begin();
  const expected = {
    "192.0.2.2": "own-address: 192.0.2.2",
    "192.0.2.0/24": "own-address: 192.0.2.2",
    "2001:db8::2": "own-address: 2001:db8::2",
    "192.0.2.1": "gateway: 192.0.2.1",
    "192.0.2.53": "resolver: 192.0.2.53",
    "203.0.113.1": "member: 203.0.113.1",
    "203.0.113.9": "member: hub.example.net, 203.0.113.9",
    "2001:db8::9": "member: hub.example.net, 2001:db8::9",
    "198.51.100.7": "ignoreip: 198.51.100.0/25",
    "198.51.100.200": "ignoreip: office.example.net, 198.51.100.200",
    "10.0.0.1": "private: 10.0.0.0/8",
    "127.0.0.1": "loopback: 127.0.0.0/8",
    "0.0.0.0/0": "unspecified: 0.0.0.0/8",
    "203.0.112.0/23": "member: 203.0.113.1",
    "8.0.0.0/16": "too-wide: /24",
    "192.0.2.3": "may be banned",
    "198.51.100.201": "may be banned",
  };
  for (const [text, rule] of Object.entries(expected)) {
    strictEqual(verdict(watch, text), rule, text);
  }
  strictEqual(watch.unresolvedNames, 0);
  deepStrictEqual(bench.log.events, []);
  strictEqual(bench.clock.delays, 0);
});

Deno.test("begin() allows to ban private addresses where the configuration does, but not the host's own", async () => {
  const bench = new Bench({ allowPrivate: true });
  bench.host.own = addresses("10.0.0.2");
  const watch = await bench.begin();
  strictEqual(verdict(watch, "10.0.0.3"), "may be banned");
  strictEqual(verdict(watch, "10.0.0.2"), "own-address: 10.0.0.2");
});

Deno.test("begin() waits three seconds for names, no longer, and tells which have no answer", async () => {
  const bench = new Bench({
    ignoreip: "slow.example.net quick.example.net gone.example.net",
  });
  bench.resolver.knows("quick.example.net", "203.0.113.1");
  bench.resolver.hangs("slow.example.net");
  let begun: ProtectionWatch | undefined;
  const beginning = bench.begin().then((watch) => begun = watch);
  await bench.clock.advance(2_999);
  strictEqual(begun, undefined);
  await bench.clock.advance(1);
  const watch = await beginning;
  strictEqual(
    verdict(watch, "203.0.113.1"),
    "ignoreip: quick.example.net, 203.0.113.1",
  );
  strictEqual(watch.unresolvedNames, 2);
  const fields = { stillProtected: "nothing" };
  deepStrictEqual(bench.told("host name not resolved"), [
    ["warning", {
      name: "gone.example.net",
      reason: "gone.example.net has no address",
      ...fields,
    }],
    ["warning", {
      name: "slow.example.net",
      reason: "no answer within 3 s",
      ...fields,
    }],
  ]);
});

Deno.test("begin() ends at once when it is aborted, and complains of no name", async () => {
  const bench = new Bench({ members: "slow.example.net" });
  bench.resolver.hangs("slow.example.net");
  const beginning = bench.begin();
  await settled();
  bench.stop.abort(new Error("stop"));
  await beginning;
  deepStrictEqual(bench.log.events, []);
  strictEqual(bench.clock.delays, 0);
});

Deno.test("begin() asks for no more than 64 names at a time, and for each once", async () => {
  const names = Array.from({ length: 200 }, (_, at) => `n${at}.example.net`);
  const list = names.join(" ");
  const bench = new Bench({ ignoreip: list, members: list });
  for (const name of names) bench.resolver.knows(name, "203.0.113.1");
  await bench.begin();
  strictEqual(bench.resolver.asked.length, 200);
  strictEqual(bench.resolver.mostAtOnce, 64);
});

Deno.test("begin() lets a bug of the resolver show", async () => {
  const bench = new Bench({ members: "hub.example.net" });
  const bug = new TypeError("a bug");
  bench.resolver.fails("hub.example.net", bug);
  await rejects(bench.begin(), bug);
});

Deno.test("run() looks at the host's network every minute, and protects what is new and no more what went", async () => {
  const bench = new Bench();
  bench.host.own = addresses("192.0.2.2");
  const watch = await bench.begin();
  await bench.running(watch, async () => {
    bench.host.own = addresses("192.0.2.3");
    await bench.clock.advance(MINUTE_MS - 1);
    strictEqual(verdict(watch, "192.0.2.3"), "may be banned");
    await bench.clock.advance(1);
    strictEqual(verdict(watch, "192.0.2.3"), "own-address: 192.0.2.3");
    strictEqual(verdict(watch, "192.0.2.2"), "may be banned");
    await bench.clock.advance(10 * MINUTE_MS);
  });
  deepStrictEqual(
    bench.told("protecting this host").map((record) => JSON.stringify(record)),
    [
      '["debug",{"own":"192.0.2.2","gateways":"","resolvers":""}]',
      '["info",{"own":"192.0.2.3","gateways":"","resolvers":""}]',
    ],
  );
});

Deno.test("run() keeps protecting what the host can't tell any more, and says so once", async () => {
  const bench = new Bench();
  bench.host.own = addresses("192.0.2.2");
  bench.host.gateways = addresses("192.0.2.1");
  const watch = await bench.begin();
  await bench.running(watch, async () => {
    bench.host.own = undefined;
    bench.host.problems = ["cannot list this host's interfaces"];
    bench.host.gateways = addresses("192.0.2.254");
    await bench.clock.advance(3 * MINUTE_MS);
    strictEqual(verdict(watch, "192.0.2.2"), "own-address: 192.0.2.2");
    strictEqual(verdict(watch, "192.0.2.254"), "gateway: 192.0.2.254");
    strictEqual(verdict(watch, "192.0.2.1"), "may be banned");
  });
  deepStrictEqual(bench.told("not all of this host is protected"), [
    ["warning", { reason: "cannot list this host's interfaces" }],
  ]);
});

Deno.test("run() looks names up every five minutes", async () => {
  const bench = new Bench({ members: "hub.example.net" });
  bench.resolver.knows("hub.example.net", "203.0.113.1");
  const watch = await bench.begin();
  await bench.running(watch, async () => {
    bench.resolver.knows("hub.example.net", "203.0.113.2");
    await bench.clock.advance(5 * MINUTE_MS - 1);
    strictEqual(verdict(watch, "203.0.113.2"), "may be banned");
    await bench.clock.advance(1);
    const because = "member: hub.example.net, 203.0.113.2";
    strictEqual(verdict(watch, "203.0.113.2"), because);
    strictEqual(verdict(watch, "203.0.113.1"), "may be banned");
  });
  strictEqual(bench.resolver.asked.length, 2);
});

Deno.test("run() asks again every 30 seconds for a name that has no answer, keeps the last one, and tells when it has one again", async () => {
  const bench = new Bench({ ignoreip: "home.example.net" });
  const { resolver, clock } = bench;
  resolver.knows("home.example.net", "203.0.113.1");
  const watch = await bench.begin();
  await bench.running(watch, async () => {
    const error = new RuntimeError("home.example.net can't be looked up: EAI");
    resolver.fails("home.example.net", error);
    await clock.advance(5 * MINUTE_MS);
    strictEqual(watch.unresolvedNames, 1);
    const because = "ignoreip: home.example.net, 203.0.113.1";
    strictEqual(verdict(watch, "203.0.113.1"), because);
    strictEqual(resolver.asked.length, 2);
    await clock.advance(MINUTE_MS);
    strictEqual(resolver.asked.length, 4);
    resolver.knows("home.example.net", "203.0.113.7");
    await clock.advance(30_000);
    strictEqual(watch.unresolvedNames, 0);
    strictEqual(verdict(watch, "203.0.113.1"), "may be banned");
    await clock.advance(4 * MINUTE_MS);
    strictEqual(resolver.asked.length, 5);
  });
  deepStrictEqual(bench.told("host name not resolved"), [
    ["warning", {
      name: "home.example.net",
      reason: "home.example.net can't be looked up: EAI",
      stillProtected: "203.0.113.1",
    }],
  ]);
  deepStrictEqual(bench.told("host name resolved again"), [
    ["info", { name: "home.example.net" }],
  ]);
});

Deno.test("run() protects what names gave so far while another one hangs, and gives that up after a minute", async () => {
  const bench = new Bench({ members: "slow.example.net hub.example.net" });
  const { resolver, clock } = bench;
  resolver.hangs("slow.example.net");
  resolver.fails("hub.example.net", new RuntimeError("down"));
  const beginning = bench.begin();
  await clock.advance(3_000);
  const watch = await beginning;
  await bench.running(watch, async () => {
    resolver.knows("hub.example.net", "203.0.113.1");
    await clock.advance(30_000);
    const because = "member: hub.example.net, 203.0.113.1";
    strictEqual(verdict(watch, "203.0.113.1"), because);
    strictEqual(resolver.waiting, 1);
    await clock.advance(MINUTE_MS);
    strictEqual(resolver.waiting, 0);
    strictEqual(watch.unresolvedNames, 1);
  });
});
