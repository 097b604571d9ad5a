/**
 * Which bans a host should have in force: the interface of all sources.
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

/** Options for a source of desired bans. */
export interface DesiredBansOptions {
  /** Name of this node: the reporter of record for a ban found in force. */
  readonly hostName: HostName;
  /** Maps reported jails to the jails of this host. */
  readonly jailMap: JailMap;
  /**
   * Duration of a ban without a reported end, in milliseconds; `Infinity`:
   * until it is withdrawn.
   */
  readonly banTimeMs: number;
  /** Maximum number of bans; further ones are left out. @default {1000000} */
  readonly maxBans?: number;
  /**
   * Whether a report in the ledger is still wanted here.
   * @default {every one is}
   */
  readonly isTaken?: (
    report: Pick<HostReport, "origin" | "reportedJail">,
  ) => boolean;
}

/** What follows from the reports in a ledger. */
export interface Remembered {
  /** Changes of the desired bans. */
  readonly changes: readonly HostBanChange[];
  /** Corrections for the ledger. */
  readonly notes: readonly WantedReports[];
}

/**
 * The bans that should be in force on this host. All times are from one clock,
 * in milliseconds since 1970.
 *
 * A start comes first: `remember` once, then `adopt` for each ban in force that
 * is neither desired nor known, then `endAdoption`. Updates may come before.
 */
export interface DesiredBans {
  /** Number of bans. */
  readonly size: number;
  /** Number of reports that were left out because there were too many bans. */
  readonly leftOut: number;
  /**
   * Whether the desired bans are known without a ledger, also after a restart.
   */
  readonly isWhole: boolean;
  /** The bans. */
  bans(): Iterable<HostBan>;
  /** A ban, if it is desired. */
  find(ban: Pick<HostBan, "jail" | "address">): HostBan | undefined;
  /** The jails that report a ban; none when it is not desired. */
  jailsOf(ban: Pick<HostBan, "jail" | "address">): readonly JailName[];
  /** Applies an update. Returns what changed, as the methods below do. */
  update(update: BanUpdate, nowMs: number): readonly HostBanChange[];
  /** Removes a ban, whoever reported it. */
  remove(ban: Pick<HostBan, "jail" | "address">): readonly HostBanChange[];
  /** Removes the bans that end by `nowMs`. */
  expire(nowMs: number): readonly HostBanChange[];
  /** Takes the reports that a ledger kept over a restart. */
  remember(reports: readonly HostBan[]): Remembered;
  /** Takes a ban that is in force and unknown here. */
  adopt(listed: ActiveBan, nowMs: number): readonly HostBanChange[];
  /** Ends the start. */
  endAdoption(): readonly HostBanChange[];
  /**
   * What a ledger should hold of bans for {@link DesiredBans.remember} after a
   * restart.
   */
  notesOf(bans: Iterable<HostBan>): readonly WantedReports[];
}

/**
 * Converts an update to a report of this host.
 *
 * @returns The report and its end; `undefined`: it is withdrawn or has ended.
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

/**
 * Whether a ban is certainly the cluster's: other jails hold the host's own
 * bans too.
 */
export function isOurs({ jail }: Pick<ActiveBan, "jail">): boolean {
  return jail === CLUSTER_JAIL;
}
