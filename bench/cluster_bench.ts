/**
 * The three programs on loopback: latency, burst, idle, memory.
 *
 * @module
 */

import type { ChildProcess } from "../tests/support/host/child_process.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { percentile, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const LATENCY_EVENTS = sized(200, 10);
const LATENCY_PAUSE_MS = 100;
const BURST_EVENTS = sized(10_000, 500);
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
    const address = testAddress(index);
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

async function burst({ log, heardAtMs, roles }: RunningCluster) {
  const addresses = Array.from(
    { length: BURST_EVENTS },
    (_, index) => testAddress(index + 10_000),
  );
  const lines = addresses.map((address) => banLine("sshd", address)).join("");
  const cpuBefore = await cpuSeconds(roles);
  const startedMs = performance.now();
  await appendLog(log, lines);
  await waitUntil(() => addresses.every((address) => heardAtMs.has(address)), {
    what: "the burst",
    timeoutMs: 60_000,
    intervalMs: 20,
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  return { seconds, cpu: await cpuSeconds(roles) - cpuBefore };
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

/** Measures and prints. */
export async function benchCluster(): Promise<void> {
  await using cluster = await TestCluster.create();
  const running = await startCluster(cluster);
  const idleRows = await idle(running.roles);
  const sortedMs = await latency(running);
  const { seconds, cpu } = await burst(running);
  printTable("the three programs on loopback", [
    [
      "append to subscriber, 10 events/s",
      `p50 ${percentile(sortedMs, 50).toFixed(2)} ms`,
      `p99 ${percentile(sortedMs, 99).toFixed(2)} ms`,
    ],
    [
      `burst of ${BURST_EVENTS} lines, end to end`,
      `${Math.round(BURST_EVENTS / seconds)} events/s`,
      `${cpu.toFixed(2)} s of CPU for all three`,
    ],
    ...idleRows,
  ]);
}
