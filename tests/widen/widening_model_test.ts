import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import {
  lift,
  reportOf,
  WideningBench,
  withdrawal,
} from "../support/bench/widening_bench.ts";

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      whom: fc.nat(7),
      node: fc.nat(1),
      seconds: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("withdraw" as const),
      whom: fc.nat(7),
      node: fc.nat(1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("lift" as const),
      whom: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("restart" as const),
    }),
  },
);

const NETWORKS = ["2001:db8:0:1::/64", "2001:db8:0:2::/64"] as const;

function nameOf(whom: number): string {
  if (whom >= 8) return NETWORKS[whom === 8 ? 0 : 1];
  return `2001:db8:0:${whom < 4 ? 1 : 2}::${whom % 4 + 1}`;
}

/** Sets of addresses and their ends: what is told, by address and node. */
class Model {
  readonly told = new Map<string, Map<string, number>>();
  readonly standing = new Set<string>();
  nowMs = 0;

  constructor(readonly after: number) {}

  pass(ms: number): void {
    this.nowMs += ms;
    for (const [whom, reports] of this.told) {
      for (const [node, endMs] of reports) {
        if (endMs <= this.nowMs) reports.delete(node);
      }
      if (reports.size === 0) this.told.delete(whom);
    }
    this.settle();
  }

  settle(detected?: string): void {
    for (const network of NETWORKS) {
      const isEnough = this.endsIn(network).length >= this.after;
      const begins = detected !== undefined && inNetwork(detected, network);
      if (!isEnough) this.standing.delete(network);
      else if (begins) this.standing.add(network);
    }
  }

  endsIn(network: string): readonly number[] {
    return [...this.told].filter(([whom]) => inNetwork(whom, network))
      .map(([, reports]) => Math.max(...reports.values()))
      .sort((left, right) => right - left);
  }

  /** Everything that is enforced, and until when. */
  get enforced(): readonly string[] {
    return [
      ...[...this.told].map(([whom, reports]) =>
        `${whom} ${Math.max(...reports.values())}`
      ),
      ...[...this.standing].map((network) =>
        `${network} ${this.endsIn(network)[this.after - 1]}`
      ),
    ].sort();
  }
}

function inNetwork(whom: string, network: string): boolean {
  return whom.startsWith(network.slice(0, -"/64".length));
}

function enforcedBy(bench: WideningBench): readonly string[] {
  return [...bench.hub.table.bans()].map(({ address, reports }) =>
    `${address} ${Math.max(...reports.map(({ expiresMs }) => expiresMs))}`
  ).sort();
}

Deno.test("what is enforced is what a simple model says, whatever is reported, taken back, lifted, over and restarted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, after) => {
        const options = {
          store: new MemoryBanStore(),
          clock: new ManualClock(),
          widen6: `/64 after ${after}`,
        };
        let bench = new WideningBench(options);
        const model = new Model(after);
        model.nowMs = bench.clock.nowMs();
        try {
          for (const step of steps) {
            switch (step.kind) {
              case "report": {
                const [whom, node] = [nameOf(step.whom), `web${step.node}`];
                const endMs = model.nowMs + step.seconds * 1_000;
                const [verdict] = await bench.say({
                  event: reportOf(whom, endMs, node),
                });
                if (verdict === "known") break;
                const reports = model.told.get(whom) ?? new Map();
                model.told.set(whom, reports.set(node, endMs));
                model.settle(whom);
                break;
              }
              case "withdraw": {
                const [whom, node] = [nameOf(step.whom), `web${step.node}`];
                await bench.say(withdrawal(whom, node));
                const reports = model.told.get(whom);
                reports?.delete(node);
                if (reports?.size === 0) model.told.delete(whom);
                model.settle();
                break;
              }
              case "lift": {
                const whom = nameOf(step.whom);
                await bench.say(lift(whom));
                model.told.delete(whom);
                model.standing.delete(whom);
                model.settle();
                break;
              }
              case "restart":
                await bench[Symbol.asyncDispose]();
                bench = new WideningBench(options);
                await bench.settle();
                break;
            }
            await bench.pass(1_000);
            model.pass(1_000);
            deepStrictEqual(enforcedBy(bench), model.enforced);
          }
        } finally {
          await bench[Symbol.asyncDispose]();
        }
      },
    ),
    { numRuns: 30 },
  );
});
