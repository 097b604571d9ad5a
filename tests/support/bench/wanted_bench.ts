/**
 * What is wanted on a host, and words for what changes.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { HostBanChange } from "../../../lib/enforce/host_bans.ts";
import { parseJailMap } from "../../../lib/base/jail_map.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { ActiveBan, HostBan } from "../../../lib/enforce/enforcer.ts";
import {
  WantedBans,
  type WantsFrom,
} from "../../../lib/enforce/wanted_bans.ts";
import { address, banEvent, host, jail } from "../values/core_values.ts";

/** How long a report holds, unless a test says otherwise. */
export const BAN_TIME_MS = 60_000;
const IP = address("192.0.2.1");

/** What is wanted, where nothing is yet. */
export function wantedBans(
  options: {
    map?: string;
    banTimeMs?: number;
    maxBans?: number;
    wants?: WantsFrom;
  } = {},
): WantedBans {
  const { map = "", banTimeMs = BAN_TIME_MS, ...others } = options;
  const jailMap = parseJailMap(map);
  ok(jailMap);
  return new WantedBans({
    hostName: host("here"),
    jailMap,
    banTimeMs,
    ...others,
  });
}

/** A ban of 192.0.2.1 as web-1 reported it from its jail sshd. */
export function ban(expiresMs: number, jailName = CLUSTER_JAIL): HostBan {
  return {
    jail: jailName,
    address: IP,
    expiresMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** A ban of 192.0.2.1 as it is listed. */
export function listed(expiresMs?: number, jailName = CLUSTER_JAIL): ActiveBan {
  return { jail: jailName, address: IP, expiresMs };
}

/** As in `stands fail2bancluster|192.0.2.1 until 5000`. */
export function told(changes: readonly HostBanChange[]): string[] {
  return changes.map(({ kind, ban }) =>
    `${kind} ${ban.jail}|${ban.address} until ${ban.expiresMs}`
  );
}

/** Tells what follows from events as on the wire. */
export function take(
  wanted: WantedBans,
  nowMs: number,
  ...texts: string[]
): string[] {
  return texts.flatMap((text) => told(wanted.update(banEvent(text), nowMs)));
}
