import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import { jail } from "../support/values/core_values.ts";
import {
  carryOut,
  drop,
  nextOf,
  planBan as ban,
  planOf,
  reconcile,
  told,
  want,
} from "../support/bench/plan_bench.ts";

/** Everything that fails, for the same reason. */
function failing(bans: readonly HostBan[], reason = "no jail") {
  return bans.map((ban) => ({ ban, reason }));
}

Deno.test("ActionPlan applies what stands and lifts what was withdrawn, once", () => {
  const plan = planOf();
  strictEqual(plan.next(0), undefined);
  strictEqual(plan.nextAtMs, undefined);
  want(plan, ban(1), ban(2));
  deepStrictEqual(carryOut(plan), ["apply 1 2"]);
  want(plan, ban(1));
  drop(plan, ban(2), ban(3));
  deepStrictEqual(carryOut(plan), ["lift 2"]);
  strictEqual(plan.nextAtMs, undefined);
});

Deno.test("ActionPlan does nothing about what changed back before its turn", () => {
  const plan = planOf();
  want(plan, ban(1));
  drop(plan, ban(1));
  strictEqual(plan.nextAtMs, undefined);
  deepStrictEqual(carryOut(plan), []);
  want(plan, ban(2));
  carryOut(plan);
  drop(plan, ban(2));
  want(plan, ban(2, 5_000));
  deepStrictEqual(carryOut(plan), []);
  drop(plan, ban(2));
  want(plan, ban(2));
  drop(plan, ban(2));
  deepStrictEqual(carryOut(plan), ["lift 2"]);
});

Deno.test("ActionPlan serves first what came first, and a ban in its last shape", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(3), ban(1), ban(2), ban(1, 5_000));
  const work = nextOf(plan);
  strictEqual(told(work), "apply 3 1 2");
  deepStrictEqual(work.bans[1], ban(1, 5_000));
});

Deno.test("ActionPlan serves news before the backlog", () => {
  const plan = planOf({ maxBansAtOnce: 2 });
  for (const last of [1, 2, 3]) plan.adopt(ban(last));
  want(plan, ban(4), ban(5), ban(6));
  drop(plan, ban(2));
  deepStrictEqual(carryOut(plan), [
    "apply 4 5",
    "apply 6",
    "lift 1 2",
    "lift 3",
  ]);
});

Deno.test("ActionPlan hands out batches of one verb, and none larger than allowed", () => {
  const plan = planOf({ maxBansAtOnce: 3 });
  want(plan, ban(1), ban(2), ban(3));
  carryOut(plan);
  want(plan, ban(4));
  drop(plan, ban(1), ban(2));
  want(plan, ban(5), ban(6), ban(7), ban(8));
  deepStrictEqual(carryOut(plan), ["apply 4 5 6", "lift 1 2", "apply 7 8"]);
});

Deno.test("ActionPlan fills its batches though bans and unbans take turns", () => {
  const plan = planOf({ maxBansAtOnce: 50 });
  for (let at = 0; at < 100; at++) plan.adopt(ban(at));
  for (let at = 0; at < 100; at++) {
    want(plan, ban(100 + at));
    drop(plan, ban(at));
  }
  strictEqual(carryOut(plan).length, 4);
});

Deno.test("ActionPlan looks for bans of a batch's verb no further than ten batches", () => {
  const plan = planOf({ maxBansAtOnce: 2 });
  for (let last = 0; last < 30; last++) want(plan, ban(last));
  carryOut(plan);
  want(plan, ban(40));
  for (let last = 0; last < 30; last++) drop(plan, ban(last));
  want(plan, ban(41));
  strictEqual(told(plan.next(0)), "apply 40");
});

Deno.test("ActionPlan leaves alone for good what the host has in force itself", () => {
  const plan = planOf();
  want(plan, ban(1));
  const work = nextOf(plan);
  const present = {
    ban: ban(1),
    reason: "it was there",
    kind: "present",
  } as const;
  plan.record(work, [present], 0);
  strictEqual(plan.stateOf(ban(1)), "none");
  strictEqual(plan.figures.inForce, 1);
  strictEqual(plan.figures.failing, 0);
  drop(plan, ban(1));
  deepStrictEqual(carryOut(plan), []);
  strictEqual(plan.figures.inForce, 0);
  deepStrictEqual(plan.takeFinished(), [ban(1)]);
  want(plan, ban(2));
  plan.adopt(ban(2), "hosted");
  deepStrictEqual(carryOut(plan), []);
  drop(plan, ban(2));
  deepStrictEqual(carryOut(plan), []);
});

Deno.test("ActionPlan applies what the host had in force itself, once it has not, and counts no difference", () => {
  const plan = planOf();
  want(plan, ban(1));
  plan.adopt(ban(1), "hosted");
  const { jail, address } = ban(1);
  const there = [{ jail, address, expiresMs: undefined }];
  const none = { missing: 0, surplus: 0 };
  deepStrictEqual(reconcile(plan, there, () => false), none);
  deepStrictEqual(carryOut(plan), []);
  deepStrictEqual(reconcile(plan, [], () => false), none);
  deepStrictEqual(carryOut(plan), ["apply 1"]);
  drop(plan, ban(1));
  deepStrictEqual(carryOut(plan), ["lift 1"], "this one is ours");
});

Deno.test("ActionPlan takes for its own what it may have put in force, and tries that again", () => {
  const plan = planOf();
  want(plan, ban(1));
  plan.fail(nextOf(plan), "timed out", 0);
  strictEqual(plan.stateOf(ban(1)), "tried");
  const present = {
    ban: ban(1),
    reason: "it was there",
    kind: "present",
  } as const;
  plan.record(nextOf(plan, 1_000), [present], 1_000);
  strictEqual(plan.stateOf(ban(1)), "applied");
  plan.adopt(ban(2), "tried");
  deepStrictEqual(carryOut(plan, 1_000), ["lift 2"]);
});

Deno.test("ActionPlan hands out nothing twice, and follows up what changed meanwhile", () => {
  const plan = planOf({ lapses: true, maxBansAtOnce: 4 });
  want(plan, ban(1), ban(2), ban(3, 5_000), ban(4));
  const work = nextOf(plan);
  strictEqual(plan.next(0), undefined);
  drop(plan, ban(1));
  want(plan, ban(2), ban(3, 9_000));
  drop(plan, ban(4));
  want(plan, ban(4));
  strictEqual(plan.next(0), undefined, "all of them are being done");
  plan.record(work, [], 0);
  deepStrictEqual(carryOut(plan), ["lift 1", "apply 3"]);
});

Deno.test("ActionPlan lifts in the end what was withdrawn while it was lifted and reported again", () => {
  const plan = planOf();
  want(plan, ban(1));
  carryOut(plan);
  drop(plan, ban(1));
  const work = nextOf(plan);
  want(plan, ban(1));
  plan.record(work, [], 0);
  deepStrictEqual(carryOut(plan), ["apply 1"]);
});

Deno.test("ActionPlan lifts what lapsed only where bans don't end by themselves", () => {
  for (const lapses of [false, true]) {
    const plan = planOf({ lapses });
    want(plan, ban(1, 5_000));
    carryOut(plan);
    plan.update({ kind: "lapsed", ban: ban(1, 5_000) });
    deepStrictEqual(carryOut(plan), lapses ? [] : ["lift 1"]);
    strictEqual(plan.figures.inForce, 0);
  }
});

Deno.test("ActionPlan lifts what lapsed and was applied for longer", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(1, 5_000));
  plan.adopt(ban(1, 60_000));
  plan.update({ kind: "lapsed", ban: ban(1, 5_000) });
  deepStrictEqual(carryOut(plan), ["lift 1"]);
});

Deno.test("ActionPlan applies a ban again for its new end only where bans end by themselves", () => {
  for (const lapses of [false, true]) {
    const plan = planOf({ lapses });
    want(plan, ban(1, 50_000), ban(2, 50_000), ban(3, 50_000));
    carryOut(plan);
    want(plan, ban(1, 90_000), ban(2, 20_000), ban(3, 51_000));
    deepStrictEqual(carryOut(plan), lapses ? ["apply 1 2"] : []);
  }
});

Deno.test("ActionPlan adopts what is in force, and does only what differs", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(1, 50_000), ban(2, 50_000), ban(3, 50_000));
  plan.adopt(ban(1, 50_500));
  plan.adopt(ban(2, 10_000));
  plan.adopt(ban(4, 50_000));
  strictEqual(plan.figures.inForce, 3);
  deepStrictEqual(carryOut(plan), ["apply 2 3", "lift 4"]);
  strictEqual(plan.figures.inForce, 3);
});

Deno.test("ActionPlan tells jails apart", () => {
  const plan = planOf();
  const web = { ...ban(1), jail: jail("web") };
  want(plan, ban(1), web);
  deepStrictEqual(nextOf(plan).bans, [ban(1), web]);
});

Deno.test("ActionPlan keeps to its rate, over batches and failures", () => {
  const plan = planOf({ maxPerSecond: 2, maxBansAtOnce: 10 });
  want(plan, ...[1, 2, 3, 4, 5].map((last) => ban(last)));
  const work = nextOf(plan);
  strictEqual(told(work), "apply 1 2", "no more than a second's worth");
  plan.record(work, [], 10);
  strictEqual(plan.next(999), undefined);
  strictEqual(plan.nextAtMs, 1_000);
  const second = nextOf(plan, 1_000);
  plan.fail(second, "down", 1_001);
  strictEqual(plan.next(2_000), undefined, "the pause counts from the failure");
  strictEqual(plan.nextAtMs, 2_001);
  strictEqual(told(plan.next(2_001)), "apply 5 3");
});

Deno.test("ActionPlan says what it has to do, and why it can't", () => {
  const plan = planOf({ maxBansAtOnce: 2 });
  want(plan, ban(1), ban(2), ban(3));
  deepStrictEqual(plan.figures, {
    inForce: 0,
    waiting: 3,
    failing: 0,
    refused: 0,
    lastReason: undefined,
  });
  const work = nextOf(plan);
  plan.record(work, failing(work.bans.slice(0, 1)), 0);
  deepStrictEqual(plan.figures, {
    inForce: 1,
    waiting: 2,
    failing: 1,
    refused: 0,
    lastReason: "no jail",
  });
  plan.fail(nextOf(plan), "down", 0);
  deepStrictEqual(plan.figures, {
    inForce: 1,
    waiting: 2,
    failing: 2,
    refused: 0,
    lastReason: "down",
  });
  carryOut(plan, 1e6);
  deepStrictEqual(plan.figures, {
    inForce: 3,
    waiting: 0,
    failing: 0,
    refused: 0,
    lastReason: undefined,
  });
});

Deno.test("ActionPlan names what came to be neither wanted nor in force, once", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2), ban(3));
  drop(plan, ban(1), ban(9));
  want(plan, ban(4));
  drop(plan, ban(4));
  want(plan, ban(4));
  deepStrictEqual(plan.takeFinished(), [ban(1), ban(9)]);
  carryOut(plan);
  deepStrictEqual(plan.takeFinished(), []);
  drop(plan, ban(2));
  plan.update({ kind: "lapsed", ban: ban(3) });
  deepStrictEqual(plan.takeFinished(), [], "they are still in force");
  carryOut(plan);
  deepStrictEqual(plan.takeFinished(), [ban(2), ban(3)]);
  deepStrictEqual(plan.takeFinished(), []);
});
