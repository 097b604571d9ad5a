import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { ProtectionWatch } from "../../lib/protection/protection_watch.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { ProtectionBench, verdict } from "../support/bench/protection_bench.ts";

const MINUTE_MS = 60_000;

Deno.test("begin() waits three seconds for names, no longer, and tells which have no answer", async () => {
  const bench = new ProtectionBench({
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
  const bench = new ProtectionBench({ members: "slow.example.net" });
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
  const bench = new ProtectionBench({ ignoreip: list, members: list });
  for (const name of names) bench.resolver.knows(name, "203.0.113.1");
  await bench.begin();
  strictEqual(bench.resolver.asked.length, 200);
  strictEqual(bench.resolver.mostAtOnce, 64);
});

Deno.test("run() looks names up every five minutes", async () => {
  const bench = new ProtectionBench({ members: "hub.example.net" });
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
  const bench = new ProtectionBench({ ignoreip: "home.example.net" });
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
  const bench = new ProtectionBench({
    members: "slow.example.net hub.example.net",
  });
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
