/**
 * The bans that should be in force on this host, and who reported them.
 *
 * A ban stands as long as one report of it does. A report ends when its node
 * withdraws it (an unban) or its time is over; a node that reports again
 * prolongs its own report.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { Endings } from "./endings.ts";
import type { HostName } from "./host_name.ts";
import type { JailName } from "./jail_name.ts";
import { keyOfBan } from "./plan_entry.ts";
import type { LocalBan } from "./ports.ts";

/** A node's word that an address should be banned here. */
export interface Report {
  /** The node. */
  readonly origin: HostName;
  /** The jail that decided there. */
  readonly reportedJail: JailName;
  /** The jail of this host that the ban is enforced in. */
  readonly jail: JailName;
  readonly address: Address;
}

/** What changed. */
export type HostBanChange =
  /** The ban stands, for the first time or with another end. */
  | { readonly kind: "stands"; readonly ban: LocalBan }
  /** The ban was withdrawn. */
  | { readonly kind: "withdrawn"; readonly ban: LocalBan }
  /** The ban's time is over. */
  | { readonly kind: "lapsed"; readonly ban: LocalBan };

/** How a table is set up. */
export interface HostBansOptions {
  /** Bans held at most; above it reports of new ones are left out. @default {1000000} */
  readonly maxBans?: number;
}

interface Entry {
  ban: LocalBan;
  /** When each report ends, by node and reported jail; at most {@link MAX_REPORTS}. */
  readonly reports: Map<string, number>;
}

const NO_CHANGE: readonly HostBanChange[] = [];
/** Above it the report that ends first makes way: one node can name many jails. */
const MAX_REPORTS = 256;

/** Keeps the bans. Time is an argument. */
export class HostBans {
  readonly #maxBans: number;
  readonly #entries = new Map<string, Entry>();
  readonly #endings = new Endings<string>();
  #lookedAtMs = -Infinity;
  #leftOut = 0;

  /** @param options How the table is set up. */
  constructor(options: HostBansOptions = {}) {
    this.#maxBans = options.maxBans ?? 1_000_000;
  }

  /** Bans that stand. */
  get size(): number {
    return this.#entries.size;
  }

  /** Reports that were left out because the table was full. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The bans that stand. */
  *bans(): Generator<LocalBan, void, undefined> {
    for (const { ban } of this.#entries.values()) yield ban;
  }

  /**
   * Takes a report.
   *
   * @param report Who reports what.
   * @param expiresMs When the report ends, in milliseconds since 1970.
   * @returns What changed.
   */
  report(report: Report, expiresMs: number): readonly HostBanChange[] {
    const key = keyOfBan(report);
    const entry = this.#entries.get(key);
    if (entry === undefined && this.#entries.size >= this.#maxBans) {
      this.#leftOut++;
      return NO_CHANGE;
    }
    const reports = entry?.reports ?? new Map<string, number>();
    reports.set(keyOfReporter(report), expiresMs);
    if (reports.size > MAX_REPORTS) forgetFirstEnding(reports);
    const { jail, address, origin, reportedJail } = report;
    const endsMs = Math.max(...reports.values());
    const ban = { jail, address, origin, reportedJail, expiresMs: endsMs };
    if (entry !== undefined) this.#endings.forget(key, entry.ban.expiresMs);
    this.#entries.set(key, { ban, reports });
    this.#endings.note(key, endsMs);
    return [{ kind: "stands", ban }];
  }

  /**
   * Takes a report back.
   *
   * @param report Who takes what back.
   * @returns What changed; `undefined`: there was no such report.
   */
  withdraw(report: Report): readonly HostBanChange[] | undefined {
    const key = keyOfBan(report);
    const entry = this.#entries.get(key);
    if (entry?.reports.delete(keyOfReporter(report)) !== true) return undefined;
    this.#endings.forget(key, entry.ban.expiresMs);
    const expiresMs = Math.max(...entry.reports.values());
    // What others reported and is over by now does not hold the ban.
    if (expiresMs <= this.#lookedAtMs) {
      this.#entries.delete(key);
      return [{ kind: "withdrawn", ban: entry.ban }];
    }
    const shortened = expiresMs < entry.ban.expiresMs;
    entry.ban = { ...entry.ban, expiresMs };
    this.#endings.note(key, expiresMs);
    return shortened ? [{ kind: "stands", ban: entry.ban }] : NO_CHANGE;
  }

  /** The ban that stands in a jail, if one does. */
  find(
    ban: { readonly jail: JailName; readonly address: Address },
  ): LocalBan | undefined {
    return this.#entries.get(keyOfBan(ban))?.ban;
  }

  /**
   * Lets time pass.
   *
   * @param nowMs Milliseconds since 1970.
   * @returns The bans whose time is over.
   */
  lapse(nowMs: number): readonly HostBanChange[] {
    const changes: HostBanChange[] = [];
    for (const key of this.#endings.takeDue(nowMs)) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      this.#entries.delete(key);
      changes.push({ kind: "lapsed", ban: entry.ban });
    }
    this.#lookedAtMs = nowMs;
    return changes;
  }
}

function forgetFirstEnding(reports: Map<string, number>): void {
  const firstMs = Math.min(...reports.values());
  for (const [reporter, expiresMs] of reports) {
    if (expiresMs === firstMs) {
      reports.delete(reporter);
      return;
    }
  }
}

/** Names a report among those of a ban. */
export function keyOfReporter(
  { origin, reportedJail }: Pick<Report, "origin" | "reportedJail">,
): string {
  return `${origin.toLowerCase()}|${reportedJail}`;
}
