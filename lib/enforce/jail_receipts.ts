/**
 * The receipts of one enforcer. A ban that several jails report is in force
 * once, and each of these jails gets a receipt.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { JailName } from "../base/jail_name.ts";
import type { ActionReceipt, HostBan, ReceiptSink } from "./enforcer.ts";
import type { HostBanChange } from "./host_bans.ts";

/** Options for the receipts of an enforcer. */
export interface JailReceiptsOptions {
  /** Name of the enforcer. */
  readonly action: string;
  /** The process's steady clock: receipts use its time. */
  readonly clock: Clock;
  /** Receives a receipt for each ban and jail; `undefined`: nobody does. */
  readonly receipts?: ReceiptSink | undefined;
  /** The jails that report a ban now. */
  readonly jailsOf: (ban: HostBan) => readonly JailName[];
}

/** Sends receipts for bans to each jail that reported them. */
export class JailReceipts {
  readonly #options: JailReceiptsOptions;
  /**
   * The last failure that each jail of a ban was told, so that it is told once.
   */
  readonly #told = new BanMap<Map<JailName, string>>();
  /**
   * Jails that no longer want a ban and still have to be told that it is
   * lifted.
   */
  readonly #leaving = new BanMap<readonly JailName[]>();

  /** @param options Which enforcer, and who receives its receipts. */
  constructor(options: JailReceiptsOptions) {
    this.#options = options;
  }

  /**
   * Records a change of the desired bans. A jail whose ban is already in force
   * for another jail gets a receipt, as does a jail whose ban goes on for
   * others.
   *
   * @param change What changed.
   * @param isSettled Whether the ban is already in force as wanted.
   */
  changed(change: HostBanChange, isSettled: boolean): void {
    const { ban } = change;
    if (change.kind !== "stands") return this.#leave(ban, change.jails);
    const { left } = change;
    if (left === undefined) this.#stay(ban);
    else this.#leave(ban, [left]);
    if (!isSettled) return;
    if (left === undefined) this.#add(ban, ban.reportedJail, "applied", "");
    this.#liftLeaving(ban);
  }

  /** Reports a ban as applied. @param atMs When it was. @default {now} */
  applied(ban: HostBan, detail: string, atMs?: number): void {
    this.#told.delete(ban);
    for (const jail of this.#jailsOf(ban)) {
      this.#add(ban, jail, "applied", detail, atMs);
    }
    this.#liftLeaving(ban);
  }

  /** Reports a ban as lifted. */
  lifted(ban: HostBan): void {
    this.#told.delete(ban);
    if (!this.#leaving.has(ban)) this.#leave(ban, [ban.reportedJail]);
    this.#liftLeaving(ban);
  }

  /**
   * Reports that a ban failed.
   *
   * @returns Whether this is news to one of its jails.
   */
  failed(
    ban: HostBan,
    outcome: "failed" | "refused",
    detail: string,
  ): boolean {
    const told = this.#told.get(ban) ?? new Map<JailName, string>();
    this.#told.set(ban, told);
    let isNews = false;
    for (const jail of this.#jailsOf(ban)) {
      if (told.get(jail) === detail) continue;
      told.set(jail, detail);
      isNews = true;
      this.#add(ban, jail, outcome, detail);
    }
    return isNews;
  }

  /** Forgets a ban that is neither wanted nor in force. */
  forget(ban: HostBan): void {
    this.#told.delete(ban);
    this.#leaving.delete(ban);
  }

  /** The jails that want the ban, or else those that did. */
  #jailsOf(ban: HostBan): readonly JailName[] {
    const wanting = this.#options.jailsOf(ban);
    if (wanting.length > 0) return wanting;
    return this.#leaving.get(ban) ?? [ban.reportedJail];
  }

  #stay(ban: HostBan): void {
    const left = this.#leaving.get(ban)?.filter((jail) =>
      jail !== ban.reportedJail
    );
    if (left === undefined) return;
    if (left.length === 0) this.#leaving.delete(ban);
    else this.#leaving.set(ban, left);
  }

  #leave(ban: HostBan, jails: readonly JailName[]): void {
    const leaving = this.#leaving.get(ban) ?? [];
    const news = jails.filter((jail) => !leaving.includes(jail));
    this.#leaving.set(ban, [...leaving, ...news]);
  }

  #liftLeaving(ban: HostBan): void {
    for (const jail of this.#leaving.get(ban) ?? []) {
      this.#add(ban, jail, "lifted", "");
    }
    this.#leaving.delete(ban);
  }

  #add(
    { address }: HostBan,
    jail: JailName,
    outcome: ActionReceipt["outcome"],
    detail: string,
    atMs = this.#options.clock.nowMs(),
  ): void {
    const { action, receipts } = this.#options;
    receipts?.add({ jail, address, action, outcome, detail, atMs });
  }
}
