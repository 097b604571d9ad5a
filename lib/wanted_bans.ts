/**
 * From the cluster's events to the bans that should be in force on this host.
 *
 * @module
 */

import type { BanEvent } from "./ban_event.ts";
import {
  type HostBanChange,
  HostBans,
  keyOfReporter,
  type Report,
} from "./host_bans.ts";
import type { HostName } from "./host_name.ts";
import { type JailMap, localJail } from "./jail_map.ts";
import { CLUSTER_JAIL } from "./jail_name.ts";
import { keyOfBan, strayBan } from "./plan_entry.ts";
import type { ListedBan, LocalBan } from "./ports.ts";

/** How the wanted bans are set up. */
export interface WantedBansOptions {
  /** This node's name: it stands for whoever reported a ban that is found in force. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** How long a report holds, in milliseconds; `Infinity`: until it is withdrawn. */
  readonly banTimeMs: number;
  /** Bans held at most. @default {1000000} */
  readonly maxBans?: number;
}

/** A ban that was found in force, and what follows from it. */
export interface Adoption {
  /** The ban as it is in force. */
  readonly ban: LocalBan;
  readonly changes: readonly HostBanChange[];
}

const NO_CHANGE: readonly HostBanChange[] = [];
/** Above it the oldest is forgotten: what enforces bans may be away for days. */
const MAX_WITHDRAWN_EARLY = 100_000;

/** Keeps what is wanted, from before it is known what is in force. */
export class WantedBans {
  readonly #options: WantedBansOptions;
  readonly #table: HostBans;
  /** Reports that were taken back before it was known what is in force. */
  #withdrawnEarly: Map<string, Report> | undefined = new Map();

  /** @param options How they are set up. */
  constructor(options: WantedBansOptions) {
    this.#options = options;
    const { maxBans } = options;
    this.#table = new HostBans(maxBans === undefined ? {} : { maxBans });
  }

  /** Bans that are wanted. */
  get size(): number {
    return this.#table.size;
  }

  /** Reports that were left out because there were too many bans. */
  get leftOut(): number {
    return this.#table.leftOut;
  }

  /** Whether a ban is wanted. */
  has(ban: Pick<LocalBan, "jail" | "address">): boolean {
    return this.#table.find(ban) !== undefined;
  }

  /**
   * Takes an event of the cluster.
   *
   * @param event What a node reported.
   * @param nowMs Milliseconds since 1970.
   * @returns What changed.
   */
  take(event: BanEvent, nowMs: number): readonly HostBanChange[] {
    const { kind, origin, jail: reportedJail, address } = event;
    const { jailMap, banTimeMs } = this.#options;
    const jail = localJail(jailMap, reportedJail);
    const report: Report = { origin, reportedJail, jail, address };
    const key = `${keyOfBan(report)}|${keyOfReporter(report)}`;
    if (kind === "unban") {
      this.#withdrawEarly(key, report);
      return this.#withdraw(report);
    }
    this.#withdrawnEarly?.delete(key);
    return this.#table.report(report, nowMs + banTimeMs);
  }

  /**
   * Takes a ban that was applied before this program was started.
   *
   * @param ban The ban, as it was noted then.
   * @returns What changed.
   */
  remember(ban: LocalBan): readonly HostBanChange[] {
    return this.#table.report(ban, ban.expiresMs);
  }

  /**
   * Takes a ban that was found in force.
   *
   * @param listed The ban, as whatever enforces it lists it.
   * @param nowMs Milliseconds since 1970.
   * @returns `undefined` when it is none of the cluster's business.
   */
  adopt(listed: ListedBan, nowMs: number): Adoption | undefined {
    const wanted = this.#table.find(listed);
    if (wanted !== undefined) {
      const { expiresMs = wanted.expiresMs } = listed;
      return { ban: { ...wanted, expiresMs }, changes: NO_CHANGE };
    }
    if (!isOurs(listed)) return undefined;
    const { hostName, banTimeMs } = this.#options;
    const { expiresMs = nowMs + banTimeMs } = listed;
    const ban = strayBan({ ...listed, expiresMs }, hostName);
    return { ban, changes: this.#table.report(ban, expiresMs) };
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
  lapse(nowMs: number): readonly HostBanChange[] {
    return this.#table.lapse(nowMs);
  }

  #withdrawEarly(key: string, report: Report): void {
    const early = this.#withdrawnEarly;
    if (early === undefined) return;
    early.set(key, report);
    if (early.size <= MAX_WITHDRAWN_EARLY) return;
    const [oldest] = early.keys();
    if (oldest !== undefined) early.delete(oldest);
  }

  /** Who reported a ban that was found in force is not known: anybody may have. */
  #withdraw(report: Report): readonly HostBanChange[] {
    const { jail, address } = report;
    const { hostName } = this.#options;
    const found = { jail, address, origin: hostName, reportedJail: jail };
    return this.#table.withdraw(report) ?? this.#table.withdraw(found) ??
      NO_CHANGE;
  }
}

/** Only the dedicated jail is all the cluster's; others hold the host's own bans too. */
export function isOurs({ jail }: Pick<ListedBan, "jail">): boolean {
  return jail === CLUSTER_JAIL;
}
