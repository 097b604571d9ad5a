import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { isOurs } from "../../lib/enforce/desired_bans.ts";
import type { ActiveBan, HostBan } from "../../lib/enforce/enforcer.ts";
import { jail } from "../support/values/core_values.ts";
import {
  carryOut,
  drop,
  nextOf,
  planBan as ban,
  planOf,
  reconcile,
  want,
} from "../support/bench/plan_bench.ts";

function failing(bans: readonly HostBan[], reason = "no jail") {
  return bans.map((ban) => ({ ban, reason }));
}

/** A ban as it is listed. */
function listed(last: number, expiresMs?: number): ActiveBan {
  const { jail, address } = ban(last);
  return { jail, address, expiresMs };
}

Deno.test("ActionPlan.reconcile() applies what is missing and lifts what is surplus", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2), ban(3));
  carryOut(plan);
  want(plan, ban(4));
  const web = { ...listed(8), jail: jail("web") };
  const drift = reconcile(plan, [listed(1), listed(9), web], isOurs);
  deepStrictEqual(drift, { missing: 2, surplus: 1 });
  strictEqual(plan.figures.inForce, 2);
  deepStrictEqual(carryOut(plan), ["apply 4 2 3", "lift 9"]);
  const all = [1, 2, 3, 4].map((last) => listed(last));
  deepStrictEqual(reconcile(plan, [...all, web], isOurs), {
    missing: 0,
    surplus: 0,
  });
  deepStrictEqual(carryOut(plan), []);
});

Deno.test("ActionPlan.reconcile() counts nothing that waits its turn", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2), ban(5));
  carryOut(plan);
  want(plan, ban(3), ban(4));
  drop(plan, ban(1), ban(2));
  const there = [listed(1), listed(3), listed(5)];
  deepStrictEqual(reconcile(plan, there, isOurs), { missing: 0, surplus: 0 });
  deepStrictEqual(carryOut(plan), ["apply 3 4", "lift 1"]);
  deepStrictEqual(plan.takeFinished(), [ban(2), ban(1)]);
});

Deno.test("ActionPlan.reconcile() counts ends that differ only where bans end by themselves", () => {
  for (const lapses of [false, true]) {
    const plan = planOf({ lapses });
    want(plan, ban(1, 50_000), ban(2, 50_000), ban(3), ban(4, 50_000));
    carryOut(plan);
    drop(plan, ban(4, 50_000));
    const there = [
      listed(1, 50_900),
      listed(2, 20_000),
      listed(3, 50_000),
      listed(4, 90_000),
    ];
    deepStrictEqual(reconcile(plan, there, isOurs), {
      missing: lapses ? 2 : 0,
      surplus: 0,
    });
    deepStrictEqual(
      carryOut(plan),
      lapses ? ["lift 4", "apply 2 3"] : ["lift 4"],
    );
  }
});

Deno.test("ActionPlan.reconcile() takes an end that is not told for the right one", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(1, 50_000));
  carryOut(plan);
  deepStrictEqual(reconcile(plan, [listed(1)], isOurs), {
    missing: 0,
    surplus: 0,
  });
  deepStrictEqual(carryOut(plan), []);
});

Deno.test("ActionPlan.reconcile() settles what nobody knew after a batch failed", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2), ban(3), ban(4));
  plan.fail(nextOf(plan), "timed out", 0);
  drop(plan, ban(3), ban(4));
  deepStrictEqual(reconcile(plan, [listed(1), listed(3)], isOurs), {
    missing: 0,
    surplus: 0,
  });
  deepStrictEqual(plan.takeFinished(), [ban(4)]);
  strictEqual(plan.figures.inForce, 2);
  deepStrictEqual(carryOut(plan, 1_000), ["apply 2", "lift 3"]);
  strictEqual(plan.figures.failing, 0);
});

Deno.test("ActionPlan.reconcile() leaves alone what is being done", () => {
  const plan = planOf();
  want(plan, ban(1), ban(2));
  carryOut(plan);
  drop(plan, ban(1));
  const work = nextOf(plan);
  deepStrictEqual(reconcile(plan, [listed(2)], isOurs), {
    missing: 0,
    surplus: 0,
  });
  strictEqual(plan.figures.inForce, 2);
  plan.record(work, [], 0);
  strictEqual(plan.figures.inForce, 1);
  deepStrictEqual(carryOut(plan), []);
});

Deno.test("ActionPlan.reconcile() ends no pause", () => {
  const plan = planOf();
  want(plan, ban(1));
  plan.record(nextOf(plan), failing([ban(1)]), 0);
  reconcile(plan, [], isOurs);
  strictEqual(plan.next(999), undefined);
  deepStrictEqual(carryOut(plan, 1_000), ["apply 1"]);
});

Deno.test("ActionPlan.reconcile() misses nothing whose end is past", () => {
  const plan = planOf({ lapses: true });
  want(plan, ban(1, 60_000), ban(2, 60_001));
  carryOut(plan);
  strictEqual(reconcile(plan, [], isOurs, 60_000).missing, 1);
});

Deno.test("ActionPlan.reconcile() looks at a few bans in each step, and at what changed in between not again", () => {
  const plan = planOf({ stepBans: 2, lapses: true });
  want(plan, ban(1, 50_000), ban(2, 50_000), ban(3, 50_000));
  carryOut(plan);
  plan.beginComparison();
  const steps = plan.reconcile(
    [listed(1, 50_000), listed(2, 50_000), listed(9)],
    isOurs,
  );
  let count = 0;
  let step = steps.next();
  plan.update({ kind: "lapsed", ban: ban(1, 50_000) });
  for (; step.done !== true; step = steps.next()) count++;
  // Three listed, two wanted still, and the two of the list that nobody wants.
  strictEqual(count, 3);
  deepStrictEqual(step.value, { missing: 1, surplus: 1 });
  deepStrictEqual(carryOut(plan), ["apply 3", "lift 9"]);
});
