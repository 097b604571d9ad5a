/**
 * The newest bans of those that are asked for, as changes come in.
 *
 * A list and the changes after it come by different ways: each ban has the
 * number of its last change, and what is older than what is known changes nothing.
 * What changes while a list is on its way is told once more to the list.
 *
 * @module
 */

import { banEndMs, beganMs } from "../lib/views/ban_view.ts";
import type { OperatorBan } from "../lib/wire/operator_bans.ts";
import type { ToldChanges, ToldKey } from "../lib/wire/operator_tail.ts";

/** Bans that are shown at most. */
export const MAX_SHOWN = 200;

/** What changes while a list is on its way: above it the oldest are left out, which the list most likely has. */
const MAX_SINCE = 1_000;

/** Which bans began or changed, and which ended, up to a change. */
export type RowChanges = Pick<ToldChanges, "to" | "bans" | "gone">;

/** Bans by their keys. */
export class BanRows {
  readonly #bans = new Map<string, OperatorBan>();
  #matched = 0;
  /** Since the last list was asked for; `undefined`: none is on its way. */
  #since: [RowChanges, boolean][] | undefined;

  /** How many there are, those that are not shown among them. */
  get matched(): number {
    return this.#matched;
  }

  /** The newest first. */
  get shown(): readonly OperatorBan[] {
    return [...this.#bans.values()];
  }

  /** Whether so few are left of those shown that a new list is worth its while. */
  get isShort(): boolean {
    return this.#bans.size < Math.min(this.#matched, MAX_SHOWN / 2);
  }

  /** A list is asked for. */
  expectList(): void {
    this.#since = [];
  }

  /** None comes. */
  giveUp(): void {
    this.#since = undefined;
  }

  /** Begins anew with the list. */
  fill(bans: readonly OperatorBan[], matched: number): void {
    const since = this.#since ?? [];
    this.#since = undefined;
    this.#bans.clear();
    for (const ban of bans) this.#bans.set(keyOf(ban), ban);
    this.#matched = matched;
    this.#order();
    for (const [told, isPlain] of since) this.change(told, isPlain);
  }

  /** Hears how many there are by another way: of bans that are not shown the changes don't tell. */
  count(matched: number): void {
    this.#matched = Math.max(matched, this.#bans.size);
  }

  /** Takes in what changed; with `isPlain` also bans that begin. */
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
      // One that is not shown may be known all the same: the next list counts.
      if (known === undefined && ban.reports.length === 1) this.#matched++;
      this.#bans.set(keyOf(ban), ban);
    }
    this.#order();
  }

  /** How many nodes have a ban in force. */
  enforce(key: ToldKey, enforced: number, expected: number): void {
    const known = this.#bans.get(keyOf(key));
    if (known === undefined) return;
    this.#bans.set(keyOf(key), { ...known, enforced, expected });
  }

  /** Lets go of bans whose time is over. */
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

/** One ban's; no jail has a space. */
export function keyOf({ address, jail }: ToldKey): string {
  return `${address} ${jail}`;
}
