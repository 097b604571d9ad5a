/**
 * Runs real publishers, nodes and etcd under load through faults, and checks
 * the invariants afterwards.
 *
 * @module
 */

import { deepStrictEqual, ok } from "node:assert/strict";
import { report } from "../bench/tally.ts";
import { pass } from "../host/side_by_side.ts";
import { SeededRandom } from "../values/seeded_random.ts";
import { ENGINE_FAULTS, type EngineFaultName } from "./engine_faults.ts";
import { EARLIER, NODES, SharedHosts } from "./shared_hosts.ts";
import { type CopyFacts, SharedLoad } from "./shared_load.ts";

/** A run of faults. */
export interface FaultRun {
  /** The faults in order, with repetitions. */
  readonly faults: (random: SeededRandom) => readonly EngineFaultName[];
  /** Bans per second of all hosts together. */
  readonly perSecond: number;
  /** Number of further bans in the table. @default {0} */
  readonly bulk?: number;
  /**
   * Whether each fault begins only once nothing is left of the one before. Then
   * one host at a time is missing, and `F2BC_MAX_WAIT_MS` can be asked for.
   * @default {false}
   */
  readonly areApart?: boolean;
}

/** Time before the first fault, in milliseconds. */
const QUIET_MS = 2_000;
/** Number of errors to name. */
const SHOWN = 5;

/**
 * Runs the faults one after another, and reports for each the longest wait of a
 * ban, from the log to the last host's action; in a fault that stops all, from
 * its end. `F2BC_MAX_WAIT_MS` is the limit of this wait on a quiet machine.
 */
export async function runFaults(
  t: Deno.TestContext,
  { faults, perSecond, bulk = 0, areApart = false }: FaultRun,
): Promise<void> {
  const seed = Number(Deno.env.get("F2BC_SEED") ?? NaN);
  const maxWaitMs = Number(Deno.env.get("F2BC_MAX_WAIT_MS") ?? Infinity);
  const random = new SeededRandom(Number.isNaN(seed) ? undefined : seed);
  report("chance", { F2BC_SEED: random.seed });
  await using shared = await SharedHosts.start({ bulk });
  const load = new SharedLoad(shared, perSecond);
  load.begin();
  await pass(QUIET_MS);
  for (const name of faults(random)) {
    await t.step(name, async () => {
      if (areApart) await shared.whole();
      const beganMs = performance.now();
      const overMs = await ENGINE_FAULTS[name]({ shared, random });
      await load.allInForce();
      const lines = load.written.length;
      const longestMs = load.longestWaitMs(beganMs, overMs ?? -Infinity);
      const tookMs = Math.round(performance.now() - beganMs);
      report(name, { longestMs, tookMs, lines });
      ok(longestMs <= maxWaitMs, `${longestMs} ms`);
    });
  }
  await load.end();
  deepStrictEqual(await wrongs(shared, load, await load.copied()), []);
  report("all", {
    bans: load.written.length + EARLIER.length,
    lost: 0,
    twice: 0,
    copies: shared.hubs.length,
  });
}

/**
 * Lost bans, repeated bans, and differences between publishers.
 *
 * @param copies The copies on the publishers' hosts.
 * @returns Empty when all is well.
 */
export async function wrongs(
  shared: SharedHosts,
  load: SharedLoad,
  copies: readonly CopyFacts[],
): Promise<readonly string[]> {
  const found: string[] = [];
  const expect = (what: string, wrong: readonly unknown[]) => {
    if (wrong.length === 0) return;
    found.push(`${what}: ${wrong.length}, ${wrong.slice(0, SHOWN).join(" ")}`);
  };
  for (const node of NODES) {
    const { times } = shared.watch(node);
    const twice = [...times].filter(([, count]) => count !== 1);
    expect(`in force twice at ${node}`, twice);
    const inForce = await shared.watch(node).inForce();
    expect(
      `not in force at ${node}, or not to be`,
      differing(inForce, [...EARLIER, ...load.of(node)]),
    );
    const { snapshots } = await shared.cluster.figures("subscriber", node);
    expect(`snapshots for ${node}`, Array(Math.max(0, Number(snapshots) - 1)));
  }
  const written = [...EARLIER, ...load.written];
  for (const { hub, sha256, addresses, gaps } of copies) {
    const odd = differing(addresses, written);
    expect(`lost from the table of ${hub}, or too many`, odd);
    expect(`gaps in the numbers of ${hub}`, Array(gaps));
    const isSame = sha256 === copies[0]?.sha256;
    expect(`changes that are others`, isSame ? [] : [hub]);
  }
  return found;
}

/** Elements that are only in one list, or repeated in the first. */
function differing(
  some: readonly string[],
  others: readonly string[],
): readonly string[] {
  const left = new Set(others);
  return [...some.filter((each) => !left.delete(each)), ...left];
}
