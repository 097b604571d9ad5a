/**
 * The three programs on loopback by protocol 1: latency, burst, idle, memory,
 * and pyzmq's REQ and REP beside them.
 *
 * @module
 */

import type { ChildProcess } from "../tests/support/host/child_process.ts";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import type { Outcome } from "./figure.ts";
import { median, percentile, printTable } from "./figures.ts";
import { runPython } from "./python.ts";
import { addressAt } from "./random_inputs.ts";
import { sized } from "./size.ts";

const LATENCY_EVENTS = sized(200, 10);
const LATENCY_PAUSE_MS = 100;
const BURST_EVENTS = sized(10_000, 2_000);
const BURSTS = sized(5, 3);
const IDLE_MS = sized(10_000, 500);

/** Programs of a cluster and what host-b heard, with the time of each. */
interface RunningCluster {
  readonly log: string;
  readonly roles: Readonly<Record<string, ChildProcess>>;
  readonly heardAtMs: Map<string, number>;
}

async function startCluster(cluster: TestCluster): Promise<RunningCluster> {
  for (const host of ["host-a", "host-b", "hub"]) await cluster.addHost(host);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const heardAtMs = new Map<string, number>();
  const onLine = (line: string) => {
    const address = /Got broadcast message: .*\|Ban\|(.*)$/.exec(line)?.[1];
    if (address !== undefined) heardAtMs.set(address, performance.now());
  };
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b", onLine);
  const monitor = await cluster.start("monitor", "host-a");
  let tries = 0;
  await waitUntil(async () => {
    await appendLog(log, banLine("probe", `203.0.113.${++tries}`));
    return heardAtMs.size > 0;
  }, { what: "the first ban", intervalMs: 100 });
  return { log, roles: { monitor, publisher, subscriber }, heardAtMs };
}

async function latency({ log, heardAtMs }: RunningCluster) {
  const latenciesMs = [];
  for (let index = 0; index < LATENCY_EVENTS; index++) {
    const address = addressAt(index);
    const writtenMs = performance.now();
    await appendLog(log, banLine("sshd", address));
    const arrivedMs = await waitUntil(() => heardAtMs.get(address), {
      what: address,
      intervalMs: 1,
    });
    latenciesMs.push(arrivedMs - writtenMs);
    await new Promise((resolve) => setTimeout(resolve, LATENCY_PAUSE_MS));
  }
  return latenciesMs.sort((left, right) => left - right);
}

/** What an event of a burst took: microseconds of wall time, and of each program's processor. */
interface Burst {
  readonly wallUs: number;
  readonly cpuUs: Readonly<Record<string, number>>;
}

async function burst(
  { log, heardAtMs, roles }: RunningCluster,
  index: number,
): Promise<Burst> {
  const first = LATENCY_EVENTS + index * BURST_EVENTS;
  const addresses = Array.from(
    { length: BURST_EVENTS },
    (_, at) => addressAt(first + at),
  );
  const lines = addresses.map((address) => banLine("sshd", address)).join("");
  const before = await cpuSeconds(roles);
  const startedMs = performance.now();
  await appendLog(log, lines);
  await waitUntil(() => addresses.every((address) => heardAtMs.has(address)), {
    what: "the burst",
    timeoutMs: 60_000,
    intervalMs: 20,
  });
  const wallUs = (performance.now() - startedMs) * 1_000 / BURST_EVENTS;
  const after = await cpuSeconds(roles);
  const cpuUs = Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [
      name,
      (seconds - (before[name] ?? 0)) * 1e6 / BURST_EVENTS,
    ]),
  );
  return { wallUs, cpuUs };
}

/** What a request takes where nothing but pyzmq answers it, in microseconds. */
async function lockstep(): Promise<number> {
  const args = ["lockstep_limit.py", String(BURST_EVENTS)] as const;
  const { seconds } = await runPython<{ seconds: number }>(...args);
  return seconds * 1e6 / BURST_EVENTS;
}

async function cpuSeconds(
  roles: RunningCluster["roles"],
): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries(
    await Promise.all(
      Object.entries(roles).map(async ([name, { pid }]) =>
        [name, (await processUsage(pid)).cpuSeconds] as const
      ),
    ),
  );
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

/** Measures and prints. @returns The burst beside pyzmq's lockstep. */
export async function benchCluster(): Promise<readonly Outcome[]> {
  await using cluster = await TestCluster.create();
  const running = await startCluster(cluster);
  const idleRows = await idle(running.roles);
  const sortedMs = await latency(running);
  const bursts: Burst[] = [];
  const limitsUs: number[] = [];
  const hasLimit = isInstalled("pyzmq");
  // In turns, so that a slow moment of the machine slows both.
  for (let index = 0; index < BURSTS; index++) {
    bursts.push(await burst(running, index));
    if (hasLimit) limitsUs.push(await lockstep());
  }
  const wallUs = median(bursts.map((each) => each.wallUs));
  printTable("the three programs on loopback, by protocol 1", [
    [
      "append to subscriber, 10 events/s",
      `p50 ${percentile(sortedMs, 50).toFixed(2)} ms`,
      `p99 ${percentile(sortedMs, 99).toFixed(2)} ms`,
    ],
    [
      `burst of ${BURST_EVENTS} lines, end to end`,
      `${Math.round(1e6 / wallUs)} events/s`,
      `CPU of an event: ${cpuText(bursts)}`,
    ],
    ...idleRows,
  ]);
  const what = "protocol 1, an event of a burst";
  if (!hasLimit) return [{ what, why: "python3-zmq is not installed" }];
  const limitIs = "pyzmq, REQ and REP in lockstep";
  const limit = median(limitsUs);
  return [{ what, ours: wallUs, limit, limitIs, unit: "us", goal: 1 }];
}

function cpuText(bursts: readonly Burst[]): string {
  return Object.keys(bursts[0]?.cpuUs ?? {}).map((name) => {
    const us = median(bursts.map(({ cpuUs }) => cpuUs[name] ?? NaN));
    return `${name} ${us.toFixed(0)} us`;
  }).join(", ");
}

if (import.meta.main) await benchCluster();
