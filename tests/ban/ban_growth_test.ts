import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Change } from "../../lib/ban/ban.ts";
import type { TableEvent } from "../../lib/ban/ban_decision.ts";
import { timesBefore } from "../../lib/ban/ban_growth.ts";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import type { HubRequest } from "../../lib/ban/decision_batch.ts";
import { GROWN_ORIGIN, OPERATOR_ORIGIN } from "../../lib/base/operator_name.ts";
import type { EventId } from "../../lib/base/ids.ts";
import { key } from "../support/values/bans.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const SECOND_MS = 1_000;
const GROWTH = { withinMs: 60_000, factor: 4, maxMs: 500_000 };

/** A hub by whose rules every ban grows. */
class Bench implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: MemoryBanStore;
  readonly hub: BanHub;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    { store = new MemoryBanStore(), clock = new ManualClock(), nodes = 1 } = {},
  ) {
    this.store = store;
    this.clock = clock;
    this.hub = new BanHub({
      store,
      clock,
      log: new MemoryLog(),
      onKept: () => {},
      growthOf: () => GROWTH,
      quorumOf: () => ({ nodes, withinMs: Infinity }),
    });
    this.#running = this.hub.run(this.#stop.signal).catch(() => {});
  }

  async say(...requests: readonly HubRequest[]) {
    return await this.hub.submit(requests);
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * SECOND_MS);
    this.hub.expire();
  }

  report(seconds: number, origin = "web1", agoMs = 0): HubRequest {
    const nowMs = this.clock.nowMs();
    return {
      event: {
        kind: "report",
        ...key(),
        origin: host(origin),
        expiresMs: nowMs - agoMs + seconds * SECOND_MS,
        madeMs: nowMs - agoMs,
        isExact: true,
      },
    };
  }

  /** What is left of each report, in seconds. */
  get left(): Readonly<Record<string, number>> {
    const reports = this.hub.table.find(key())?.reports ?? [];
    return Object.fromEntries(reports.map(({ origin, expiresMs }) => [
      origin,
      (expiresMs - this.clock.nowMs()) / SECOND_MS,
    ]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function taken(origin = "web1"): TableEvent {
  return { kind: "withdraw", ...key(), origin: host(origin) };
}

Deno.test("a ban that comes again on any node holds longer each time, up to the bound; the node's own end stays as told", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10 });
  await bench.pass(30);
  await bench.say(bench.report(10, "web2"));
  deepStrictEqual(bench.left, { web2: 10, grown: 40 });
  await bench.pass(60);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 160 });
  await bench.pass(200);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 500 });
});

Deno.test("a ban that comes later than within the time holds as its node says", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  await bench.pass(10 + 61);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10 });
});

Deno.test("renewals, repetitions and other nodes' words of one ban count once", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  await bench.pass(20);
  const name = { origin: host("web1"), id: "11".repeat(16) as EventId };
  const request = { ...bench.report(10), name };
  await bench.say(request, request, bench.report(10, "web2"));
  await bench.pass(5);
  await bench.say(request, bench.report(10, "web1", 5_000));
  deepStrictEqual(bench.left, { web1: 5, web2: 5, grown: 35 });
  // A longer end is told: the ban is the same, and grows with it.
  await bench.say(bench.report(20, "web1", 5_000));
  deepStrictEqual(bench.left, { web1: 15, web2: 5, grown: 75 });
});

Deno.test("an end that is corrected corrects what grew from it, unless others reported it too", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  await bench.pass(20);
  await bench.say(bench.report(20));
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 40 });
});

Deno.test("the reporter's own end leaves what grew, a lift by hand or by an operator ends it and forgives", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  await bench.pass(20);
  await bench.say(bench.report(10));
  await bench.pass(9);
  await bench.say({ event: taken() });
  deepStrictEqual(bench.left, { grown: 31 });
  // While it stands it is detected again: that is another time.
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 160 });
  await bench.say({ event: taken(), isByHand: true });
  deepStrictEqual(bench.left, {});
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10 });
  await bench.pass(20);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 40 });
  const by = OPERATOR_ORIGIN;
  await bench.say({ event: { kind: "lift", ...key(), by } });
  await bench.pass(1);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10 });
});

Deno.test("a lift by hand on one of several nodes takes back that node's report only", async () => {
  await using bench = new Bench();
  await bench.say(bench.report(10));
  await bench.pass(20);
  await bench.say(bench.report(10), bench.report(10, "web2"));
  await bench.say({ event: taken(), isByHand: true });
  deepStrictEqual(bench.left, { grown: 40, web2: 10 });
  await bench.say({ event: taken("web2"), isByHand: true });
  deepStrictEqual(bench.left, {});
});

Deno.test("what too few nodes reported grows nothing, and what grew is no node's word for a quorum", async () => {
  await using bench = new Bench({ nodes: 2 });
  await bench.say(bench.report(10));
  await bench.pass(20);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10 });
  await bench.say(bench.report(10, "web2"));
  deepStrictEqual(bench.left, { web1: 10, web2: 10 });
  await bench.pass(20);
  await bench.say(bench.report(10));
  strictEqual(bench.hub.table.find(key())?.isPending, true);
  deepStrictEqual(bench.left, { web1: 10 });
  await bench.say(bench.report(10, "web2"));
  deepStrictEqual(bench.left, { web1: 10, web2: 10, grown: 40 });
});

Deno.test("bans of one transaction count as well, and a restart forgets nothing", async () => {
  const store = new MemoryBanStore();
  const clock = new ManualClock();
  {
    await using bench = new Bench({ store, clock });
    const event = taken();
    await bench.say(
      ...[bench.report(10), { event }, bench.report(10), { event }],
    );
    deepStrictEqual(bench.left, { grown: 40 });
    await bench.say(bench.report(10));
    deepStrictEqual(bench.left, { web1: 10, grown: 160 });
  }
  await using bench = new Bench({ store, clock });
  deepStrictEqual(bench.left, { web1: 10, grown: 160 });
  await bench.pass(200);
  await bench.say(bench.report(10));
  deepStrictEqual(bench.left, { web1: 10, grown: 500 });
});

Deno.test("timesBefore() of the ban that stands is as it was when it began", async () => {
  await using bench = new Bench();
  const soFar = () => {
    const changes: readonly Change[] = bench.store.history(key(), 100);
    return timesBefore(changes, bench.clock.nowMs(), GROWTH, "so far");
  };
  await bench.say(bench.report(10));
  strictEqual(soFar(), 0);
  await bench.pass(20);
  await bench.say(bench.report(10));
  strictEqual(soFar(), 1);
  await bench.pass(15);
  ok("grown" in bench.left);
  strictEqual(soFar(), 1);
});

const STEP = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      node: fc.nat(1),
      seconds: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("withdraw" as const),
      node: fc.nat(1),
      isByHand: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("lift" as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      seconds: fc.integer({ min: 1, max: 100 }),
    }),
  },
);

/** One ban, told by hand. Times in seconds. */
class Model {
  now = 0;
  readonly told = new Map<string, number>();
  grown = -Infinity;
  /** How often it came again before; `undefined`: it never was, or was forgiven. */
  times: number | undefined;
  endedAt = -Infinity;

  report(node: string, seconds: number): void {
    const end = this.now + seconds;
    const isRenewed = this.told.has(node);
    if (isRenewed && this.told.get(node) === end) return;
    const isAlone = isRenewed && this.told.size === 1;
    if (this.told.size === 0) {
      const endedAt = this.grown > this.now ? this.now : this.endedAt;
      const isAgain = this.times !== undefined &&
        this.now - endedAt <= GROWTH.withinMs / SECOND_MS;
      this.times = isAgain ? (this.times ?? 0) + 1 : 0;
    }
    this.told.set(node, end);
    const factor = GROWTH.factor ** (this.times ?? 0);
    const grown = this.now +
      Math.min(seconds * factor, GROWTH.maxMs / SECOND_MS);
    if (grown <= end) return;
    this.grown = isAlone ? grown : Math.max(this.grown, grown);
  }

  withdraw(node: string, isByHand: boolean): void {
    if (!this.told.delete(node) || this.told.size > 0) return;
    if (isByHand) this.forgive();
    else if (this.grown <= this.now) this.endedAt = this.now;
  }

  forgive(): void {
    this.told.clear();
    this.grown = -Infinity;
    this.times = undefined;
  }

  pass(seconds: number): void {
    const before = this.now;
    this.now += seconds;
    const stood = this.told.size > 0 || this.grown > before;
    const last = Math.max(this.grown, ...this.told.values());
    for (const [node, end] of this.told) {
      if (end <= this.now) this.told.delete(node);
    }
    const stands = this.told.size > 0 || this.grown > this.now;
    if (stood && !stands) this.endedAt = last;
  }

  get left(): Readonly<Record<string, number>> {
    const all = [...this.told, [GROWN_ORIGIN, this.grown] as const];
    return Object.fromEntries(
      all.filter(([, end]) => end > this.now)
        .map(([node, end]) => [node, end - this.now]),
    );
  }
}

Deno.test("a ban's reports and ends are what a simple model says, whatever comes again, ends and is lifted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
      await using bench = new Bench();
      const model = new Model();
      for (const step of steps) {
        switch (step.kind) {
          case "report":
            await bench.say(bench.report(step.seconds, `web${step.node}`));
            model.report(`web${step.node}`, step.seconds);
            break;
          case "withdraw": {
            const { node, isByHand } = step;
            await bench.say({ event: taken(`web${node}`), isByHand });
            model.withdraw(`web${node}`, isByHand);
            break;
          }
          case "lift": {
            const by = OPERATOR_ORIGIN;
            await bench.say({ event: { kind: "lift", ...key(), by } });
            if (Object.keys(model.left).length > 0) model.forgive();
            break;
          }
          case "pass":
            await bench.pass(step.seconds);
            model.pass(step.seconds);
            break;
        }
        deepStrictEqual(sorted(bench.left), sorted(model.left));
        await bench.pass(1);
        model.pass(1);
      }
    }),
    { numRuns: 150 },
  );
});

function sorted(left: Readonly<Record<string, number>>) {
  return Object.entries(left).sort(([one], [other]) => one < other ? -1 : 1);
}
