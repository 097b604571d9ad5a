import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { keyOf } from "../../lib/ban/ban.ts";
import { ActionBench } from "../support/bench/action_bench.ts";
import { jail } from "../support/values/core_values.ts";

const MINUTE_MS = 60_000;
const SSHD = jail("sshd");

Deno.test("EnforcedAction keeps a ban over a restart until each who reported it took it back", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("web-1|nginx|Ban|192.0.2.1", "web-2|nginx|Ban|192.0.2.1");
  await bench.restart();
  await bench.act("web-2|nginx|Unban|192.0.2.1");
  bench.holds(1);
  await bench.restart();
  await bench.act("web-1|nginx|Unban|192.0.2.1");
  bench.holds();
});

Deno.test("EnforcedAction applies after a restart what failed before it, also where nobody lists what is in force", async () => {
  await using bench = new ActionBench({ lists: false });
  bench.enforcer.refuse = () => "the program is broken";
  await bench.start();
  await bench.act("Ban 1");
  bench.holds();
  await bench.restart(() => {
    bench.enforcer.refuse = () => undefined;
  });
  bench.holds(1);
  strictEqual(bench.action.counters.applied, 1);
});

Deno.test("EnforcedAction applies after a restart what it heard and had no time for", async () => {
  await using bench = new ActionBench({ lists: false });
  await bench.start();
  await bench.restart(() => bench.act("Ban 1"));
  bench.holds(1);
});

Deno.test("EnforcedAction tries again after a restart what it was trying when it was ended", async () => {
  await using bench = new ActionBench({ lists: false });
  await bench.start();
  bench.enforcer.paused = true;
  await bench.act("Ban 1");
  deepStrictEqual(bench.marks, ["1 tried"]);
  await bench.restart(() => bench.enforcer.resume());
  bench.holds(1);
  deepStrictEqual(bench.marks, ["1 applied"]);
});

Deno.test("EnforcedAction lifts after a restart what may have been applied and is wanted no longer", async () => {
  await using bench = new ActionBench({ lists: false });
  await bench.start();
  bench.enforcer.lostAnswer = "timed out";
  await bench.act("Ban 1", "Unban 1");
  await bench.act("Ban 2");
  await bench.act("Unban 2");
  await bench.restart(() => {
    bench.enforcer.lostAnswer = undefined;
  });
  bench.holds();
  deepStrictEqual(bench.marks, []);
});

Deno.test("EnforcedAction goes by what the host has in force itself: it is wanted, and never lifted", async () => {
  await using bench = new ActionBench({
    jailMap: "nginx = sshd",
    banTimeMs: MINUTE_MS,
  });
  bench.enforcer.tellsPresent = true;
  const own = bench.ban(1, 2 * MINUTE_MS, SSHD);
  bench.enforcer.put(own);
  await bench.start();
  await bench.act("Ban 1");
  strictEqual(bench.action.figures["inForce"], 1);
  deepStrictEqual(bench.marks, []);
  deepStrictEqual(bench.takeReceipts(), ["1 applied it was there"]);
  await bench.restart();
  strictEqual(bench.action.figures["inForce"], 1);
  await bench.act("Unban 1");
  deepStrictEqual(bench.enforcer.keys, [keyOf(own)]);
  await bench.act("Ban 1");
  await bench.clock.advance(MINUTE_MS + 1_000);
  deepStrictEqual(bench.enforcer.keys, [keyOf(own)], "its end is its own");
});

Deno.test("EnforcedAction lifts its own ban in a jail that also detects, after a restart too", async () => {
  await using bench = new ActionBench({ jailMap: "nginx = sshd" });
  bench.enforcer.tellsPresent = true;
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  await bench.act("Unban 1");
  deepStrictEqual(bench.enforcer.keys, ["sshd|192.0.2.2"]);
  await bench.restart();
  await bench.act("Unban 2");
  deepStrictEqual(bench.enforcer.keys, []);
});

Deno.test("EnforcedAction moves bans to the jail that the map has for them by now", async () => {
  await using bench = new ActionBench({
    jailMap: "nginx = web",
    resyncEveryMs: 10_000,
  });
  await bench.start();
  await bench.act("Ban 1");
  deepStrictEqual(bench.enforcer.keys, ["web|192.0.2.1"]);
  await bench.restart(() => {
    bench.jailMap = "";
  });
  bench.holds(1);
  await bench.clock.advance(21_000);
  strictEqual(bench.action.counters.missing, 0);
  deepStrictEqual(
    bench.ledger.load("memory").reports.map(keyOf),
    ["fail2bancluster|192.0.2.1"],
  );
});
