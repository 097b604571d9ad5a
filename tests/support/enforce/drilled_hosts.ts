/**
 * Checks the firewalls of hosts after a fire drill.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import type { NetworkNamespace } from "../host/network_namespace.ts";
import { waitUntil } from "../host/wait_until.ts";

/**
 * A host's table; all hosts share a network namespace, so that they reach the
 * hub over loopback.
 */
export function tableOf(host: string): string {
  return `fail2ban_${host}`;
}

/** The whole ruleset without packet counters. */
export async function ruleset(namespace: NetworkNamespace): Promise<string> {
  const text = await namespace.run("nft", "list", "ruleset");
  return text.replace(/packets \d+ bytes \d+/g, "packets N bytes N");
}

/** Whether a host's firewall contains an address. */
export async function isInForce(
  namespace: NetworkNamespace,
  host: string,
  address: string,
): Promise<boolean> {
  const listed = await namespace.run(
    ...["nft", "list", "table", "inet", tableOf(host)] as const,
  );
  return listed.includes(`${address} `);
}

/** Waits until a host bans an address. */
export async function waitInForce(
  namespace: NetworkNamespace,
  host: string,
  address: string,
): Promise<void> {
  await waitUntil(() => isInForce(namespace, host, address), {
    what: `${address} in force on ${host}`,
    timeoutMs: 15_000,
    intervalMs: 20,
  });
}

/** Waits until the firewall has its original state. */
export async function waitRestored(
  namespace: NetworkNamespace,
  before: string,
): Promise<void> {
  let now = "";
  const isSame = async () => {
    now = await ruleset(namespace);
    return now === before;
  };
  try {
    await waitUntil(isSame, {
      what: "the firewall as it was",
      timeoutMs: 20_000,
      intervalMs: 100,
    });
  } catch {
    strictEqual(now, before);
  }
}
