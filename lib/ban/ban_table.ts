/**
 * The cluster's bans: the publisher's table, and every copy of it.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Ban, BanKey, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { ExpiryIndex } from "../async/expiry_index.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** The effect of a change, or of expiry, on a ban. */
export interface BanStep {
  /** The ban before; `undefined`: there was none. */
  readonly before: Ban | undefined;
  /** The ban after; `undefined`: it has ended. */
  readonly after: Ban | undefined;
}

/**
 * Holds the bans and the number of the last change. Time is an argument.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { BanTable } from "./ban_table.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [origin, jail, address] = [
 *   parseHostName("web1"),
 *   parseJailName("sshd"),
 *   parseAddress("192.0.2.1"),
 * ];
 * ok(origin && jail && address);
 * const table = new BanTable();
 * const change = { kind: "report", seq: 1, atMs: 0, jail, address, origin } as const;
 * table.apply({ ...change, expiresMs: 60_000, isPending: false });
 * strictEqual(table.find({ jail, address })?.reports.length, 1);
 * const [step] = table.expire(60_000);
 * strictEqual(step?.after, undefined);
 * strictEqual(table.size, 0);
 * ```
 */
export class BanTable {
  /**
   * By jail, then by address: a million joined keys would take too much memory.
   */
  readonly #jails = new Map<JailName, Map<Address, Ban>>();
  readonly #expiries = new ExpiryIndex<Ban>();
  /** Number of reports by node. */
  readonly #reports = new Map<HostName, number>();
  #size = 0;
  #seq = 0;

  /**
   * Creates a table with existing bans.
   *
   * @param bans The existing bans.
   * @param seq Sequence number of the last change that they include.
   */
  constructor(bans: Iterable<Ban> = [], seq = 0) {
    for (const ban of bans) this.put(ban);
    this.#seq = seq;
  }

  /** Sequence number of the last change; 0: there was none yet. */
  get seq(): number {
    return this.#seq;
  }

  /** Number of bans, including those without a quorum yet. */
  get size(): number {
    return this.#size;
  }

  /**
   * All bans, including those without a quorum yet. The table may change before
   * the next is asked for: a ban that stands throughout is given once.
   */
  *bans(): Generator<Ban, void, undefined> {
    for (const bans of this.#jails.values()) yield* bans.values();
  }

  /**
   * Number of a node's reports; expired ones count until the next {@link
   * BanTable.expire}.
   */
  reportsOf(origin: HostName): number {
    return this.#reports.get(origin) ?? 0;
  }

  /** The bans of an address, in any jail. */
  *ofAddress(address: Address): Generator<Ban, void, undefined> {
    for (const bans of this.#jails.values()) {
      const ban = bans.get(address);
      if (ban !== undefined) yield ban;
    }
  }

  /** Finds a ban. */
  find({ jail, address }: BanKey): Ban | undefined {
    return this.#jails.get(jail)?.get(address);
  }

  /** Takes a ban in that exists already, in place of the one of its key. */
  put(ban: Ban): void {
    this.#replace(ban, this.find(ban), ban);
  }

  /**
   * Applies the next change.
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
    const before = this.find(change);
    const after = evolve(before, change);
    this.#replace(change, before, after);
    return { before, after };
  }

  /**
   * Removes expired reports, and bans without any other.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max Of how many bans at most; the rest is left to the next call.
   * @default {Infinity}
   * @returns The effects.
   */
  expire(nowMs: number, max = Infinity): readonly BanStep[] {
    return this.#expiries.takeDue(nowMs, max).map((before) => {
      const after = withoutExpired(before, nowMs);
      this.#replace(before, before, after);
      return { before, after };
    });
  }

  #replace(
    { jail, address }: BanKey,
    before: Ban | undefined,
    after: Ban | undefined,
  ): void {
    if (before !== undefined) this.#expiries.delete(before, firstEndMs(before));
    if (after !== undefined) this.#expiries.add(after, firstEndMs(after));
    for (const { origin } of before?.reports ?? []) this.#count(origin, -1);
    for (const { origin } of after?.reports ?? []) this.#count(origin, 1);
    this.#size += Number(after !== undefined) - Number(before !== undefined);
    const bans = this.#jails.get(jail);
    if (after === undefined) {
      bans?.delete(address);
      if (bans?.size === 0) this.#jails.delete(jail);
    } else if (bans === undefined) {
      this.#jails.set(jail, new Map([[address, after]]));
    } else {
      bans.set(address, after);
    }
  }

  #count(origin: HostName, by: 1 | -1): void {
    const count = this.reportsOf(origin) + by;
    if (count === 0) this.#reports.delete(origin);
    else this.#reports.set(origin, count);
  }
}

function firstEndMs({ reports }: Ban): number {
  let firstMs = Infinity;
  for (const { expiresMs } of reports) firstMs = Math.min(firstMs, expiresMs);
  return firstMs;
}
