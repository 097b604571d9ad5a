import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { isOurs } from "../../lib/enforce/desired_bans.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
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

function failing(bans: readonly HostBan[], reason = "no jail") {
  return bans.map((ban) => ({ ban, reason }));
}

Deno.test("ActionPlan tries a failed ban again after a pause that doubles, to a limit", () => {
  const plan = planOf({ firstPauseMs: 1_000, maxPauseMs: 5_000 });
  want(plan, ban(1));
  let nowMs = 0;
  const pauses: number[] = [];
  for (let round = 0; round < 6; round++) {
    const work = nextOf(plan, nowMs);
    plan.record(work, failing(work.bans), nowMs);
    const againMs = plan.nextAtMs ?? NaN;
    strictEqual(plan.next(againMs - 1), undefined);
    pauses.push(againMs - nowMs);
    nowMs = againMs;
  }
  deepStrictEqual(pauses, [1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  plan.record(nextOf(plan, nowMs), [], nowMs);
  drop(plan, ban(1));
  const work = nextOf(plan, nowMs);
  plan.record(work, failing(work.bans), nowMs);
  strictEqual(plan.nextAtMs, nowMs + 1_000, "what went well counts anew");
});

Deno.test("ActionPlan pauses each failed ban by itself, and serves the others", () => {
  const plan = planOf({ maxBansAtOnce: 2 });
  want(plan, ban(1), ban(2), ban(3));
  const work = nextOf(plan);
  plan.record(work, failing([ban(2)]), 0);
  want(plan, ban(4));
  deepStrictEqual(carryOut(plan), ["apply 3 4"]);
  deepStrictEqual(carryOut(plan, 999), []);
  deepStrictEqual(carryOut(plan, 1_000), ["apply 2"]);
});

Deno.test("ActionPlan serves news before what failed", () => {
  const plan = planOf({ maxBansAtOnce: 1 });
  want(plan, ban(1));
  plan.record(nextOf(plan), failing([ban(1)]), 0);
  want(plan, ban(2));
  deepStrictEqual(carryOut(plan, 1_000), ["apply 2", "apply 1"]);
});

Deno.test("ActionPlan takes a failed ban for not in force, and one that can't be lifted for in force", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2));
  plan.record(nextOf(plan), failing([ban(1)]), 0);
  strictEqual(plan.figures.inForce, 1);
  drop(plan, ban(1), ban(2));
  const work = nextOf(plan);
  strictEqual(told(work), "lift 2", "what failed needs no lifting");
  plan.record(work, failing([ban(2)], "busy"), 0);
  strictEqual(plan.figures.inForce, 1);
  want(plan, ban(2));
  deepStrictEqual(carryOut(plan, 1e6), [], "it still is in force");
  deepStrictEqual(plan.figures.lastReason, undefined);
  strictEqual(plan.nextAtMs, undefined);
});

Deno.test("ActionPlan gives up at once a failed ban that was withdrawn while it was tried", () => {
  const plan = planOf();
  want(plan, ban(1));
  const work = nextOf(plan);
  drop(plan, ban(1));
  plan.record(work, failing(work.bans), 0);
  strictEqual(plan.nextAtMs, undefined);
  strictEqual(plan.figures.failing, 0);
  deepStrictEqual(plan.takeFinished(), [ban(1)]);
});

Deno.test("ActionPlan forgets a failure once the ban went well, though more is to be done about it", () => {
  const plan = planOf();
  want(plan, ban(1));
  plan.record(nextOf(plan), failing([ban(1)]), 0);
  const again = nextOf(plan, 1_000);
  drop(plan, ban(1));
  plan.record(again, [], 1_000);
  deepStrictEqual(plan.figures, {
    inForce: 1,
    waiting: 1,
    failing: 0,
    refused: 0,
    lastReason: undefined,
  });
  plan.record(nextOf(plan, 1_000), failing([ban(1)]), 1_000);
  strictEqual(plan.nextAtMs, 2_000);
});

Deno.test("ActionPlan makes a failed ban wait, though it is withdrawn and reported again", () => {
  const plan = planOf();
  want(plan, ban(1));
  plan.record(nextOf(plan), failing([ban(1)]), 0);
  drop(plan, ban(1));
  want(plan, ban(1));
  strictEqual(plan.next(999), undefined);
  deepStrictEqual(carryOut(plan, 1_000), ["apply 1"]);
});

Deno.test("ActionPlan keeps to its rate when the pause of a failed ban is over", () => {
  const plan = planOf({ maxPerSecond: 10 });
  want(plan, ban(1), ban(2), ban(3), ban(4), ban(5));
  carryOut(plan);
  want(plan, ban(6), ban(7), ban(8), ban(9), ban(10));
  const work = nextOf(plan, 500);
  plan.record(work, failing([ban(6)]), -600);
  strictEqual(plan.nextAtMs, 1_000);
});

Deno.test("ActionPlan pauses altogether when a batch fails as a whole, twice as long each time", () => {
  const plan = planOf({ maxBansAtOnce: 2, maxPauseMs: 3_000 });
  want(plan, ban(1), ban(2), ban(3));
  plan.fail(nextOf(plan), "down", 0);
  want(plan, ban(4));
  strictEqual(plan.next(999), undefined);
  strictEqual(plan.nextAtMs, 1_000);
  const second = nextOf(plan, 1_000);
  strictEqual(told(second), "apply 3 4", "what failed goes to the backlog");
  plan.fail(second, "down", 1_000);
  strictEqual(plan.nextAtMs, 3_000);
  plan.fail(nextOf(plan, 3_000), "down", 3_000);
  strictEqual(plan.nextAtMs, 6_000, "no longer than that");
  plan.record(nextOf(plan, 6_000), [], 6_000);
  plan.fail(nextOf(plan, 6_000), "down", 6_000);
  strictEqual(plan.nextAtMs, 7_000);
  deepStrictEqual(carryOut(plan, 7_000).length, 1);
  strictEqual(plan.figures.inForce, 4);
});

Deno.test("ActionPlan lifts what was withdrawn after a batch failed: it may be in force all the same", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2));
  plan.fail(nextOf(plan), "timed out", 0);
  drop(plan, ban(1));
  deepStrictEqual(plan.takeFinished(), []);
  deepStrictEqual(
    carryOut(plan, 1_000),
    ["lift 1", "apply 2"],
  );
  deepStrictEqual(plan.takeFinished(), [ban(1)]);
});

Deno.test("ActionPlan applies what was reported after lifting failed as a whole: it may have been lifted", () => {
  const plan = planOf();
  want(plan, ban(1));
  carryOut(plan);
  drop(plan, ban(1));
  plan.fail(nextOf(plan), "timed out", 0);
  want(plan, ban(1));
  deepStrictEqual(carryOut(plan, 1_000), ["apply 1"]);
});

Deno.test("ActionPlan lifts a lapsed ban whose earlier try, of which nobody knows, would end later", () => {
  const plan = planOf({ lapses: true });
  for (const expiresMs of [60_000, 10_000]) {
    want(plan, ban(1, expiresMs));
    const { nextAtMs = 0 } = plan;
    plan.fail(nextOf(plan, nextAtMs), "timed out", nextAtMs);
  }
  plan.update({ kind: "lapsed", ban: ban(1, 10_000) });
  deepStrictEqual(carryOut(plan, 10_000), ["lift 1"]);
});

Deno.test("ActionPlan lifts what was withdrawn after it could not be prolonged: it is in force as before", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(1, 60_000));
  carryOut(plan);
  want(plan, ban(1, 120_000));
  plan.record(nextOf(plan), failing([ban(1)], "set is full"), 0);
  strictEqual(plan.stateOf(ban(1)), "tried");
  drop(plan, ban(1));
  deepStrictEqual(carryOut(plan, 1e6), ["lift 1"]);
});

Deno.test("ActionPlan tries what was refused for good only when something changes, and does not call it failing", () => {
  const plan = planOf();
  const refused = [{
    ban: ban(1),
    reason: "ignoreip",
    kind: "refused",
  }] as const;
  want(plan, ban(1));
  plan.record(nextOf(plan), refused, 0);
  deepStrictEqual(plan.figures, {
    inForce: 0,
    waiting: 0,
    failing: 0,
    refused: 1,
    lastReason: undefined,
  });
  strictEqual(plan.nextAtMs, undefined);
  reconcile(plan, [], isOurs);
  const again = nextOf(plan);
  strictEqual(told(again), "apply 1", "after a comparison");
  plan.record(again, refused, 0);
  want(plan, ban(1));
  plan.record(nextOf(plan), refused, 0);
  drop(plan, ban(1));
  deepStrictEqual(plan.takeFinished(), [ban(1)]);
  strictEqual(plan.figures.refused, 0);
});

Deno.test("ActionPlan.takeOver() names a ban once that came and went many times", () => {
  const plan = planOf();
  for (let round = 0; round < 1_000; round++) {
    want(plan, ban(1));
    drop(plan, ban(1));
  }
  deepStrictEqual(plan.takeFinished(), [ban(1)]);
  deepStrictEqual(plan.takeFinished(), []);
});
