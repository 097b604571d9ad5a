/**
 * The desired bans of a host that only receives reports and has to remember
 * them.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import {
  type DesiredBans,
  type DesiredBansOptions,
  type Remembered,
  reportOf,
} from "./desired_bans.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import {
  type HostBanChange,
  HostBans,
  type HostReport,
  nameOfReporter,
  NO_CHANGE,
} from "./host_bans.ts";
import { sameHost } from "../base/host_name.ts";
import { keyOf } from "../ban/ban.ts";
import { localJail } from "../base/jail_map.ts";
import { strayBan } from "./plan_entry.ts";
import type { WantedReports } from "./ban_ledger.ts";

/**
 * Limit; above it the oldest is forgotten, because an enforcer may be away for
 * days.
 */
const MAX_WITHDRAWN_EARLY = 100_000;

/**
 * Bans as nodes reported them, each node for itself. A ledger remembers the
 * reports from before a restart. A ban found in force in the cluster's own jail
 * is desired, and any node may withdraw it.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { DesiredReports } from "./desired_reports.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [hostName, origin] = [parseHostName("here"), parseHostName("web-1")];
 * const jail = parseJailName("sshd");
 * const address = parseAddress("192.0.2.1");
 * ok(hostName && origin && jail && address);
 * const desired = new DesiredReports({ hostName, jailMap: [], banTimeMs: 60_000 });
 * const [change] = desired.update({ kind: "ban", origin, jail, address }, 1_000);
 * deepStrictEqual(change?.ban.jail, "fail2bancluster");
 * deepStrictEqual(desired.expire(61_000).map(({ kind }) => kind), ["lapsed"]);
 * ```
 */
export class DesiredReports extends HostBans implements DesiredBans {
  readonly isWhole = false;
  readonly #options: DesiredBansOptions;
  /** Reports withdrawn before the start ended. */
  #withdrawnEarly: Map<string, HostReport> | undefined = new Map();

  /** @param options How updates are read. */
  constructor(options: DesiredBansOptions) {
    super(options);
    this.#options = options;
  }

  update(update: BanUpdate, nowMs: number): readonly HostBanChange[] {
    const { report, expiresMs } = reportOf(update, this.#options, nowMs);
    const name = `${keyOf(report)}|${nameOfReporter(report)}`;
    if (expiresMs === undefined) {
      this.#noteWithdrawal(name, report);
      return this.#withdrawAnybodys(report);
    }
    this.#withdrawnEarly?.delete(name);
    return this.report(report, expiresMs);
  }

  /**
   * Moves bans to the jail that the map names now, and drops reports that are
   * no longer taken.
   */
  remember(reports: readonly HostBan[]): Remembered {
    const { isTaken = () => true } = this.#options;
    const changes: HostBanChange[] = [];
    const outdated: HostBan[] = [];
    for (const noted of reports) {
      if (!this.#isStray(noted) && !isTaken(noted)) {
        outdated.push(noted);
        continue;
      }
      const jail = this.#jailOf(noted);
      const now = this.report({ ...noted, jail }, noted.expiresMs);
      changes.push(...now);
      if (jail === noted.jail) continue;
      for (const { ban } of now) outdated.push(noted, ban);
    }
    return { changes, notes: this.notesOf(outdated) };
  }

  adopt(listed: ActiveBan, nowMs: number): readonly HostBanChange[] {
    const { hostName, banTimeMs } = this.#options;
    const { expiresMs = nowMs + banTimeMs } = listed;
    return this.report(strayBan({ ...listed, expiresMs }, hostName), expiresMs);
  }

  /** A report withdrawn earlier may have been remembered or adopted since. */
  endAdoption(): readonly HostBanChange[] {
    const withdrawn = [...this.#withdrawnEarly?.values() ?? []];
    this.#withdrawnEarly = undefined;
    return withdrawn.flatMap((report) => this.#withdrawAnybodys(report));
  }

  notesOf(bans: Iterable<HostBan>): readonly WantedReports[] {
    const byKey = new Map<string, HostBan>();
    for (const ban of bans) byKey.set(keyOf(ban), ban);
    return [...byKey.values()].map(({ jail, address }) => ({
      jail,
      address,
      reports: this.reportsOf({ jail, address }),
    }));
  }

  /** A ban that was found in force stays in the jail where it was found. */
  #jailOf(noted: HostBan) {
    const { jail, reportedJail } = noted;
    return this.#isStray(noted)
      ? jail
      : localJail(this.#options.jailMap, reportedJail);
  }

  #isStray({ origin, reportedJail, jail }: HostBan): boolean {
    return sameHost(origin, this.#options.hostName) && reportedJail === jail;
  }

  #noteWithdrawal(name: string, report: HostReport): void {
    const early = this.#withdrawnEarly;
    if (early === undefined) return;
    early.set(name, report);
    if (early.size <= MAX_WITHDRAWN_EARLY) return;
    const [oldest] = early.keys();
    if (oldest !== undefined) early.delete(oldest);
  }

  /** The reporter of a ban found in force is unknown: it may be any node. */
  #withdrawAnybodys(report: HostReport): readonly HostBanChange[] {
    const { jail, address } = report;
    const found = {
      jail,
      address,
      origin: this.#options.hostName,
      reportedJail: jail,
    };
    return this.withdraw(report) ?? this.withdraw(found) ?? NO_CHANGE;
  }
}
