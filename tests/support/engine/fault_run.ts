/**
 * Real publishers, nodes and etcd, under load, through faults; and what must
 * hold after that.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { report } from "../bench/tally.ts";
import { pass } from "../host/side_by_side.ts";
import { SeededRandom } from "../values/seeded_random.ts";
import { ENGINE_FAULTS, type EngineFaultName } from "./engine_faults.ts";
import { EARLIER, NODES, SharedHosts } from "./shared_hosts.ts";
import { SharedLoad } from "./shared_load.ts";

/** What happens. */
export interface FaultRun {
  /** In which order, and how often. */
  readonly faults: (random: SeededRandom) => readonly EngineFaultName[];
  /** Bans a second, of all hosts together. */
  readonly perSecond: number;
}

/** Before the first fault. */
const QUIET_MS = 2_000;

/**
 * Goes through the faults, one after another, and says of each how long a ban
 * waited at most, from the log to the last host's action.
 */
export async function runFaults(
  t: Deno.TestContext,
  { faults, perSecond }: FaultRun,
): Promise<void> {
  const seed = Number(Deno.env.get("F2BC_SEED") ?? NaN);
  const random = new SeededRandom(Number.isNaN(seed) ? undefined : seed);
  report("chance", { F2BC_SEED: random.seed });
  await using shared = await SharedHosts.start();
  const load = new SharedLoad(shared, perSecond);
  load.begin();
  await pass(QUIET_MS);
  for (const name of faults(random)) {
    await t.step(name, async () => {
      const beganMs = performance.now();
      await ENGINE_FAULTS[name]({ shared, random });
      await load.allInForce();
      const lines = load.written.length;
      const longestMs = load.longestWaitMs(beganMs);
      const tookMs = Math.round(performance.now() - beganMs);
      report(name, { longestMs, tookMs, lines });
    });
  }
  await load.end();
  await expectAll(shared, load);
}

/** Nothing was lost, nothing was done twice, and all publishers have the same. */
async function expectAll(shared: SharedHosts, load: SharedLoad): Promise<void> {
  const written = [...EARLIER, ...load.written].sort();
  for (const node of NODES) {
    const { times } = shared.watch(node);
    const twice = [...times].filter(([, count]) => count !== 1);
    deepStrictEqual(twice, [], `in force twice at ${node}`);
    const inForce = [...await shared.watch(node).inForce()].sort();
    deepStrictEqual(inForce, [...EARLIER, ...load.of(node)].sort());
    const { snapshots } = await shared.cluster.figures("subscriber", node);
    ok(Number(snapshots) <= 1, `${snapshots} snapshots for ${node}`);
  }
  const copies = await Promise.all(
    shared.hubs.map(async (hub) => ({ hub, ...await load.copied(hub) })),
  );
  for (const { hub, sha256, addresses, gaps } of copies) {
    deepStrictEqual([...addresses].sort(), written, `the table of ${hub}`);
    strictEqual(gaps, 0, `numbers of ${hub}`);
    strictEqual(sha256, copies[0]?.sha256, `the changes of ${hub}`);
  }
  report("all", {
    bans: written.length,
    lost: 0,
    twice: 0,
    copies: copies.length,
  });
}
