/**
 * From the cluster's events to the bans that should be in force on this host.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import {
  type HostBanChange,
  HostBans,
  type HostReport,
  keyOfReporter,
} from "./host_bans.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import { type JailMap, localJail } from "../base/jail_map.ts";
import { CLUSTER_JAIL } from "../base/jail_name.ts";
import { keyOf } from "../ban/ban.ts";
import { strayBan } from "./plan_entry.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import type { WantedReports } from "./ban_ledger.ts";

/**
 * What says which bans are wanted. `reports`: what was heard, and what the
 * ledger remembers of it. `copy`: a complete copy of the cluster's bans, all of
 * which are given to `EnforcedAction.act` before its `run` begins; the ledger
 * then only says what was put in force, and what of it the copy does not want
 * is lifted.
 */
export type WantsFrom = "reports" | "copy";

/** How the wanted bans are set up. */
export interface WantedBansOptions {
  /** This node's name: it stands for whoever reported a ban that is found in force. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** How long a report holds that does not say, in milliseconds; `Infinity`: until it is withdrawn. */
  readonly banTimeMs: number;
  /** What says which bans are wanted. @default {"reports"} */
  readonly wants?: WantsFrom;
  /** Bans held at most. @default {1000000} */
  readonly maxBans?: number;
}

const NO_CHANGE: readonly HostBanChange[] = [];
/** Above it the oldest is forgotten: what enforces bans may be away for days. */
const MAX_WITHDRAWN_EARLY = 100_000;

/**
 * Keeps what is wanted, from before it is known what is in force. Times are of
 * one clock, whichever it is.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { WantedBans } from "./wanted_bans.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [hostName, origin] = [parseHostName("here"), parseHostName("web-1")];
 * const jail = parseJailName("sshd");
 * const address = parseAddress("192.0.2.1");
 * ok(hostName && origin && jail && address);
 * const wanted = new WantedBans({ hostName, jailMap: [], banTimeMs: 60_000 });
 * const [change] = wanted.update({ kind: "ban", origin, jail, address }, 1_000);
 * deepStrictEqual(change?.ban.jail, "fail2bancluster");
 * deepStrictEqual(wanted.expire(61_000).map(({ kind }) => kind), ["lapsed"]);
 * ```
 */
export class WantedBans {
  readonly #options: WantedBansOptions;
  readonly #table: HostBans;
  /** Reports that were taken back before it was known what is in force. */
  #withdrawnEarly: Map<string, HostReport> | undefined = new Map();

  /** @param options How they are set up. */
  constructor(options: WantedBansOptions) {
    this.#options = options;
    const { maxBans, wants = "reports" } = options;
    // A copy is complete, and nothing else is taken for wanted.
    if (wants === "copy") this.#withdrawnEarly = undefined;
    this.#table = new HostBans({
      perNode: wants === "reports",
      ...(maxBans === undefined ? {} : { maxBans }),
    });
  }

  /** Bans that are wanted. */
  get size(): number {
    return this.#table.size;
  }

  /** Reports that were left out because there were too many bans. */
  get leftOut(): number {
    return this.#table.leftOut;
  }

  /** A ban that is wanted; `undefined`: it is not. */
  find(ban: Pick<HostBan, "jail" | "address">): HostBan | undefined {
    return this.#table.find(ban);
  }

  /** The bans that are wanted. */
  bans(): Generator<HostBan, void, undefined> {
    return this.#table.bans();
  }

  /** Who wants a ban. */
  reportsOf(
    { jail, address }: Pick<HostBan, "jail" | "address">,
  ): WantedReports {
    const reports = this.#table.reportsOf({ jail, address });
    return { jail, address, reports };
  }

  /**
   * Takes an event of the cluster.
   *
   * @param event What a node reported.
   * @param nowMs Milliseconds since 1970.
   * @returns What changed.
   */
  update(event: BanUpdate, nowMs: number): readonly HostBanChange[] {
    const { kind, origin, jail: reportedJail, address } = event;
    const { jailMap, banTimeMs } = this.#options;
    const jail = localJail(jailMap, reportedJail);
    const report: HostReport = { origin, reportedJail, jail, address };
    const key = `${keyOf(report)}|${keyOfReporter(report)}`;
    const { expiresMs = nowMs + banTimeMs } = event;
    if (kind === "unban" || expiresMs <= nowMs) {
      this.#withdrawEarly(key, report);
      return this.#withdraw(report);
    }
    this.#withdrawnEarly?.delete(key);
    return this.#table.report(report, expiresMs);
  }

  /**
   * Takes a ban that was wanted before this program was started. It goes to
   * the jail that the map has for it by now.
   *
   * @param noted The ban, as it was noted then, of one who reported it.
   * @returns What changed.
   */
  remember(noted: HostBan): readonly HostBanChange[] {
    const { jailMap, hostName } = this.#options;
    const { origin, reportedJail } = noted;
    const isStray = sameHost(origin, hostName) && reportedJail === noted.jail;
    const jail = isStray ? noted.jail : localJail(jailMap, reportedJail);
    return this.#table.report({ ...noted, jail }, noted.expiresMs);
  }

  /**
   * Takes a ban of the dedicated jail that was found in force and is wanted by
   * nobody that is known of.
   *
   * @param listed The ban, as whatever enforces it lists it.
   * @param nowMs Milliseconds since 1970.
   * @returns What changed.
   */
  adopt(listed: ActiveBan, nowMs: number): readonly HostBanChange[] {
    const { hostName, banTimeMs } = this.#options;
    const { expiresMs = nowMs + banTimeMs } = listed;
    const ban = strayBan({ ...listed, expiresMs }, hostName);
    return this.#table.report(ban, expiresMs);
  }

  /** Wants a ban no longer, whoever reported it. @returns What changed. */
  remove(ban: Pick<HostBan, "jail" | "address">): readonly HostBanChange[] {
    return this.#table.remove(ban);
  }

  /**
   * Says that everything in force was adopted.
   *
   * @returns What changed: reports that had been taken back before.
   */
  endAdoption(): readonly HostBanChange[] {
    const withdrawn = [...this.#withdrawnEarly?.values() ?? []];
    this.#withdrawnEarly = undefined;
    return withdrawn.flatMap((report) => this.#withdraw(report));
  }

  /**
   * Lets time pass.
   *
   * @param nowMs Milliseconds since 1970.
   * @returns The bans whose time is over.
   */
  expire(nowMs: number): readonly HostBanChange[] {
    return this.#table.expire(nowMs);
  }

  #withdrawEarly(key: string, report: HostReport): void {
    const early = this.#withdrawnEarly;
    if (early === undefined) return;
    early.set(key, report);
    if (early.size <= MAX_WITHDRAWN_EARLY) return;
    const [oldest] = early.keys();
    if (oldest !== undefined) early.delete(oldest);
  }

  /** Who reported a ban that was found in force is not known: anybody may have. */
  #withdraw(report: HostReport): readonly HostBanChange[] {
    const { jail, address } = report;
    const { hostName, wants } = this.#options;
    const changes = this.#table.withdraw(report);
    if (changes !== undefined) return changes;
    if (wants === "copy") return NO_CHANGE;
    const found = { jail, address, origin: hostName, reportedJail: jail };
    return this.#table.withdraw(found) ?? NO_CHANGE;
  }
}

/** Only the dedicated jail is all the cluster's; others hold the host's own bans too. */
export function isOurs({ jail }: Pick<ActiveBan, "jail">): boolean {
  return jail === CLUSTER_JAIL;
}
