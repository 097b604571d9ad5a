import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import {
  addresses,
  ProtectionBench,
  verdict,
} from "../support/bench/protection_bench.ts";

const MINUTE_MS = 60_000;

Deno.test("begin() protects what the host, the names and the configuration say, each under its rule", async () => {
  const bench = new ProtectionBench({
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
  const bench = new ProtectionBench({ allowPrivate: true });
  bench.host.own = addresses("10.0.0.2");
  const watch = await bench.begin();
  strictEqual(verdict(watch, "10.0.0.3"), "may be banned");
  strictEqual(verdict(watch, "10.0.0.2"), "own-address: 10.0.0.2");
});

Deno.test("begin() lets a bug of the resolver show", async () => {
  const bench = new ProtectionBench({ members: "hub.example.net" });
  const bug = new TypeError("a bug");
  bench.resolver.fails("hub.example.net", bug);
  await rejects(bench.begin(), bug);
});

Deno.test("run() looks at the host's network every minute, and protects what is new and no more what went", async () => {
  const bench = new ProtectionBench();
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
  const bench = new ProtectionBench();
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

Deno.test("policy stays the same object until something changes", async () => {
  const bench = new ProtectionBench({ members: "hub.example.net" });
  bench.resolver.knows("hub.example.net", "203.0.113.1");
  const watch = await bench.begin();
  const { policy } = watch;
  await bench.running(watch, async () => {
    await bench.clock.advance(10 * MINUTE_MS);
    strictEqual(bench.resolver.asked.length, 3);
    strictEqual(watch.policy, policy);
    bench.resolver.knows("hub.example.net", "203.0.113.1", "203.0.113.2");
    await bench.clock.advance(5 * MINUTE_MS);
    strictEqual(watch.policy === policy, false);
  });
});
