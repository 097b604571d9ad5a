import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { keyOf } from "../../lib/ban/ban.ts";
import { ActionBench } from "../support/bench/action_bench.ts";
import { jail } from "../support/values/core_values.ts";

const HOUR_MS = 3_600_000;
const RESYNC_MS = 600_000;

Deno.test("EnforcedAction compares within ten seconds though nothing happens, repairs what differs and counts it", async () => {
  await using bench = new ActionBench();
  const { action, enforcer, log, clock } = bench;
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Ban 3");
  enforcer.lose(bench.ban(1));
  enforcer.lose(bench.ban(2));
  enforcer.put(bench.ban(9));
  await clock.advance(9_000);
  bench.holds(3, 9);
  await clock.advance(1_000);
  bench.holds(1, 2, 3);
  strictEqual(action.counters.missing, 2);
  strictEqual(action.counters.surplus, 1);
  await clock.advance(RESYNC_MS - 10_000);
  const { inForceAgeSeconds } = action;
  ok(Number(inForceAgeSeconds) <= 10, `${inForceAgeSeconds} s`);
  deepStrictEqual(
    log.records.filter(({ event }) => event === "what is in force differed")
      .map(({ severity, fields }) => ({ severity, fields })),
    [{
      severity: "warning",
      fields: { action: "memory", missing: 2, surplus: 1 },
    }],
  );
});

for (const listMs of [0, 1_000, 8_000, 15_000]) {
  Deno.test(`EnforcedAction knows what is in force no older than a minute where a list takes ${listMs} ms, and works more than it lists`, async () => {
    await using bench = new ActionBench();
    bench.enforcer.listMs = listMs;
    await bench.start();
    await bench.clock.advance(listMs);
    let oldestSeconds = 0;
    for (let second = 0; second < 600; second += 2) {
      await bench.clock.advance(2_000);
      const age = Number(bench.action.inForceAgeSeconds);
      oldestSeconds = Math.max(oldestSeconds, age);
    }
    ok(oldestSeconds <= 60, `${oldestSeconds} s`);
    strictEqual(bench.action.counters.comparisonsFailed, 0);
    const lists = bench.enforcer.calls.filter((call) => call === "list");
    ok(lists.length * listMs <= 600_000 / 2, `${lists.length} lists`);
  });
}

Deno.test("EnforcedAction leaves the host's own bans alone, also when it compares", async () => {
  await using bench = new ActionBench();
  const own = bench.ban(7, HOUR_MS, jail("sshd"));
  bench.enforcer.put(own);
  await bench.start();
  await bench.clock.advance(RESYNC_MS);
  deepStrictEqual(bench.enforcer.keys, [keyOf(own)]);
  strictEqual(bench.action.counters.surplus, 0);
});

Deno.test("EnforcedAction compares soon after a batch of which nobody knows how it went", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1");
  bench.enforcer.lostAnswer = "timed out";
  await bench.act("Ban 2");
  bench.enforcer.lostAnswer = undefined;
  bench.enforcer.lose(bench.ban(1));
  await bench.clock.advance(1_000);
  bench.holds(1, 2);
  strictEqual(bench.action.counters.missing, 1);
});

Deno.test("EnforcedAction tries a comparison that failed again within a minute, and goes on meanwhile", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1");
  bench.enforcer.lose(bench.ban(1));
  bench.enforcer.down = "no socket";
  await bench.clock.advance(10_000);
  strictEqual(bench.action.counters.missing, 0);
  bench.enforcer.down = undefined;
  await bench.clock.advance(60_000);
  bench.holds(1);
  strictEqual(bench.action.counters.missing, 1);
  strictEqual(bench.action.counters.comparisonsFailed, 1);
});

Deno.test("EnforcedAction applies after a restart only what is not in force", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Ban 3");
  const before = bench.enforcer.calls.length;
  await bench.restart(() => bench.enforcer.lose(bench.ban(2)));
  deepStrictEqual(bench.enforcer.calls.slice(before), [
    "check",
    "list",
    "apply 192.0.2.2",
    "list",
  ]);
  strictEqual(bench.action.figures["inForce"], 3);
});

Deno.test("EnforcedAction goes by its notes after a restart where nobody lists what is in force", async () => {
  await using bench = new ActionBench({ lists: false });
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  const before = bench.enforcer.calls.length;
  await bench.restart();
  await bench.act("Unban 2");
  deepStrictEqual(bench.enforcer.calls.slice(before), [
    "check",
    "list",
    "lift 192.0.2.2",
  ]);
});

Deno.test("EnforcedAction lifts after a restart what was withdrawn and not yet lifted, and what ended meanwhile", async () => {
  await using bench = new ActionBench({ banTimeMs: HOUR_MS });
  await bench.start();
  await bench.act("Ban 1");
  await bench.clock.advance(60_000);
  await bench.act("Ban 2", "Ban 3");
  bench.enforcer.refuse = (_, verb) => verb === "lift" ? "busy" : undefined;
  await bench.act("Unban 2");
  await bench.stop();
  bench.enforcer.refuse = () => undefined;
  await bench.clock.advance(HOUR_MS - 60_000);
  await bench.restart();
  await bench.clock.advance(1_000);
  bench.holds(3);
  bench.notes(3);
});

Deno.test("EnforcedAction takes back what was reported by whoever, when it was found in force", async () => {
  await using bench = new ActionBench();
  bench.enforcer.put(bench.ban(4));
  await bench.start();
  bench.holds(4);
  await bench.act("Unban 4");
  bench.holds();
});
