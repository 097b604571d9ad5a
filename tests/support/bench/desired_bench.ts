/**
 * Desired bans of a host, and their changes as text.
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

/** Duration of a report, unless a test sets another. */
export const BAN_TIME_MS = 60_000;
const IP = address("192.0.2.1");

interface BenchOptions {
  readonly map?: string;
  readonly banTimeMs?: number;
  readonly maxBans?: number;
}

/** Desired bans from reports; initially empty. */
export function desiredReports(options: BenchOptions = {}): DesiredReports {
  return new DesiredReports(optionsOf(options));
}

/** Desired bans from a replica; initially empty. */
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

/** A ban of 192.0.2.1, reported by web-1 from its jail sshd. */
export function ban(expiresMs: number, jailName = CLUSTER_JAIL): HostBan {
  return {
    jail: jailName,
    address: IP,
    expiresMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** A ban of 192.0.2.1 as an enforcer lists it. */
export function listed(expiresMs?: number, jailName = CLUSTER_JAIL): ActiveBan {
  return { jail: jailName, address: IP, expiresMs };
}

/** Changes as text, such as `stands fail2bancluster|192.0.2.1 until 5000`. */
export function told(changes: readonly HostBanChange[]): string[] {
  return changes.map(({ kind, ban }) =>
    `${kind} ${ban.jail}|${ban.address} until ${ban.expiresMs}`
  );
}

/** The changes that follow from events, which are written as on the wire. */
export function take(
  desired: DesiredBans,
  nowMs: number,
  ...texts: string[]
): string[] {
  return texts.flatMap((text) => told(desired.update(banEvent(text), nowMs)));
}
