/**
 * The newest bans of those that are asked for, as changes come in.
 *
 * A list and the changes after it come by different ways: each ban has the
 * number of its last change, and what is older than what is known changes nothing.
 *
 * @module
 */

import { banEndMs, beganMs } from "../lib/views/ban_view.ts";
import type { OperatorBan } from "../lib/wire/operator_bans.ts";
import type { ToldChanges, ToldKey } from "../lib/wire/operator_tail.ts";

/** Bans that are shown at most. */
export const MAX_SHOWN = 200;

/** Bans by their keys. */
export class BanRows {
  readonly #bans = new Map<string, OperatorBan>();
  #matched = 0;

  /** How many there are, those that are not shown among them. */
  get matched(): number {
    return this.#matched;
  }

  /** The newest first. */
  get shown(): readonly OperatorBan[] {
    return [...this.#bans.values()];
  }

  /** Begins anew. */
  fill(bans: readonly OperatorBan[], matched: number): void {
    this.#bans.clear();
    for (const ban of bans) this.#bans.set(keyOf(ban), ban);
    this.#matched = matched;
    this.#order();
  }

  /** Takes in what changed; with `isPlain` also bans that begin. */
  change(
    { to, bans, gone }: Pick<ToldChanges, "to" | "bans" | "gone">,
    isPlain: boolean,
  ): void {
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
