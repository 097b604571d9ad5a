/**
 * The bans that should be in force on this host, and who reported them.
 *
 * A ban stands as long as one report of it does. A report ends when its node
 * withdraws it (an unban) or its time is over; a node that reports again
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

/** A node's report that an address should be banned, as this host reads it. */
export interface HostReport {
  /** The node. */
  readonly origin: HostName;
  /** The jail that decided there. */
  readonly reportedJail: JailName;
  /** The jail of this host that the ban is enforced in. */
  readonly jail: JailName;
  readonly address: Address;
  /** The number of the change by which it is so; `undefined`: nobody said. */
  readonly change?: number | undefined;
}

/** What changed. */
export type HostBanChange =
  /** The ban stands, for the first time or with another end. */
  | {
    readonly kind: "stands";
    readonly ban: HostBan;
    /** The jail that wants it no more, while others do; absent: the ban's jail reports it. */
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
  /** Bans held at most; above it reports of new ones are left out. @default {1000000} */
  readonly maxBans?: number;
  /**
   * Names a report among those of a ban: a report replaces or withdraws the
   * one of the same name. @default {nameOfReporter}
   */
  readonly nameOf?: (report: HostReport) => string;
}

/** Nothing changed. */
export const NO_CHANGE: readonly HostBanChange[] = [];
const NO_REPORTS: ReadonlyMap<string, HostBan> = new Map();
/** Reports of a ban held at most; above it the one that ends first is dropped: one node can name many jails. */
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
  /** The bans that stand. */
  readonly #bans = new BanMap<HostBan>();
  /**
   * The ban as each report has it, by the report's name; at most
   * {@link MAX_REPORTS}. Of bans with a single report there is none: it is the
   * ban itself.
   */
  readonly #reports = new BanMap<Map<string, HostBan>>();
  readonly #expiries = new ExpiryIndex<HostBan>();
  #lookedAtMs = -Infinity;
  #leftOut = 0;

  /** @param options Limit and names of reports. */
  constructor(options: HostBansOptions = {}) {
    this.#maxBans = options.maxBans ?? 1_000_000;
    this.#nameOf = options.nameOf ?? nameOfReporter;
  }

  /** Bans that stand. */
  get size(): number {
    return this.#bans.size;
  }

  /** Reports that were left out because the table was full. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The bans that stand. */
  bans(): Generator<HostBan, void, undefined> {
    return this.#bans.values();
  }

  /**
   * Takes a report.
   *
   * @param report Who reports what.
   * @param expiresMs When the report ends, in milliseconds since 1970 by the clock of all calls.
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
   * Takes a report back.
   *
   * @param report Who takes what back.
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
    // What others reported and is over by now does not hold the ban.
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

  /**
   * Takes back all reports of a ban.
   *
   * @returns What changed.
   */
  remove(ban: Pick<HostBan, "jail" | "address">): readonly HostBanChange[] {
    const before = this.#bans.get(ban);
    if (before === undefined) return NO_CHANGE;
    const jails = this.jailsOf(ban);
    this.#forget(before);
    return [{ kind: "withdrawn", ban: before, jails }];
  }

  /** The jails that report a ban; none when it does not stand. */
  jailsOf(ban: Pick<HostBan, "jail" | "address">): readonly JailName[] {
    const reports = this.#reports.get(ban);
    if (reports !== undefined) return jailsIn(reports);
    const single = this.#bans.get(ban);
    return single === undefined ? [] : [single.reportedJail];
  }

  /** The ban as each who reported it wants it; none when it does not stand. */
  reportsOf(ban: Pick<HostBan, "jail" | "address">): readonly HostBan[] {
    const reports = this.#reports.get(ban);
    if (reports !== undefined) return [...reports.values()];
    const single = this.#bans.get(ban);
    return single === undefined ? [] : [single];
  }

  /** The ban that stands in a jail, if one does. */
  find(
    ban: { readonly jail: JailName; readonly address: Address },
  ): HostBan | undefined {
    return this.#bans.get(ban);
  }

  /**
   * Lets time pass.
   *
   * @param nowMs Milliseconds since 1970 by the same clock.
   * @returns The bans whose time is over.
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

  /** The reports of a ban once another than its single one comes; `undefined`: it stays single. */
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

/** Names a report by the node and its jail: each node speaks for itself. */
export function nameOfReporter(
  { origin, reportedJail }: Pick<HostReport, "origin" | "reportedJail">,
): string {
  return `${origin.toLowerCase()}|${reportedJail}`;
}
