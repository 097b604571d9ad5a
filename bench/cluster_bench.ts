/**
 * The three programs on loopback by protocol 1: latency, burst, idle, memory.
 *
 * @module
 */

import type { ChildProcess } from "../tests/support/host/child_process.ts";
import { appendLog } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { median, percentile, printTable } from "./figures.ts";
import { type Figure, type Outcome, tableOf } from "./figure.ts";
import { driveOurs, linesIntoPipe, runPython } from "./python_programs.ts";
import { IS_SHORT, sized } from "./size.ts";

const LATENCY_EVENTS = sized(200, 10);
const PER_SECOND = 10;
const BURST_EVENTS = sized(10_000, 2_000);
const PAIRS = sized(5, 3);
/**
 * First octet of the first burst's addresses; each later burst uses the next
 * octet.
 */
const FIRST_OCTET = 11;
const IDLE_MS = sized(10_000, 500);

/** A running cluster, and where host-b's output can be read. */
interface RunningCluster {
  readonly log: string;
  readonly pipe: string;
  readonly roles: Readonly<Record<string, ChildProcess>>;
}

async function startCluster(cluster: TestCluster): Promise<RunningCluster> {
  for (const host of ["host-a", "host-b", "hub"]) await cluster.addHost(host);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const pipe = await linesIntoPipe(cluster, "host-b");
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = cluster.spawn("subscriber", "host-b", "run");
  const monitor = await cluster.start("monitor", "host-a");
  await waitUntil(
    async () => await cluster.peek("subscriber", "host-b") !== undefined,
    { what: "the subscriber", intervalMs: 20 },
  );
  return { log, pipe, roles: { monitor, publisher, subscriber } };
}

/** One burst of our programs, and one of the original's request loop. */
async function burstPair({ log, pipe, roles }: RunningCluster, octet: number) {
  const events = String(BURST_EVENTS);
  const limit = await runPython("lockstep_limit.py", "limit", events);
  const cpuBefore = await cpuSeconds(roles);
  const args = ["ours", events, String(octet), log, pipe];
  const ours = await runPython("lockstep_limit.py", ...args);
  return {
    ours: BURST_EVENTS / Number(ours),
    limit: BURST_EVENTS / Number(limit),
    cpu: await cpuSeconds(roles) - cpuBefore,
  };
}

async function cpuSeconds(roles: RunningCluster["roles"]): Promise<number> {
  const usages = await Promise.all(
    Object.values(roles).map((child) => processUsage(child.pid)),
  );
  return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

async function idle(roles: RunningCluster["roles"]): Promise<string[][]> {
  const before = await Promise.all(
    Object.values(roles).map((child) => processUsage(child.pid)),
  );
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return await Promise.all(
    Object.entries(roles).map(async ([name, child], index) => {
      const usage = await processUsage(child.pid);
      const used = usage.cpuSeconds - (before[index]?.cpuSeconds ?? 0);
      return [
        name,
        `${(used / (IDLE_MS / 1_000) * 100).toFixed(2)} % of a core idle`,
        `${(usage.peakBytes / 1e6).toFixed(0)} MB at the most`,
      ];
    }),
  );
}

/**
 * Measures and prints. @returns The figures; none where the limit's parts are
 * missing.
 */
export async function benchCluster(): Promise<readonly Outcome[]> {
  if (!isInstalled("pyzmq")) {
    printTable("the three programs", [["python3-zmq is not installed"]]);
    return [];
  }
  await using cluster = await TestCluster.create();
  const running = await startCluster(cluster);
  // A new subscriber misses the first messages.
  await driveOurs(running, { events: 1, perSecond: PER_SECOND, tries: 50 });
  const idleRows = await idle(running.roles);
  const { tookMs } = await driveOurs(running, {
    events: LATENCY_EVENTS,
    perSecond: PER_SECOND,
  });
  const sortedMs = tookMs.toSorted((left, right) => left - right);
  // The first burst is a warm-up.
  await burstPair(running, FIRST_OCTET);
  const pairs: Awaited<ReturnType<typeof burstPair>>[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs.push(await burstPair(running, FIRST_OCTET + 1 + pair));
  }
  const figure: Figure = {
    what: "protocol 1: a burst end to end",
    ours: 1e6 / median(pairs.map(({ ours }) => ours)),
    limit: 1e6 / median(pairs.map(({ limit }) => limit)),
    limitIs: "pyzmq, REQ and REP in lockstep, nothing stored or told",
    unit: "us an event",
    goal: 1,
  };
  const cpu = median(pairs.map((pair) => pair.cpu));
  printTable("the three programs on loopback", [
    [
      `append to subscriber, ${PER_SECOND} events/s`,
      `p50 ${percentile(sortedMs, 50).toFixed(2)} ms`,
      `p99 ${percentile(sortedMs, 99).toFixed(2)} ms`,
    ],
    [
      `burst of ${BURST_EVENTS} lines, end to end (median of ${PAIRS})`,
      `${Math.round(1e6 / figure.ours)} events/s`,
      `${(cpu / BURST_EVENTS * 1e6).toFixed(0)} us of CPU an event in all`,
    ],
    ...idleRows,
  ]);
  printTable(`${PAIRS} pairs of ${BURST_EVENTS} events`, tableOf([figure]));
  return IS_SHORT
    ? [{ what: figure.what, why: "it takes 10,000 events" }]
    : [figure];
}

if (import.meta.main) await benchCluster();
