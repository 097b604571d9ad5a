/**
 * Bans for an enforcer, starting now.
 *
 * @module
 */

import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import { address, host, jail } from "./core_values.ts";

/**
 * A ban that starts now.
 *
 * @param text The address.
 * @param lastsMs Its duration, in milliseconds.
 */
export function hostBan(text: string, lastsMs = Infinity): HostBan {
  return {
    jail: CLUSTER_JAIL,
    address: address(text),
    expiresMs: Date.now() + lastsMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** Bans of one hour each. */
export function localBans(count: number): HostBan[] {
  return Array.from(
    { length: count },
    (_, index) => hostBan(`198.18.${index >> 8}.${index & 255}`, 3_600_000),
  );
}
