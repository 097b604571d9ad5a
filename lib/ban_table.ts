/**
 * The cluster's bans: the publisher's table, and every copy of it.
 *
 * @module
 */

import { type Ban, type BanKey, type Change, keyOf } from "./ban.ts";
import { evolve, withoutOver } from "./ban_decision.ts";
import { Endings } from "./endings.ts";

/** What a change, or time, did to a ban. */
export interface BanStep {
  /** `undefined`: there was none. */
  readonly before: Ban | undefined;
  /** `undefined`: there is none any more. */
  readonly after: Ban | undefined;
}

/** Holds the bans and the number of the last change. Time is an argument. */
export class BanTable {
  readonly #bans = new Map<string, Ban>();
  readonly #endings = new Endings();
  #seq = 0;

  /**
   * @param bans What stands already.
   * @param seq The number of the last change that they know of.
   */
  constructor(bans: Iterable<Ban> = [], seq = 0) {
    for (const ban of bans) this.#set(keyOf(ban), ban);
    this.#seq = seq;
  }

  /** The number of the last change; 0: none was ever. */
  get seq(): number {
    return this.#seq;
  }

  /** Bans that stand, also those that do not count yet. */
  get size(): number {
    return this.#bans.size;
  }

  /** The bans that stand, oldest first. */
  bans(): IterableIterator<Ban> {
    return this.#bans.values();
  }

  /** The ban, if it stands. */
  find(key: BanKey): Ban | undefined {
    return this.#bans.get(keyOf(key));
  }

  /**
   * Carries the next change out.
   *
   * @param change Its number follows {@link BanTable.seq}.
   * @throws {RangeError} when it does not.
   */
  apply(change: Change): BanStep {
    if (change.seq !== this.#seq + 1) {
      throw new RangeError(
        `Cannot apply change ${change.seq} after ${this.#seq}`,
      );
    }
    this.#seq = change.seq;
    const key = keyOf(change);
    const before = this.#bans.get(key);
    if (before !== undefined) this.#endings.forget(key, firstEndMs(before));
    const after = evolve(before, change);
    if (after === undefined) this.#bans.delete(key);
    else this.#set(key, after);
    return { before, after };
  }

  /**
   * Lets time pass: reports that are over go, and bans with their last one.
   *
   * @param nowMs Milliseconds since 1970.
   * @returns What that did.
   */
  expire(nowMs: number): readonly BanStep[] {
    return this.#endings.takeDue(nowMs).flatMap((key) => {
      const before = this.#bans.get(key);
      if (before === undefined) return [];
      const after = withoutOver(before, nowMs);
      if (after === undefined) this.#bans.delete(key);
      else this.#set(key, after);
      return [{ before, after }];
    });
  }

  #set(key: string, ban: Ban): void {
    this.#bans.set(key, ban);
    this.#endings.note(key, firstEndMs(ban));
  }
}

function firstEndMs({ reports }: Ban): number {
  let firstMs = Infinity;
  for (const { expiresMs } of reports) firstMs = Math.min(firstMs, expiresMs);
  return firstMs;
}
