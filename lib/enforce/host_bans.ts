/**
 * The bans that should be in force on this host, and who reported them.
 *
 * A ban stands as long as it has a report. A report ends when its node
 * withdraws it (an unban) or when its time is over; a new report of the node
 * prolongs its own report.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { ExpiryIndex } from "../async/expiry_index.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { HostBan } from "./enforcer.ts";

/** A node's report that an address should be banned, as read on this host. */
export interface HostReport {
  /** The node. */
  readonly origin: HostName;
  /** The jail that decided there. */
  readonly reportedJail: JailName;
  /** The jail of this host that enforces the ban. */
  readonly jail: JailName;
  readonly address: Address;
  /** The number of the change that made it so; `undefined`: unknown. */
  readonly change?: number | undefined;
}

/** What changed. */
export type HostBanChange =
  /** The ban stands, for the first time or with another end. */
  | {
    readonly kind: "stands";
    readonly ban: HostBan;
    /**
     * A jail that no longer wants it while others do; absent: the ban's jail
     * reports it.
     */
    readonly left?: JailName;
  }
  /** The ban was withdrawn. */
  | {
    readonly kind: "withdrawn";
    readonly ban: HostBan;
    /** The jails that reported it. */
    readonly jails: readonly JailName[];
  }
  /** The ban's time is over. */
  | {
    readonly kind: "lapsed";
    readonly ban: HostBan;
    /** The jails that reported it. */
    readonly jails: readonly JailName[];
  };

/** Options for a table of bans. */
export interface HostBansOptions {
  /**
   * Maximum number of bans; reports of further ones are left out.
   * @default {1000000}
   */
  readonly maxBans?: number;
  /**
   * Names a report among those of its ban: a report replaces or withdraws the
   * report with the same name. @default {nameOfReporter}
   */
  readonly nameOf?: (report: HostReport) => string;
}

/** Nothing changed. */
export const NO_CHANGE: readonly HostBanChange[] = [];
const NO_REPORTS: ReadonlyMap<string, HostBan> = new Map();
/**
 * Maximum reports of a ban; above it the first to end is dropped, because a
 * node can name many jails.
 */
const MAX_REPORTS = 256;

/**
 * A table of bans and of the reports of each.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { HostBans } from "./host_bans.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { CLUSTER_JAIL as jail } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [web, db] = [parseHostName("web-1"), parseHostName("db-1")];
 * const address = parseAddress("192.0.2.1");
 * ok(web && db && address);
 * const bans = new HostBans();
 * bans.report({ origin: web, reportedJail: jail, jail, address }, 60_000);
 * bans.report({ origin: db, reportedJail: jail, jail, address }, 90_000);
 * bans.withdraw({ origin: web, reportedJail: jail, jail, address });
 * strictEqual(bans.find({ jail, address })?.expiresMs, 90_000);
 * ```
 */
export class HostBans {
  readonly #maxBans: number;
  readonly #nameOf: (report: HostReport) => string;
  /** The bans in the table. */
  readonly #bans = new BanMap<HostBan>();
  /**
   * The ban as each report wants it, by the report's name; at most
   * {@link MAX_REPORTS}. A ban with a single report has no entry: the ban
   * itself is the report.
   */
  readonly #reports = new BanMap<Map<string, HostBan>>();
  readonly #expiries = new ExpiryIndex<HostBan>();
  #lookedAtMs = -Infinity;
  #leftOut = 0;

  /** @param options The limit, and the names of reports. */
  constructor(options: HostBansOptions = {}) {
    this.#maxBans = options.maxBans ?? 1_000_000;
    this.#nameOf = options.nameOf ?? nameOfReporter;
  }

  /** Number of bans. */
  get size(): number {
    return this.#bans.size;
  }

  /** Number of reports that were left out because the table was full. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The bans in the table. */
  bans(): Generator<HostBan, void, undefined> {
    return this.#bans.values();
  }

  /**
   * Adds or replaces a report.
   *
   * @param report The report.
   * @param expiresMs When the report ends, in milliseconds since 1970 by the
   * clock of all calls.
   * @returns What changed.
   */
  report(report: HostReport, expiresMs: number): readonly HostBanChange[] {
    const before = this.#bans.get(report);
    if (before === undefined && this.#bans.size >= this.#maxBans) {
      this.#leftOut++;
      return NO_CHANGE;
    }
    const { jail, address, origin, reportedJail, change } = report;
    const own = change === undefined
      ? { jail, address, origin, reportedJail, expiresMs }
      : { jail, address, origin, reportedJail, expiresMs, change };
    const reports = before && this.#severalReports(before, report);
    let ban = own;
    if (reports !== undefined) {
      reports.set(this.#nameOf(report), own);
      if (reports.size > MAX_REPORTS) forgetFirstEnding(reports);
      const endsMs = lastEnd(reports);
      if (endsMs !== expiresMs) ban = { ...own, expiresMs: endsMs };
    }
    this.#replace(before, ban);
    return [{ kind: "stands", ban }];
  }

  /**
   * Withdraws a report.
   *
   * @param report The report.
   * @returns What changed; `undefined`: there was no such report.
   */
  withdraw(report: HostReport): readonly HostBanChange[] | undefined {
    const before = this.#bans.get(report);
    if (before === undefined) return undefined;
    const reports = this.#reports.get(report);
    const isThere = reports === undefined
      ? this.#nameOf(before) === this.#nameOf(report)
      : reports.delete(this.#nameOf(report));
    if (!isThere) return undefined;
    const left = reports ?? NO_REPORTS;
    const expiresMs = lastEnd(left);
    const jails = jailsIn(left);
    const { reportedJail } = report;
    // Other reports that have ended by now don't hold the ban.
    if (expiresMs <= this.#lookedAtMs) {
      this.#forget(before);
      const others = jails.filter((jail) => jail !== reportedJail);
      const all = [reportedJail, ...others];
      return [{ kind: "withdrawn", ban: before, jails: all }];
    }
    const ban = { ...before, expiresMs };
    this.#replace(before, ban);
    const change = { kind: "stands", ban } as const;
    return jails.includes(reportedJail)
      ? [change]
      : [{ ...change, left: reportedJail }];
  }

  /** Withdraws all reports of a ban. Returns what changed. */
  remove(ban: Pick<HostBan, "jail" | "address">): readonly HostBanChange[] {
    const before = this.#bans.get(ban);
    if (before === undefined) return NO_CHANGE;
    const jails = this.jailsOf(ban);
    this.#forget(before);
    return [{ kind: "withdrawn", ban: before, jails }];
  }

  /** The jails that report a ban; none when it is not in the table. */
  jailsOf(ban: Pick<HostBan, "jail" | "address">): readonly JailName[] {
    const reports = this.#reports.get(ban);
    if (reports !== undefined) return jailsIn(reports);
    const single = this.#bans.get(ban);
    return single === undefined ? [] : [single.reportedJail];
  }

  /** The ban as each reporter wants it; none when it is not in the table. */
  reportsOf(ban: Pick<HostBan, "jail" | "address">): readonly HostBan[] {
    const reports = this.#reports.get(ban);
    if (reports !== undefined) return [...reports.values()];
    const single = this.#bans.get(ban);
    return single === undefined ? [] : [single];
  }

  /** The ban of a jail, if it is in the table. */
  find(
    ban: { readonly jail: JailName; readonly address: Address },
  ): HostBan | undefined {
    return this.#bans.get(ban);
  }

  /**
   * Ends bans.
   *
   * @param nowMs Milliseconds since 1970 by the same clock.
   * @returns The bans that ended.
   */
  expire(nowMs: number): readonly HostBanChange[] {
    const changes: HostBanChange[] = [];
    for (const ban of this.#expiries.takeDue(nowMs)) {
      const jails = this.jailsOf(ban);
      this.#forget(ban);
      changes.push({ kind: "lapsed", ban, jails });
    }
    this.#lookedAtMs = nowMs;
    return changes;
  }

  /**
   * The reports of a ban that gets a second one; `undefined`: it has only one.
   */
  #severalReports(
    before: HostBan,
    report: HostReport,
  ): Map<string, HostBan> | undefined {
    const known = this.#reports.get(report);
    if (known !== undefined) return known;
    const name = this.#nameOf(before);
    if (name === this.#nameOf(report)) return undefined;
    const reports = new Map([[name, before]]);
    this.#reports.set(report, reports);
    return reports;
  }

  #replace(before: HostBan | undefined, ban: HostBan): void {
    if (before !== undefined) this.#expiries.delete(before, before.expiresMs);
    this.#bans.set(ban, ban);
    this.#expiries.add(ban, ban.expiresMs);
  }

  #forget(ban: HostBan): void {
    this.#expiries.delete(ban, ban.expiresMs);
    this.#bans.delete(ban);
    this.#reports.delete(ban);
  }
}

function jailsIn(reports: ReadonlyMap<string, HostBan>): readonly JailName[] {
  const jails: JailName[] = [];
  for (const { reportedJail } of reports.values()) {
    if (!jails.includes(reportedJail)) jails.push(reportedJail);
  }
  return jails;
}

function lastEnd(reports: ReadonlyMap<string, HostBan>): number {
  let lastMs = -Infinity;
  for (const { expiresMs } of reports.values()) {
    lastMs = Math.max(lastMs, expiresMs);
  }
  return lastMs;
}

function forgetFirstEnding(reports: Map<string, HostBan>): void {
  const ends = [...reports.values()].map(({ expiresMs }) => expiresMs);
  const firstMs = Math.min(...ends);
  for (const [reporter, { expiresMs }] of reports) {
    if (expiresMs === firstMs) {
      reports.delete(reporter);
      return;
    }
  }
}

/** Names a report by node and jail: each node speaks for itself. */
export function nameOfReporter(
  { origin, reportedJail }: Pick<HostReport, "origin" | "reportedJail">,
): string {
  return `${origin.toLowerCase()}|${reportedJail}`;
}
