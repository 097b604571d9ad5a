/**
 * The cluster's bans: the publisher's table, and every copy of it.
 *
 * There may be a million: they are rows of numbers, and each object of a ban is
 * made when it is asked for.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Ban, BanKey, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { NO_ROW } from "../rows/row_index.ts";
import type { BanBlockColumns } from "./ban_columns.ts";
import { putColumns, takeColumns } from "./table_columns.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { PackedBans } from "./packed_bans.ts";

/** The effect of a change, or of expiry, on a ban. */
export interface BanStep {
  /** The ban before; `undefined`: there was none. */
  readonly before: Ban | undefined;
  /** The ban after; `undefined`: it has ended. */
  readonly after: Ban | undefined;
}

/** The same, and where in the table. */
export interface TableStep extends BanStep {
  /**
   * The ban's row, from 0: its own for as long as it stands, another's after
   * that. Without a ban before and after: -1.
   */
  readonly row: number;
}

/** A report's end counts up to the next whole second. */
const SECOND_MS = 1_000;

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
  readonly #bans: PackedBans;
  #seq = 0;

  /**
   * Creates a table with existing bans.
   *
   * @param bans The existing bans.
   * @param seq Sequence number of the last change that they include.
   * @param hashSeed A number of up to 32 bits that those who choose addresses
   * don't know: so they can't choose them to be found slowly.
   */
  constructor(bans: Iterable<Ban> = [], seq = 0, hashSeed = 0) {
    this.#bans = new PackedBans(hashSeed);
    for (const ban of bans) this.put(ban);
    this.#seq = seq;
  }

  /**
   * Creates a table of bans in columns.
   *
   * @param blocks Of two bans of one key that of the later change counts.
   * @param seq As for the constructor.
   */
  static ofBlocks(blocks: Iterable<BanBlockColumns>, seq: number): BanTable {
    const table = new BanTable([], seq);
    for (const columns of blocks) table.putColumns(columns);
    return table;
  }

  /** Sequence number of the last change; 0: there was none yet. */
  get seq(): number {
    return this.#seq;
  }

  /** Number of bans, including those without a quorum yet. */
  get size(): number {
    return this.#bans.size;
  }

  /**
   * All bans, including those without a quorum yet. The table may change before
   * the next is asked for: a ban that stands throughout is given once.
   *
   * @param isMeant Which ones are given; nothing is made of the others.
   * @default {all}
   */
  *bans(
    isMeant?: (jail: JailName, isIpv4: boolean) => boolean,
  ): Generator<Ban, void, undefined> {
    const bans = this.#bans;
    for (let row = 0; row < bans.rows.count; row++) {
      if (!bans.rows.isTaken(row)) continue;
      const isGiven = isMeant === undefined ||
        isMeant(bans.jailAt(row), bans.rows.isIpv4(row));
      if (isGiven) yield bans.at(row);
    }
  }

  /**
   * All bans likewise, as columns of numbers.
   *
   * @param max Bans of a set at most. @default {4096}
   */
  columns(max = 4_096): Generator<BanBlockColumns, void, undefined> {
    return takeColumns(this.#bans, max);
  }

  /** The jails with bans. */
  jails(): Iterable<JailName> {
    return this.#bans.jails.names();
  }

  /** The nodes with reports, and whatever else made some. */
  origins(): Iterable<HostName> {
    return this.#bans.origins.names();
  }

  /**
   * Number of a node's reports; expired ones count until the next {@link
   * BanTable.expire}.
   */
  reportsOf(origin: HostName): number {
    return this.#bans.origins.uses(origin);
  }

  /** The bans of an address, in any jail. */
  *ofAddress(address: Address): Generator<Ban, void, undefined> {
    for (const jail of this.jails()) {
      const ban = this.find({ jail, address });
      if (ban !== undefined) yield ban;
    }
  }

  /** Finds a ban. */
  find(key: BanKey): Ban | undefined {
    const row = this.rowOf(key);
    return row === NO_ROW ? undefined : this.#bans.at(row, key.address);
  }

  /** A ban's row, see {@link TableStep.row}; -1: there is no such ban. */
  rowOf(key: BanKey): number {
    return this.#bans.rowOf(key);
  }

  /** Takes in a ban that stands already, in place of the one of its key. */
  put(ban: Ban): void {
    this.#bans.put(this.rowOf(ban), ban);
  }

  /** Takes in many of them, unless the one of a key is of a later change. */
  putColumns(columns: BanBlockColumns): void {
    putColumns(this.#bans, columns);
  }

  /**
   * Applies the next change.
   *
   * @param change Its number follows {@link BanTable.seq}.
   * @throws {RangeError} when it does not.
   */
  apply(change: Change): TableStep {
    if (change.seq !== this.#seq + 1) {
      throw new RangeError(
        `Cannot apply change ${change.seq} after ${this.#seq}`,
      );
    }
    this.#seq = change.seq;
    const row = this.rowOf(change);
    const before = row === NO_ROW
      ? undefined
      : this.#bans.at(row, change.address);
    const after = evolve(before, change);
    return { before, after, row: this.#replace(row, after) };
  }

  /**
   * Applies the next change where some bans are of later changes already: to
   * these it does nothing.
   *
   * @param change Its number follows {@link BanTable.seq}.
   * @throws {RangeError} when it does not.
   */
  catchUp(change: Change): TableStep {
    const row = this.rowOf(change);
    const isDone = row !== NO_ROW && this.#bans.rows.seqOf(row) >= change.seq &&
      change.seq === this.#seq + 1;
    if (!isDone) return this.apply(change);
    this.#seq = change.seq;
    const ban = this.#bans.at(row, change.address);
    return { before: ban, after: ban, row };
  }

  /**
   * Removes expired reports, and bans without any other.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max Of how many bans at most; the rest is left to the next call.
   * @default {Infinity}
   * @returns The effects.
   */
  expire(nowMs: number, max = Infinity): readonly TableStep[] {
    const upToMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
    const steps: TableStep[] = [];
    while (steps.length < max) {
      const row = this.#bans.expiries.due(upToMs);
      if (row === undefined) break;
      const before = this.#bans.at(row);
      const after = withoutExpired(before, nowMs);
      this.#replace(row, after);
      steps.push({ before, after, row });
    }
    return steps;
  }

  /** @returns The row. */
  #replace(row: number, after: Ban | undefined): number {
    if (after !== undefined) return this.#bans.put(row, after);
    if (row !== NO_ROW) this.#bans.delete(row);
    return row;
  }
}
