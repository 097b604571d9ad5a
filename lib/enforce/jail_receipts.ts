/**
 * The receipts of one enforcer: a ban that several jails report is in force
 * once, and each of them is told what became of it.
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
  /** The process's steady clock: receipts have its time. */
  readonly clock: Clock;
  /** Told of each ban and jail; `undefined`: nobody is. */
  readonly receipts?: ReceiptSink | undefined;
  /** The jails that report a ban now. */
  readonly jailsOf: (ban: HostBan) => readonly JailName[];
}

/** Says what became of bans, to each jail that reported them. */
export class JailReceipts {
  readonly #options: JailReceiptsOptions;
  /** Why a ban is not as it should be, as its jails were told it: once. */
  readonly #told = new BanMap<Map<JailName, string>>();
  /** The jails that want a ban no more, and are yet to be told that it is lifted. */
  readonly #leaving = new BanMap<readonly JailName[]>();

  /** @param options Of which enforcer, and to whom. */
  constructor(options: JailReceiptsOptions) {
    this.#options = options;
  }

  /**
   * What is wanted has changed. A jail whose ban is in force for another one
   * already is told so, as is one whose ban goes on for others.
   *
   * @param change What changed.
   * @param isSettled Whether that is in force already, and nothing is to be done.
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

  /** A ban is in force. @param atMs When it came to be. @default {now} */
  applied(ban: HostBan, detail: string, atMs?: number): void {
    this.#told.delete(ban);
    for (const jail of this.#jailsOf(ban)) {
      this.#add(ban, jail, "applied", detail, atMs);
    }
    this.#liftLeaving(ban);
  }

  /** A ban is in force no more. */
  lifted(ban: HostBan): void {
    this.#told.delete(ban);
    if (!this.#leaving.has(ban)) this.#leave(ban, [ban.reportedJail]);
    this.#liftLeaving(ban);
  }

  /**
   * A ban is not as it should be.
   *
   * @returns Whether a jail was not told of it before.
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

  /** A ban is over: neither wanted nor in force. */
  forget(ban: HostBan): void {
    this.#told.delete(ban);
    this.#leaving.delete(ban);
  }

  /** The jails that want it; else those that did. */
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
