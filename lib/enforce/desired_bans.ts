/**
 * Which bans a host should have in force: what the sources of that have in
 * common.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import type { HostBanChange, HostReport } from "./host_bans.ts";
import type { HostName } from "../base/host_name.ts";
import { type JailMap, localJail } from "../base/jail_map.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import type { WantedReports } from "./ban_ledger.ts";

/**
 * Options for a source of desired bans.
 */
export interface DesiredBansOptions {
  /** Name of this node. It counts as the reporter of a ban that is found in force. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** How long a ban holds whose end is not told, in milliseconds; `Infinity`: until it is withdrawn. */
  readonly banTimeMs: number;
  /** Bans held at most; above it, new ones are left out. @default {1000000} */
  readonly maxBans?: number;
  /** Whether a report that a ledger remembers is still wanted here. @default {every one is} */
  readonly isTaken?: (
    report: Pick<HostReport, "origin" | "reportedJail">,
  ) => boolean;
}

/** What follows from the reports that a ledger remembers. */
export interface Remembered {
  /** What changed in what is desired. */
  readonly changes: readonly HostBanChange[];
  /** What the ledger should hold instead, where that differs. */
  readonly notes: readonly WantedReports[];
}

/**
 * The bans that should be in force on this host. All times are those of one
 * clock, in milliseconds since 1970.
 *
 * A start comes first: `remember` once, then `adopt` for what is in force and
 * is neither desired nor known, then `endAdoption`. Updates may come before.
 */
export interface DesiredBans {
  /** Number of bans. */
  readonly size: number;
  /** Reports that were left out because there were too many bans. */
  readonly leftOut: number;
  /** Whether it is known without a ledger what is desired, also after a restart. */
  readonly isWhole: boolean;
  /** The bans. */
  bans(): Iterable<HostBan>;
  /** A ban, if it is desired. */
  find(ban: Pick<HostBan, "jail" | "address">): HostBan | undefined;
  /** The jails that report a ban; none when it is not desired. */
  jailsOf(ban: Pick<HostBan, "jail" | "address">): readonly JailName[];
  /** Takes an update. Returns what changed, as do the methods below. */
  update(update: BanUpdate, nowMs: number): readonly HostBanChange[];
  /** Takes a ban out, whoever reported it. */
  remove(ban: Pick<HostBan, "jail" | "address">): readonly HostBanChange[];
  /** Takes out the bans that end by `nowMs`. */
  expire(nowMs: number): readonly HostBanChange[];
  /** Takes the reports that a ledger remembers from before a restart. */
  remember(reports: readonly HostBan[]): Remembered;
  /** Takes a ban that is in force and that nobody here knows of. */
  adopt(listed: ActiveBan, nowMs: number): readonly HostBanChange[];
  /** Ends the start. */
  endAdoption(): readonly HostBanChange[];
  /** What a ledger should hold of bans, so that a restart can {@link DesiredBans.remember} them. */
  notesOf(bans: Iterable<HostBan>): readonly WantedReports[];
}

/**
 * Reads an update as a report of this host.
 *
 * @returns The report, and when it ends; `undefined`: it is withdrawn, or over.
 */
export function reportOf(
  update: BanUpdate,
  { jailMap, banTimeMs }: DesiredBansOptions,
  nowMs: number,
): { readonly report: HostReport; readonly expiresMs: number | undefined } {
  const { kind, origin, jail: reportedJail, address, change } = update;
  const jail = localJail(jailMap, reportedJail);
  const expiresMs = update.expiresMs ?? nowMs + banTimeMs;
  return {
    report: { origin, reportedJail, jail, address, change },
    expiresMs: kind === "unban" || expiresMs <= nowMs ? undefined : expiresMs,
  };
}

/** Whether a ban is the cluster's for certain: other jails hold the host's own bans too. */
export function isOurs({ jail }: Pick<ActiveBan, "jail">): boolean {
  return jail === CLUSTER_JAIL;
}
