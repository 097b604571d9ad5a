/**
 * Several publishers with a table of a million bans: a standby's memory, the
 * time until an empty host is ready, and the time until a standby is active.
 *
 * @module
 */

import { processUsage } from "../tests/support/host/process_usage.ts";
import { EtcdSnapshots } from "../lib/engine/etcd_snapshots.ts";
import type { EtcdServers } from "../tests/support/engine/etcd_servers.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import {
  clientOf,
  HUBS,
  PREFIX,
  sharedCluster,
  standsBy,
  startEtcd,
} from "./engine_setup.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import { type BenchCluster, fillStore } from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const BANS = sized(1_000_000, 1_000);
const [ACTIVE, STANDBY] = HUBS;
/** Loading the table at a takeover would take longer than this second. */
const [READY_SECONDS, TAKEOVER_MS] = [20, 1_000];
const POLL_MS = 5;

async function residentBytes(pid: number): Promise<number> {
  return (await processUsage(pid)).residentBytes;
}

/** Waits for a snapshot from which an empty host can start. */
async function hasSnapshot(etcd: EtcdServers): Promise<void> {
  using client = clientOf(etcd);
  const snapshots = new EtcdSnapshots(client, PREFIX);
  const { signal } = new AbortController();
  await waitUntil(
    async () => (await snapshots.last(signal)).last !== undefined,
    { what: "a snapshot", timeoutMs: 60_000, intervalMs: 50 },
  );
}

/** Starts an empty host. @returns Seconds until it has all bans. */
async function startEmpty(cluster: BenchCluster) {
  const startMs = performance.now();
  const pid = await cluster.start("publisher", STANDBY);
  const { bans } = await standsBy(cluster, STANDBY, BANS);
  if (bans !== BANS) throw new Error(`${bans} bans`);
  return { pid, seconds: (performance.now() - startMs) / 1_000 };
}

/**
 * Stops the active publisher. @returns Milliseconds until the standby serves.
 */
async function takeOver(cluster: BenchCluster): Promise<number> {
  const startMs = performance.now();
  const stopped = cluster.stop("publisher", ACTIVE);
  await cluster.until(
    "publisher",
    STANDBY,
    // Only the serving publisher has an allowlist.
    ({ role, allowed }) => role === "active" && allowed !== undefined,
    POLL_MS,
  );
  const tookMs = performance.now() - startMs;
  await stopped;
  return tookMs;
}

async function measure() {
  await using etcd = await startEtcd();
  await using cluster = await sharedCluster(etcd);
  await fillStore(cluster.storePath, BANS);
  const active = await cluster.start("publisher", ACTIVE);
  await hasSnapshot(etcd);
  const { pid, seconds } = await startEmpty(cluster);
  const bytes = [await residentBytes(active), await residentBytes(pid)];
  const takeoverMs = await takeOver(cluster);
  return { seconds, bytes, takeoverMs };
}

/** Measures and prints. @returns The figures. */
export async function tableFigures(): Promise<readonly Outcome[]> {
  const { seconds, bytes: [active = NaN, standby = NaN], takeoverMs } =
    await measure();
  printTable(`three etcd, two publishers, ${BANS} bans`, [
    ["an empty host, until it has all", `${seconds.toFixed(2)} s`],
    ["resident: the active one", `${Math.round(active / 1e6)} MB`],
    ["resident: the standby", `${Math.round(standby / 1e6)} MB`],
    ["clean stop, until the standby serves", `${Math.round(takeoverMs)} ms`],
  ]);
  const [what, why] = [
    "several publishers: a standby",
    "it takes 1,000,000 bans",
  ];
  if (IS_SHORT) return [{ what, why }];
  const bound = { limitIs: "a bound", goal: 1 };
  return [
    {
      what: `${what}'s memory with ${BANS} bans`,
      ...{ ours: standby / 1e6, limit: active / 1e6, unit: "MB" },
      ...{ limitIs: "the active one's", goal: 1.2 },
    },
    {
      what: "the same, from nothing to ready",
      ...{ ours: seconds, limit: READY_SECONDS, unit: "s", ...bound },
    },
    {
      what: "the same, active after a clean stop",
      ...{ ours: takeoverMs, limit: TAKEOVER_MS, unit: "ms", ...bound },
    },
  ];
}

if (import.meta.main) await tableFigures();
