/**
 * What is desired on a host, and words for what changes.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { HostBanChange } from "../../../lib/enforce/host_bans.ts";
import { parseJailMap } from "../../../lib/base/jail_map.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { ActiveBan, HostBan } from "../../../lib/enforce/enforcer.ts";
import type {
  DesiredBans,
  DesiredBansOptions,
} from "../../../lib/enforce/desired_bans.ts";
import { DesiredCopy } from "../../../lib/enforce/desired_copy.ts";
import { DesiredReports } from "../../../lib/enforce/desired_reports.ts";
import { address, banEvent, host, jail } from "../values/core_values.ts";

/** How long a report holds, unless a test says otherwise. */
export const BAN_TIME_MS = 60_000;
const IP = address("192.0.2.1");

interface BenchOptions {
  readonly map?: string;
  readonly banTimeMs?: number;
  readonly maxBans?: number;
}

/** Desired bans by reports; there are none yet. */
export function desiredReports(options: BenchOptions = {}): DesiredReports {
  return new DesiredReports(optionsOf(options));
}

/** Desired bans of a copy; there are none yet. */
export function desiredCopy(options: BenchOptions = {}): DesiredCopy {
  return new DesiredCopy(optionsOf(options));
}

function optionsOf(
  { map = "", banTimeMs = BAN_TIME_MS, ...others }: BenchOptions,
): DesiredBansOptions {
  const jailMap = parseJailMap(map);
  ok(jailMap);
  return { hostName: host("here"), jailMap, banTimeMs, ...others };
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
  desired: DesiredBans,
  nowMs: number,
  ...texts: string[]
): string[] {
  return texts.flatMap((text) => told(desired.update(banEvent(text), nowMs)));
}
