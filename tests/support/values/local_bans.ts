/**
 * Bans for an enforcer, from now on.
 *
 * @module
 */

import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { LocalBan } from "../../../lib/enforce/enforcer.ts";
import { address, host, jail } from "./core_values.ts";

/**
 * A ban that begins now.
 *
 * @param text The address.
 * @param lastsMs How long, in milliseconds.
 */
export function localBan(text: string, lastsMs = Infinity): LocalBan {
  return {
    jail: CLUSTER_JAIL,
    address: address(text),
    expiresMs: Date.now() + lastsMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** So many bans of an hour. */
export function localBans(count: number): LocalBan[] {
  return Array.from(
    { length: count },
    (_, index) => localBan(`198.18.${index >> 8}.${index & 255}`, 3_600_000),
  );
}
