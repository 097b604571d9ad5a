/**
 * The cluster's bans: the publisher's table, and every copy of it.
 *
 * There may be a million bans, so they are rows of numbers. A `Ban` object is
 * made only on request.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Ban, BanKey, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { NO_ROW } from "../rows/row_index.ts";
import { MAX_BLOCK_BANS } from "./ban_block_rules.ts";
import type { BanBlockColumns } from "./ban_columns.ts";
import type { ChangeColumns, ChangeNames } from "./change_columns.ts";
import {
  type BanCount,
  type BanSet,
  ColumnReplay,
  countBans,
  putColumns,
  takeColumns,
} from "./table_columns.ts";
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

/** A step and its row in the table. */
export interface TableStep extends BanStep {
  /**
   * The ban's row, from 0. A ban keeps its row until it ends; then another ban
   * may get it. -1 if there is no ban before and after.
   */
  readonly row: number;
}

/** A report's end is rounded up to a whole second. */
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
   * @param hashSeed A secret number of up to 32 bits, so that attackers can't
   * choose addresses that are slow to look up.
   */
  constructor(bans: Iterable<Ban> = [], seq = 0, hashSeed = 0) {
    this.#bans = new PackedBans(hashSeed);
    for (const ban of bans) this.put(ban);
    this.#seq = seq;
  }

  /** Sequence number of the last change; 0: there was none yet. */
  get seq(): number {
    return this.#seq;
  }

  /** Number of bans, including those without a quorum. */
  get size(): number {
    return this.#bans.size;
  }

  /**
   * All bans, including those without a quorum. The table may change between
   * two steps; a ban that exists throughout is given once.
   *
   * @param isMeant Selects bans; the others cost nothing. @default {all}
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
   * As {@link BanTable.bans}, but as columns of numbers.
   *
   * @param max Maximum number of bans in a set.
   * @default {as many as a block holds}
   */
  columns(max: number = MAX_BLOCK_BANS): Generator<BanSet, void, undefined> {
    return takeColumns(this.#bans, max);
  }

  /** Number of bans by jail, family and whether they are in force. */
  counts(): readonly BanCount[] {
    return countBans(this.#bans);
  }

  /** The jails with bans. */
  jails(): Iterable<JailName> {
    return this.#bans.jails.names();
  }

  /** The origins of all reports: nodes, and derived or imported ones. */
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

  /** The bans of an address in all jails. */
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

  /** A ban's row, see {@link TableStep.row}; -1: there is none. */
  rowOf(key: BanKey): number {
    return this.#bans.rowOf(key);
  }

  /** Adds an existing ban, or replaces the one with its key. */
  put(ban: Ban): void {
    this.#bans.put(this.rowOf(ban), ban);
  }

  /** Adds many bans, but replaces none that has a later change. */
  putColumns(columns: BanBlockColumns): void {
    putColumns(this.#bans, columns);
  }

  /**
   * Applies the next change.
   *
   * @param change Its number must follow {@link BanTable.seq}.
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
   * Applies the next change to a table in which some bans have later changes
   * already; it leaves those bans as they are.
   *
   * @param change Its number must follow {@link BanTable.seq}.
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
   * Applies {@link BanTable.catchUp} to all changes of columns that are new.
   *
   * @param columns The changes.
   * @param seq Number of the change before the first.
   * @param names The names of the columns.
   * @throws {RangeError} when the new ones leave a gap.
   */
  catchUpAll(columns: ChangeColumns, seq: number, names: ChangeNames): void {
    if (seq > this.#seq) {
      throw new RangeError(
        `Cannot apply change ${seq + 1} after ${this.#seq}`,
      );
    }
    const replay = new ColumnReplay(this.#bans, columns, names);
    for (let at = 0; at < columns.length; at++) {
      const number = seq + at + 1;
      const change = replay.next(at, number, number > this.#seq);
      if (change !== undefined) this.catchUp(change);
      else if (number > this.#seq) this.#seq = number;
    }
    replay.end();
  }

  /**
   * Reserves memory for that many bans. Call it only while the table is empty.
   */
  expect(bans: number): void {
    this.#bans.expect(bans);
  }

  /**
   * Removes expired reports, and bans without other reports.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max Maximum number of bans; the next call takes the rest.
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
