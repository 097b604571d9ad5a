import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { ActionPlan } from "../../lib/enforce/action_plan.ts";
import { haveOtherEnds } from "../../lib/enforce/plan_entry.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import type { PlanBatch } from "../../lib/enforce/plan_types.ts";
import type {
  EnforcementFailure,
  HostBan,
} from "../../lib/enforce/enforcer.ts";
import { isOurs } from "../../lib/enforce/desired_bans.ts";
import { jail } from "../support/values/core_values.ts";
import { planBan, planOf, reconcile } from "../support/bench/plan_bench.ts";

const MAX_AT_ONCE = 3;
const MAX_PAUSE_MS = 8_000;
/** Retries are grouped by tenths of a second: a pause ends late, never early. */
const MAX_LATE_MS = 100;

/** What an enforcer holds, what is wanted, and a plan between them. */
class World {
  readonly wanted = new Map<string, HostBan>();
  readonly held = new Map<string, HostBan>();
  readonly plan: ActionPlan;
  nowMs = 0;
  #busy: PlanBatch | undefined;
  #comparing: Iterator<void, unknown> | undefined;

  constructor(readonly lapses: boolean) {
    this.plan = planOf({
      lapses,
      maxBansAtOnce: MAX_AT_ONCE,
      maxPauseMs: MAX_PAUSE_MS,
      stepBans: 1,
    });
  }

  want(ban: HostBan): void {
    this.wanted.set(keyOf(ban), ban);
    this.plan.update({ kind: "stands", ban });
  }

  drop(ban: HostBan): void {
    const key = keyOf(ban);
    const wanted = this.wanted.get(key);
    this.wanted.delete(key);
    this.plan.update({ kind: "withdrawn", ban: wanted ?? ban });
  }

  /** The time of a ban is over; what ends by itself does so now. */
  lapse(ban: HostBan): void {
    const key = keyOf(ban);
    const wanted = this.wanted.get(key);
    if (wanted === undefined) return;
    this.wanted.delete(key);
    const held = this.held.get(key);
    if (this.lapses && (held?.expiresMs ?? 0) <= wanted.expiresMs) {
      this.held.delete(key);
    }
    this.plan.update({ kind: "lapsed", ban: wanted });
  }

  /** Takes the next batch, unless one is being done. */
  begin(): void {
    if (this.#busy !== undefined) return;
    this.#busy = this.plan.next(this.nowMs);
    const keys = this.#busy?.bans.map(keyOf) ?? [];
    ok(this.#busy === undefined || keys.length > 0);
    ok(keys.length <= MAX_AT_ONCE);
    strictEqual(new Set(keys).size, keys.length);
  }

  /** Ends the batch. Bans that fail by themselves are not in force, or still are. */
  end(failing: readonly number[], outcome: Outcome): void {
    const work = this.#busy;
    if (work === undefined) return;
    this.#busy = undefined;
    const failures: EnforcementFailure[] = [];
    work.bans.forEach((ban, index) => {
      const key = keyOf(ban);
      const fails = failing.includes(index);
      if (fails) failures.push({ ban, reason: "refused" });
      if (outcome === "refused") return;
      if (work.verb === "apply" ? !fails : fails) this.held.set(key, ban);
      // What could not be prolonged is as it was, or is gone.
      else if (work.verb === "lift" || index % 2 === 0) this.held.delete(key);
    });
    if (outcome === "answered") {
      this.plan.record(work, failures, this.nowMs);
    } else {
      this.plan.fail(work, outcome, this.nowMs);
    }
  }

  reconcile(): void {
    if (this.#busy !== undefined || this.#comparing !== undefined) return;
    reconcile(this.plan, [...this.held.values()], isOurs);
  }

  /** Begins a comparison with what is held now, or does a step of the one that has begun. */
  compare(): void {
    if (this.#comparing === undefined) {
      this.plan.beginComparison();
      const listed = [...this.held.values()];
      this.#comparing = this.plan.reconcile(listed, isOurs);
    } else if (this.#comparing.next().done === true) {
      this.#comparing = undefined;
    }
  }

  /** Lets everything go well until nothing is left to do. */
  settle(): void {
    while (this.#comparing !== undefined) this.compare();
    this.end([], "answered");
    for (let round = 0; round < 1_000; round++) {
      this.begin();
      this.end([], "answered");
      const { nextAtMs } = this.plan;
      if (nextAtMs === undefined) return;
      const latestMs = this.nowMs + MAX_PAUSE_MS + MAX_LATE_MS;
      ok(nextAtMs <= latestMs, "no ban waits for ever");
      this.nowMs = Math.max(this.nowMs, nextAtMs);
    }
    throw new Error("The plan finds no end");
  }

  /** What came to nothing must be nowhere. */
  noteOver(): void {
    for (const ban of this.plan.takeFinished()) {
      const key = keyOf(ban);
      ok(!this.wanted.has(key), `${key} is wanted`);
      ok(!this.held.has(key), `${key} is in force`);
    }
  }
}

/** A batch that is answered, one that never came, one whose answer never came. */
type Outcome = "answered" | "refused" | "timed out";

const anyBan = fc.tuple(
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(10_000, 60_000, Infinity),
  fc.boolean(),
).map(([last, expiresMs, isMapped]) => {
  const ban = planBan(last, expiresMs);
  return isMapped ? { ...ban, jail: jail("web") } : ban;
});
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("want" as const, "drop" as const, "lapse" as const),
      ban: anyBan,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      failing: fc.array(fc.nat(MAX_AT_ONCE - 1), { maxLength: 2 }),
      outcome: fc.constantFrom<Outcome>("answered", "refused", "timed out"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "begin" as const,
        "reconcile" as const,
        "compare" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.nat(2 * MAX_PAUSE_MS),
    }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

function take(world: World, step: Step): void {
  switch (step.do) {
    case "want":
    case "drop":
    case "lapse":
      return world[step.do](step.ban);
    case "end":
      return world.end(step.failing, step.outcome);
    case "begin":
    case "reconcile":
    case "compare":
      return world[step.do]();
    case "wait":
      world.nowMs += step.ms;
  }
}

function checkSettled({ plan, wanted, held, lapses }: World): void {
  deepStrictEqual([...held.keys()].sort(), [...wanted.keys()].sort());
  for (const [key, { expiresMs }] of lapses ? wanted : []) {
    const heldMs = held.get(key)?.expiresMs;
    ok(!haveOtherEnds(heldMs, expiresMs), `${key} ends ${heldMs}`);
  }
  deepStrictEqual(plan.figures, {
    inForce: wanted.size,
    waiting: 0,
    failing: 0,
    refused: 0,
    lastReason: undefined,
  });
  deepStrictEqual(reconcile(plan, [...held.values()], isOurs), {
    missing: 0,
    surplus: 0,
  });
  strictEqual(plan.nextAtMs, undefined);
}

for (const lapses of [false, true]) {
  Deno.test(
    `ActionPlan brings in force what is wanted in the end, whatever fails, where bans ${
      lapses ? "" : "don't "
    }end by themselves`,
    () => {
      const anySteps = fc.array(anyStep, { maxLength: 80, size: "max" });
      fc.assert(
        fc.property(anySteps, (steps) => {
          const world = new World(lapses);
          for (const step of steps) {
            take(world, step);
            world.noteOver();
          }
          world.settle();
          world.noteOver();
          checkSettled(world);
        }),
        { numRuns: 2_000 },
      );
    },
  );
}

Deno.test("ActionPlan repairs whatever is lost or found, where the jail is the cluster's", () => {
  const anyBans = fc.uniqueArray(fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(anyBans, anyBans, fc.boolean(), (wanted, held, lapses) => {
      const world = new World(lapses);
      for (const last of wanted) world.want(planBan(last));
      world.settle();
      world.held.clear();
      for (const last of held) {
        world.held.set(keyOf(planBan(last)), planBan(last));
      }
      const drift = reconcile(world.plan, [...world.held.values()], isOurs);
      deepStrictEqual(drift, {
        missing: wanted.filter((last) => !held.includes(last)).length,
        surplus: held.filter((last) => !wanted.includes(last)).length,
      });
      world.settle();
      checkSettled(world);
    }),
  );
});
