import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DesiredCopy } from "../../lib/enforce/desired_copy.ts";
import { ActionBench } from "../support/bench/action_bench.ts";

const RESYNC_MS = 600_000;

/** What only lists and checks. */
function looks(calls: readonly string[]): string[] {
  return calls.filter((call) => call === "list" || call === "check");
}

Deno.test("EnforcedAction puts back within seconds what somebody else took out, without a next ban", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { action, clock, enforcer } = bench;
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Ban 3");
  await clock.advance(10_000);
  enforcer.lose(bench.ban(2));
  await clock.advance(2_000);
  bench.holds(1, 2, 3);
  await clock.advance(3_000);
  enforcer.lose();
  enforcer.put(bench.ban(9));
  await clock.advance(2_000);
  bench.holds(1, 2, 3);
  strictEqual(action.counters.missing, 4);
  strictEqual(action.counters.surplus, 1);
});

Deno.test("EnforcedAction lists nothing while nobody else changes anything, and its knowledge stays new", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { action, clock, enforcer } = bench;
  await bench.start();
  const before = enforcer.calls.length;
  for (let second = 0; second < 300; second++) {
    if (second % 7 === 0) await bench.act(`Ban ${second % 250}`);
    await clock.advance(1_000);
    ok(Number(action.figures["inForceAgeSeconds"]) <= 2);
  }
  // The first look knows of no list that it could compare with.
  deepStrictEqual(looks(enforcer.calls.slice(before)), []);
});

Deno.test("EnforcedAction lists seldom where somebody else changes something all the time", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { action, clock, enforcer } = bench;
  await bench.start();
  await bench.act("Ban 1");
  for (let second = 0; second < 60; second++) {
    enforcer.lose(bench.ban(7));
    await clock.advance(1_000);
    ok(Number(action.figures["inForceAgeSeconds"]) <= 10);
  }
  const lists = enforcer.calls.filter((call) => call === "list").length;
  ok(lists >= 10 && lists <= 31, `${lists} lists`);
});

Deno.test("EnforcedAction carries out bans and lifts while a list takes its time, and takes neither for a difference", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { action, clock, enforcer } = bench;
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  await clock.advance(5_000);
  enforcer.listsPaused = true;
  enforcer.lose(bench.ban(1));
  await clock.advance(2_000);
  await bench.act("Ban 3", "Unban 2");
  bench.holds(3);
  enforcer.resume();
  await clock.advance(0);
  bench.holds(1, 3);
  deepStrictEqual(
    { missing: action.counters.missing, surplus: action.counters.surplus },
    { missing: 1, surplus: 0 },
  );
});

Deno.test("EnforcedAction says that what is in force can't be listed, how old its knowledge is, and goes on", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { action, clock, enforcer, log } = bench;
  await bench.start();
  await bench.act("Ban 1");
  await clock.advance(5_000);
  enforcer.blind = "nft has not answered for 10 s";
  enforcer.lose(bench.ban(1));
  await clock.advance(60_000);
  await bench.act("Ban 2");
  bench.holds(2);
  ok(Number(action.figures["inForceAgeSeconds"]) >= 60);
  ok(action.counters.comparisonsFailed > 0);
  strictEqual(action.figures["lastReason"], enforcer.blind);
  ok(
    log.events.includes(
      "what is in force can't be listed, and is asked for again",
    ),
  );
  enforcer.blind = undefined;
  await clock.advance(5_000);
  bench.holds(1, 2);
  ok(Number(action.figures["inForceAgeSeconds"]) <= 5);
  strictEqual(action.figures["lastReason"], undefined);
});

Deno.test("EnforcedAction waits while a resync takes its time", async () => {
  await using bench = new ActionBench({ isWatched: true });
  const { clock, enforcer } = bench;
  await bench.start();
  enforcer.listsPaused = true;
  // Time would not move on past delays of no time.
  await clock.advance(RESYNC_MS + 60_000);
  await bench.act("Ban 1");
  bench.holds(1);
  enforcer.resume();
  await clock.advance(2_000);
  bench.holds(1);
});

Deno.test("EnforcedAction compares at every resync, also where nobody seems to have changed anything", async () => {
  await using bench = new ActionBench({ isWatched: true });
  await bench.start();
  const before = bench.enforcer.calls.length;
  await bench.clock.advance(RESYNC_MS + 2_000);
  deepStrictEqual(looks(bench.enforcer.calls.slice(before)), ["check", "list"]);
});

Deno.test("EnforcedAction compares after the next command what nobody tells it of", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  bench.enforcer.lose(bench.ban(1));
  await bench.clock.advance(5_000);
  bench.holds(2);
  await bench.act("Ban 3");
  bench.holds(1, 2, 3);
  strictEqual(bench.action.counters.missing, 1);
});

Deno.test("EnforcedAction does not compare for ever where what was applied is never listed", async () => {
  await using bench = new ActionBench();
  await bench.start();
  bench.enforcer.afterApply = (ban) => bench.enforcer.lose(ban);
  await bench.act("Ban 1");
  const calls = bench.enforcer.calls.length;
  ok(calls < 10, `${calls} calls`);
});

Deno.test("EnforcedAction holds up bans for seconds at most when a list after a command hangs", async () => {
  await using bench = new ActionBench();
  await bench.start();
  bench.enforcer.listsPaused = true;
  await bench.act("Ban 1");
  await bench.act("Ban 2");
  bench.holds(1);
  await bench.clock.advance(2_000);
  bench.holds(1, 2);
  ok(bench.action.counters.comparisonsFailed > 0);
});

for (const isAllOurs of [false, true]) {
  Deno.test(`EnforcedAction bans and lifts what comes in while it lists for its start, and then only what differs, ${isAllOurs ? "without notes" : "by its notes"}`, async () => {
    await using bench = new ActionBench({
      isWatched: true,
      lapses: true,
      source: DesiredCopy,
      isAllOurs,
    });
    const { enforcer } = bench;
    await bench.act("Ban 1", "Ban 2", "Ban 3");
    await bench.start();
    await bench.stop();
    bench.renew();
    enforcer.lose(bench.ban(1));
    enforcer.put(bench.ban(9));
    await bench.act("Ban 1", "Ban 2", "Ban 3");
    const before = enforcer.calls.length;
    enforcer.listsPaused = true;
    await bench.start();
    await bench.act("Ban 4");
    await bench.act("Unban 2");
    bench.holds(3, 4, 9);
    strictEqual(bench.action.figures["inForceAgeSeconds"], "unknown");
    enforcer.resume();
    await bench.clock.advance(0);
    bench.holds(1, 3, 4);
    deepStrictEqual(enforcer.calls.slice(before), [
      "check",
      "list",
      "apply 192.0.2.4",
      "lift 192.0.2.2",
      "apply 192.0.2.1",
      "lift 192.0.2.9",
    ]);
    const marks = ["1 applied", "3 applied", "4 applied"];
    deepStrictEqual(bench.marks, isAllOurs ? [] : marks);
    strictEqual(bench.ledger.isInUse("memory"), true);
    strictEqual(bench.action.figures["inForce"], 3);
  });
}

Deno.test("EnforcedAction applies all that is wanted where the list for its start fails, and says what is in force only of that", async () => {
  await using bench = new ActionBench({
    isWatched: true,
    lapses: true,
    source: DesiredCopy,
  });
  const { clock, enforcer } = bench;
  await bench.act("Ban 1", "Ban 2");
  await bench.start();
  await bench.stop();
  bench.renew();
  enforcer.lose(bench.ban(1));
  enforcer.put(bench.ban(9));
  enforcer.blindLists = "nft has not answered for 10 s";
  await bench.act("Ban 1", "Ban 2", "Ban 3");
  await bench.start();
  bench.holds(1, 2, 3, 9);
  strictEqual(bench.action.figures["inForce"], 3);
  strictEqual(bench.action.figures["inForceAgeSeconds"], "unknown");
  ok(bench.action.counters.comparisonsFailed > 0);
  enforcer.blindLists = undefined;
  await clock.advance(10_000);
  bench.holds(1, 2, 3);
  strictEqual(bench.action.counters.surplus, 1);
});

Deno.test("EnforcedAction puts back what was taken out without a list, and lists when something else was done", async () => {
  await using bench = new ActionBench({ isWatched: true, tellsDeleted: true });
  const { action, clock, enforcer } = bench;
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Ban 3");
  await clock.advance(10_000);
  const before = enforcer.calls.length;
  enforcer.lose(bench.ban(2));
  // Nobody wants it, and nobody misses it.
  enforcer.lose(bench.ban(8));
  await clock.advance(2_000);
  bench.holds(1, 2, 3);
  strictEqual(action.counters.missing, 1);
  ok(Number(action.figures["inForceAgeSeconds"]) <= 2);
  deepStrictEqual(enforcer.calls.slice(before), ["apply 192.0.2.2"]);
  enforcer.put(bench.ban(9));
  enforcer.lose(bench.ban(1));
  await clock.advance(3_000);
  bench.holds(1, 2, 3);
  deepStrictEqual(looks(enforcer.calls.slice(before)), ["check", "list"]);
  strictEqual(action.counters.surplus, 1);
});

Deno.test("EnforcedAction without notes tells a jail that reported while it listed for its start what is in force", async () => {
  await using bench = new ActionBench({
    isWatched: true,
    isAllOurs: true,
    lapses: true,
    source: DesiredCopy,
  });
  await bench.act("Ban 1", "Ban 2");
  await bench.start();
  await bench.stop();
  bench.renew();
  await bench.act("Ban 1", "Ban 2");
  bench.enforcer.listsPaused = true;
  await bench.start();
  await bench.act("web-2|dovecot|Ban|192.0.2.2");
  bench.takeReceipts();
  bench.enforcer.resume();
  await bench.clock.advance(0);
  deepStrictEqual(bench.takeReceipts(), ["2 applied"]);
});
