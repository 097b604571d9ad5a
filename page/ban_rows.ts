/**
 * The newest bans that match a filter, updated by changes.
 *
 * Lists and changes arrive independently: each ban has the sequence number of
 * its last change, and older data is ignored. Changes that arrive while a list
 * is loading are applied again to the loaded list.
 *
 * @module
 */

import { banEndMs, beganMs } from "../lib/views/ban_view.ts";
import type { OperatorBan } from "../lib/wire/operator_bans.ts";
import type { ToldChanges, ToldKey } from "../lib/wire/operator_tail.ts";

/** Maximum number of bans shown. */
export const MAX_SHOWN = 200;

/**
 * Maximum number of changes kept while a list is loading; beyond it the oldest
 * are dropped, which the list most likely contains.
 */
const MAX_SINCE = 1_000;

/** Changed and ended bans, up to a sequence number. */
export type RowChanges = Pick<ToldChanges, "to" | "bans" | "gone">;

/** Bans by their keys. */
export class BanRows {
  readonly #bans = new Map<string, OperatorBan>();
  #matched = 0;
  /**
   * Changes since the list was requested; `undefined` when no list is loading.
   */
  #since: [RowChanges, boolean][] | undefined;

  /** Number of matching bans, including those not shown. */
  get matched(): number {
    return this.#matched;
  }

  /** The bans shown, newest first. */
  get shown(): readonly OperatorBan[] {
    return [...this.#bans.values()];
  }

  /** Whether so few shown bans are left that a new list is worthwhile. */
  get isShort(): boolean {
    return this.#bans.size < Math.min(this.#matched, MAX_SHOWN / 2);
  }

  /** A list was requested. */
  expectList(): void {
    this.#since = [];
  }

  /** The list failed to load. */
  giveUp(): void {
    this.#since = undefined;
  }

  /** Replaces the bans by a list. */
  fill(bans: readonly OperatorBan[], matched: number): void {
    const since = this.#since ?? [];
    this.#since = undefined;
    this.#bans.clear();
    for (const ban of bans) this.#bans.set(keyOf(ban), ban);
    this.#matched = matched;
    this.#order();
    for (const [told, isPlain] of since) this.change(told, isPlain);
  }

  /**
   * Sets the number of bans from the status: changes do not cover bans that are
   * not shown.
   */
  count(matched: number): void {
    this.#matched = Math.max(matched, this.#bans.size);
  }

  /** Applies changes; with `isPlain` also bans that begin. */
  change(told: RowChanges, isPlain: boolean): void {
    this.#since?.push([told, isPlain]);
    if ((this.#since?.length ?? 0) > MAX_SINCE) this.#since?.shift();
    const { to, bans, gone } = told;
    for (const key of gone) {
      const known = this.#bans.get(keyOf(key));
      if (known === undefined || known.change > to) continue;
      this.#bans.delete(keyOf(key));
      this.#matched--;
    }
    for (const ban of bans) {
      const known = this.#bans.get(keyOf(ban));
      if (known === undefined && !isPlain) continue;
      if (known !== undefined && known.change > ban.change) continue;
      // A ban that is not shown may have been counted already; the next list
      // corrects the number.
      if (known === undefined && ban.reports.length === 1) this.#matched++;
      this.#bans.set(keyOf(ban), ban);
    }
    this.#order();
  }

  /** Sets how many nodes enforce a ban. */
  enforce(key: ToldKey, enforced: number, expected: number): void {
    const known = this.#bans.get(keyOf(key));
    if (known === undefined) return;
    this.#bans.set(keyOf(key), { ...known, enforced, expected });
  }

  /** Removes expired bans. */
  expire(nowMs: number): void {
    for (const [key, ban] of this.#bans) {
      if ((banEndMs(ban) ?? Infinity) > nowMs) continue;
      this.#bans.delete(key);
      this.#matched--;
    }
  }

  #order(): void {
    const sorted = [...this.#bans].sort(([, left], [, right]) =>
      beganMs(right) - beganMs(left) || right.change - left.change
    );
    this.#bans.clear();
    for (const [key, ban] of sorted.slice(0, MAX_SHOWN)) {
      this.#bans.set(key, ban);
    }
  }
}

/** The key of a ban; jails contain no space. */
export function keyOf({ address, jail }: ToldKey): string {
  return `${address} ${jail}`;
}
