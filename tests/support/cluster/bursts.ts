/**
 * Bursts of bans, and a cluster that receives them.
 *
 * @module
 */

import { appendLog, banLine, testAddress } from "../fail2ban/fail2ban_lines.ts";
import { heard, relayed } from "./role_output.ts";
import { TestCluster } from "./test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** Addresses `from` to `to`, and their log lines. */
export function burst(
  from: number,
  to: number,
): { sent: string[]; text: string } {
  const sent = Array.from(
    { length: to - from },
    (_, index) => testAddress(from + index),
  );
  return { sent, text: sent.map((item) => banLine("sshd", item)).join("") };
}

/** Whether an address belongs to a burst, not to a probe. */
export function isOfBurst(address: string): boolean {
  return address.startsWith("198.1");
}

/** Starts a cluster of two hosts and a hub, and proves that it works. */
export async function startAll(cluster: TestCluster) {
  for (const host of ["host-a", "host-b", "hub"]) await cluster.addHost(host);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  let tries = 0;
  await waitUntil(async () => {
    await appendLog(log, banLine("probe", `203.0.113.${++tries}`));
    return heard(subscriber).length > 0;
  }, { what: "the first ban at host-b", intervalMs: 100 });
  await waitUntil(() => new Set(relayed(publisher)).size === tries, {
    what: "all probes",
  });
  return { log, publisher, subscriber, monitor };
}
