/**
 * A subscriber that puts bans into nftables, and finds them there after a
 * restart: its own CPU time and that of its `nft` processes.
 *
 * @module
 */

import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../tests/support/host/network_namespace.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { fillStore } from "../tests/support/store/filled_store.ts";
import { type Outcome, tableOf } from "./figure.ts";
import { median, printTable } from "./figures.ts";
import { IS_SHORT, sized } from "./size.ts";

const BANS = sized(100_000, 2_000);
const RUNS = 1;
const HOST = "host-b";
const LONG_MS = 120_000;
/** The costs of one start. */
interface Start {
  readonly ownSeconds: number;
  readonly nftSeconds: number;
  readonly seconds: number;
  readonly dropped: number;
  readonly mebibytes: number;
}

/**
 * Starts the subscriber, and waits until all bans are in force and reported.
 */
async function start(cluster: TestCluster): Promise<Start> {
  const startMs = performance.now();
  const child = cluster.spawn("subscriber", HOST, "run");
  const figures = await waitUntil(async () => {
    if (child.hasEnded) throw new Error(child.stderr.join("\n"));
    const seen = await cluster.peek("subscriber", HOST);
    const inForce = Number(seen?.["nftables.inForce"]);
    const isDone = inForce + Number(seen?.["nftables.protected"]) >= BANS &&
      seen?.["nftables.waiting"] === 0 && seen["receiptsWaiting"] === 0 &&
      seen["nftables.receiptsUntold"] === undefined &&
      seen["following"] === true;
    return isDone ? seen : undefined;
  }, { what: `${BANS} bans in force`, timeoutMs: LONG_MS, intervalMs: 100 });
  const seconds = (performance.now() - startMs) / 1_000;
  const usage = await processUsage(child.pid);
  await child.end();
  return {
    ownSeconds: usage.cpuSeconds,
    nftSeconds: usage.childrenSeconds,
    seconds,
    dropped: Number(figures["receiptsDropped"]),
    mebibytes: usage.residentBytes / (1 << 20),
  };
}

async function run(): Promise<{ first: Start; again: Start }> {
  await using namespace = await NetworkNamespace.create();
  await using cluster = await TestCluster.create({ protocol: 2 });
  const { within } = namespace;
  await cluster.addHost("hub", {}, { within });
  const subscriber = { subscriberaction: "nftables" };
  const general = { logtarget: `${cluster.dir}/${HOST}.log` };
  await cluster.addHost(HOST, { general, subscriber }, { within });
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  await cluster.start("publisher", "hub");
  return { first: await start(cluster), again: await start(cluster) };
}

/** The median of one value of several starts. */
function middle(starts: readonly Start[], part: keyof Start): number {
  return median(starts.map((one) => one[part]));
}

function figure(start: string, starts: readonly Start[]): Outcome {
  const what =
    `${start} with ${BANS} bans in nftables: the subscriber's own CPU`;
  // With fewer bans the program's own start dominates.
  if (IS_SHORT) return { what, why: "it takes 100,000 bans" };
  return {
    what,
    ours: middle(starts, "ownSeconds"),
    limit: middle(starts, "nftSeconds"),
    limitIs: "the CPU of the nft that it runs",
    unit: "s of CPU",
    goal: 1,
  };
}

function row(what: string, starts: readonly Start[]): string[] {
  return [
    what,
    `${middle(starts, "seconds").toFixed(1)} s`,
    `${middle(starts, "mebibytes").toFixed(0)} MiB`,
    `${middle(starts, "dropped")} receipts dropped`,
  ];
}

/** Measures and prints. @returns The figures. */
export async function benchNftFill(): Promise<readonly Outcome[]> {
  const [first, again] = ["a first fill", "a restart"] as const;
  if (!isInstalled("netns") || !isInstalled("nftables")) {
    const why = "it takes root and nft";
    return [first, again].map((what) => ({ what, why }));
  }
  const runs: Awaited<ReturnType<typeof run>>[] = [];
  for (let index = 0; index < RUNS; index++) runs.push(await run());
  const firsts = runs.map((each) => each.first);
  const agains = runs.map((each) => each.again);
  printTable(`${BANS} bans in nftables, all told (median of ${RUNS} runs)`, [
    row(first, firsts),
    row(again, agains),
  ]);
  return [
    figure(first, firsts),
    figure(again, agains),
    {
      what: "receipts dropped in either",
      ours: Math.max(...[...firsts, ...agains].map(({ dropped }) => dropped)),
      ...{ limit: 1, limitIs: "a bound", unit: "receipts", goal: 0 },
    },
  ];
}

if (import.meta.main) printTable("", tableOf(await benchNftFill()));
