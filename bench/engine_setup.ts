/**
 * Common parts of the benchmarks of several publishers: three etcd members on
 * the same cores, and publishers that use them.
 *
 * @module
 */

import { SystemClock } from "../lib/async/io/system_clock.ts";
import { memberCondition } from "../lib/engine/etcd_condition.ts";
import { EtcdClient } from "../lib/engine/io/etcd_client.ts";
import type { StatusFigures } from "../lib/service/status_report.ts";
import { EtcdServers } from "../tests/support/engine/etcd_servers.ts";
import { BenchCluster } from "./protocol2_setup.ts";

/** The hosts with a publisher; the first is active. */
export const HUBS = ["hub", "hub2"] as const;

/** Settings of etcd as in docs/PUBLISHERS.md. */
const ETCD_SETTINGS = [
  "--auto-compaction-retention=1h",
  "--quota-backend-bytes=4294967296",
];
const MEMBERS = 3;
const PREFIX = "/fail2ban-cluster/";
const NEVER = new AbortController().signal;

/** Starts the engine. */
export function startEtcd(): Promise<EtcdServers> {
  return EtcdServers.start(MEMBERS, ...ETCD_SETTINGS);
}

/** Creates publishers that share a table, without starting them. */
export function sharedCluster(etcd: EtcdServers): Promise<BenchCluster> {
  const engineurls = etcd.urls.join(", ");
  const section = { engine: "etcd", engineurls, engineprefix: PREFIX };
  return BenchCluster.create({ ...section, legacy: "off" }, HUBS);
}

/** A client of the engine. */
export function clientOf(etcd: EtcdServers): EtcdClient {
  return new EtcdClient({ urls: etcd.urls, clock: new SystemClock() });
}

/** Data size of the largest member in bytes, as its quota counts it. */
export async function engineBytes(etcd: EtcdServers): Promise<number> {
  const sizes = await Promise.all(etcd.urls.map(async (url) => {
    const clock = new SystemClock();
    using client = new EtcdClient({ urls: [url], clock });
    return (await memberCondition(client, NEVER)).dataBytes;
  }));
  return Math.max(...sizes);
}

/**
 * Waits until a publisher is a standby whose copy has reached a sequence
 * number.
 */
export function standsBy(
  cluster: BenchCluster,
  hub: string,
  seq: number,
): Promise<StatusFigures> {
  return cluster.until(
    "publisher",
    hub,
    (figures) => figures["role"] === "standby" && Number(figures["seq"]) >= seq,
  );
}

export { PREFIX };
