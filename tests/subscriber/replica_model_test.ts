import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Ban, keyOf } from "../../lib/ban/ban.ts";
import type { TableEvent } from "../../lib/ban/ban_decision.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { type Plant, ReplicaWorld } from "../support/bench/replica_world.ts";
import { report } from "../support/bench/tally.ts";

const COPIES = 3;
const RUNS = 10_000;

/** What should stand, told in the simplest way: who reports what until when. */
class Reference {
  readonly #ends = new Map<string, number>();

  /** What is over stays: a copy may hold it for as long as it was under way. */
  take(event: TableEvent, nowMs: number): void {
    const key = keyOf(event);
    for (const [report, endsMs] of this.#ends) {
      const isMeant = event.kind === "lift"
        ? report.startsWith(`${key} `)
        : event.kind === "withdraw" && report === `${key} ${event.origin}`;
      if (isMeant && endsMs > nowMs) this.#ends.delete(report);
    }
    if (event.kind !== "report") return;
    const mine = `${key} ${event.origin}`;
    const knownMs = this.#ends.get(mine) ?? -Infinity;
    this.#ends.set(mine, Math.max(event.expiresMs, knownMs));
  }

  clear(): void {
    this.#ends.clear();
  }

  /** Reports that end after `fromMs`. */
  after(fromMs: number): string[] {
    return [...this.#ends].filter(([, endsMs]) => endsMs > fromMs)
      .map(([report]) => report).sort();
  }
}

const anyKey = fc.record({
  jail: fc.constantFrom(jail("sshd"), jail("web")),
  address: fc.integer({ min: 1, max: 5 }).map((last) =>
    address(`192.0.2.${last}`)
  ),
});
const anyOrigin = fc.constantFrom(host("web1"), host("web2"), host("db1"));
const anyCopy = fc.nat(COPIES - 1);
const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("report" as const),
      key: anyKey,
      origin: anyOrigin,
      forMs: fc.constantFrom(5_000, 60_000, Infinity),
      isLast: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("withdraw" as const, "lift" as const),
      key: anyKey,
      origin: anyOrigin,
      isLast: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("stream" as const, "answer" as const),
      copy: anyCopy,
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "connect" as const,
        "connect" as const,
        "disconnect" as const,
        "restart" as const,
      ),
      copy: anyCopy,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("lose" as const),
      copy: anyCopy,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("beat" as const, "publisher restarts" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("publisher loses everything" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      seconds: fc.integer({ min: 1, max: 20 }),
    }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** A world and what should stand in it. */
class Model {
  readonly world: ReplicaWorld;
  readonly reference = new Reference();
  waitedMs = 0;

  constructor(plant?: Plant) {
    this.world = new ReplicaWorld(COPIES, plant);
    for (const copy of this.world.copies) this.world.connect(copy);
  }

  take(step: Step): void {
    const { world } = this;
    const copy = "copy" in step ? world.copies[step.copy] : undefined;
    switch (step.do) {
      case "report":
      case "withdraw":
      case "lift":
        this.#event(step);
        return;
      case "stream":
      case "answer":
        for (let each = 0; copy && each < step.count; each++) {
          world.deliver(copy, step.do);
        }
        return;
      case "connect":
      case "disconnect":
      case "restart":
        if (copy !== undefined) world[step.do](copy);
        return;
      case "lose":
        if (copy !== undefined) world.lose(copy, step.count);
        return;
      case "beat":
        world.beat();
        return;
      case "publisher restarts":
        world.restartPublisher(false);
        return;
      case "publisher loses everything":
        world.restartPublisher(true);
        this.reference.clear();
        return;
      case "wait":
        this.waitedMs += step.seconds * 1_000;
        world.wait(step.seconds * 1_000);
        return;
    }
  }

  #event(step: Step & { do: "report" | "withdraw" | "lift" }): void {
    const { nowMs } = this.world;
    const { key, origin, isLast } = step;
    const event: TableEvent = step.do === "report"
      ? { kind: "report", ...key, origin, expiresMs: nowMs + step.forMs }
      : step.do === "withdraw"
      ? { kind: "withdraw", ...key, origin }
      : { kind: "lift", ...key, by: origin };
    this.world.take(event, isLast);
    this.reference.take(event, nowMs);
  }

  /** Once all is quiet, every copy is as the table and the reference are. */
  check(): void {
    const { world, reference } = this;
    world.settle();
    world.wait(1_000);
    const { nowMs, publisher, copies } = world;
    const expected = reference.after(nowMs);
    deepStrictEqual(reportsOf(publisher.table.bans()), expected);
    // What was long under way ends later by that, and never earlier.
    const mayLinger = new Set(reference.after(nowMs - this.waitedMs - 1_000));
    for (const { replica } of copies) {
      ok(replica.isFollowing);
      strictEqual(replica.epoch, publisher.epoch);
      strictEqual(replica.seq, publisher.table.seq);
      const reports = reportsOf(replica.bans());
      const missing = expected.filter((each) => !reports.includes(each));
      deepStrictEqual(missing, [], "nothing is missing");
      const surplus = reports.filter((each) => !mayLinger.has(each));
      deepStrictEqual(surplus, [], "nothing is left over");
    }
  }
}

function reportsOf(bans: Iterable<Ban>): string[] {
  return [...bans].flatMap((ban) =>
    ban.reports.map(({ origin }) => `${keyOf(ban)} ${origin}`)
  ).sort();
}

/** What the copies of many histories went through. */
interface Trials {
  gaps: number;
  snapshots: number;
  changes: number;
}

/** @returns What happened, so that a test sees that it saw something. */
function checkHistories(plant: Plant | undefined, seed: number): Trials {
  const trials: Trials = { gaps: 0, snapshots: 0, changes: 0 };
  const anySteps = fc.array(anyStep, { maxLength: 100, size: "max" });
  fc.assert(
    fc.property(anySteps, (steps) => {
      const model = new Model(plant);
      for (const step of steps) model.take(step);
      model.check();
      for (const { replica: { counters } } of model.world.copies) {
        trials.gaps += counters.gaps;
        trials.snapshots += counters.snapshots;
        trials.changes += counters.changes;
      }
    }),
    { numRuns: RUNS, seed },
  );
  return trials;
}

Deno.test(`Replica equals the publisher's table in the end, whatever got lost, in ${RUNS} histories`, () => {
  const seed = Date.now() % 2 ** 31;
  report("the model", { seed, histories: RUNS, copies: COPIES });
  const trials = checkHistories(undefined, seed);
  report("the copies met", trials);
  ok(trials.gaps > RUNS / 100, "gaps were met");
  ok(trials.snapshots > RUNS, "snapshots were taken");
  ok(trials.changes > RUNS, "changes were followed");
});

/** As if the copy took every change for the next one, and never compared. */
const NO_GAP_CHECK: Plant = (message, replica) => {
  if (message.kind === "H") return undefined;
  const [first] = message.changes;
  if (!replica.isFollowing || (first?.seq ?? 0) <= replica.seq) return message;
  const changes = message.changes.map((change, at) => ({
    ...change,
    seq: replica.seq + 1 + at,
  }));
  return { ...message, changes };
};

Deno.test("the model finds a copy that looks for no gaps", () => {
  let found = "";
  try {
    checkHistories(NO_GAP_CHECK, 1);
  } catch (error) {
    found = error instanceof Error ? error.message : "";
  }
  const [, histories] = /^Property failed after (\d+) tests/.exec(found) ?? [];
  ok(histories !== undefined, found);
  report("a copy without the check", { "found in history": histories });
});
