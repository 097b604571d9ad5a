/**
 * The cluster's bans: the publisher's table, and every copy of it.
 *
 * There may be a million: they are rows of numbers, and each object of a ban is
 * made when it is asked for.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Ban, BanKey, BanReport, Change } from "./ban.ts";
import { BanRows, PackedKey } from "./ban_rows.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { BanIndex, NO_ROW } from "./ban_index.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { NameIds, NO_ID } from "./name_ids.ts";
import { RowExpiries } from "./row_expiries.ts";

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
  readonly #jails = new NameIds<JailName>();
  /** They are used once for each report. */
  readonly #origins = new NameIds<HostName>();
  readonly #rows: BanRows;
  readonly #index: BanIndex<PackedKey>;
  readonly #expiries: RowExpiries;
  /** The reports of bans that have several, by row. */
  readonly #several = new Map<number, readonly BanReport[]>();
  /** Serves for whatever is looked for. */
  readonly #key = new PackedKey();
  #size = 0;
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
    const rows = new BanRows(hashSeed);
    this.#rows = rows;
    this.#index = new BanIndex(rows);
    this.#expiries = new RowExpiries((row) => rows.expiresMsOf(row));
    for (const ban of bans) this.#replace(this.rowOf(ban), ban, ban);
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
   *
   * @param isMeant Which ones are given; nothing is made of the others.
   * @default {all}
   */
  *bans(
    isMeant?: (jail: JailName, isIpv4: boolean) => boolean,
  ): Generator<Ban, void, undefined> {
    const rows = this.#rows;
    for (let row = 0; row < rows.count; row++) {
      if (!rows.isTaken(row)) continue;
      const isGiven = isMeant === undefined ||
        isMeant(this.#jails.nameOf(rows.jailOf(row)), rows.isIpv4(row));
      if (isGiven) yield this.#banAt(row);
    }
  }

  /** The jails with bans. */
  jails(): Iterable<JailName> {
    return this.#jails.names();
  }

  /** The nodes with reports, and whatever else made some. */
  origins(): Iterable<HostName> {
    return this.#origins.names();
  }

  /**
   * Number of a node's reports; expired ones count until the next {@link
   * BanTable.expire}.
   */
  reportsOf(origin: HostName): number {
    return this.#origins.uses(origin);
  }

  /** The bans of an address, in any jail. */
  *ofAddress(address: Address): Generator<Ban, void, undefined> {
    for (const jail of this.#jails.names()) {
      const ban = this.find({ jail, address });
      if (ban !== undefined) yield ban;
    }
  }

  /** Finds a ban. */
  find(key: BanKey): Ban | undefined {
    const row = this.rowOf(key);
    return row === NO_ROW ? undefined : this.#banAt(row, key);
  }

  /** A ban's row, see {@link TableStep.row}; -1: there is no such ban. */
  rowOf({ jail, address }: BanKey): number {
    const key = this.#key;
    key.jail = this.#jails.idOf(jail);
    if (key.jail === NO_ID) return NO_ROW;
    key.address.read(address);
    this.#rows.hash(key);
    return this.#index.find(key);
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
    const before = row === NO_ROW ? undefined : this.#banAt(row, change);
    const after = evolve(before, change);
    return { before, after, row: this.#replace(row, change, after) };
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
      const row = this.#expiries.due(upToMs);
      if (row === undefined) break;
      const before = this.#banAt(row);
      const after = withoutExpired(before, nowMs);
      this.#replace(row, before, after);
      steps.push({ before, after, row });
    }
    return steps;
  }

  #banAt(row: number, key?: BanKey): Ban {
    const { seq, isPending, hasSeveral, origin, ...times } = this.#rows.get(
      row,
    );
    const reports = hasSeveral
      ? this.#several.get(row) ?? []
      : [{ origin: this.#origins.nameOf(origin), ...times }];
    return {
      jail: this.#jails.nameOf(this.#rows.jailOf(row)),
      address: key?.address ?? this.#rows.addressOf(row),
      reports,
      seq,
      isPending,
    };
  }

  /** Puts a ban in place of what is in its row. @returns The row. */
  #replace(row: number, key: BanKey, after: Ban | undefined): number {
    if (after === undefined) {
      if (row !== NO_ROW) this.#end(row);
      return row;
    }
    const kept = row === NO_ROW ? this.#begin(key) : row;
    const { reports, seq, isPending } = after;
    // The new ones first: most of the names stay.
    let origin = NO_ID;
    for (const each of reports) origin = this.#origins.use(each.origin);
    if (row !== NO_ROW) {
      this.#expiries.delete(row);
      this.#letGoOrigins(row);
    }
    const [only] = reports;
    if (only !== undefined && reports.length === 1) {
      const { firstMs, lastMs, expiresMs } = only;
      const fields = { seq, isPending, hasSeveral: false, origin };
      this.#rows.set(kept, { ...fields, firstMs, lastMs, expiresMs });
    } else {
      this.#several.set(kept, reports);
      const fields = { seq, isPending, hasSeveral: true, origin: NO_ID };
      const expiresMs = firstEndMs(after);
      this.#rows.set(kept, { ...fields, firstMs: 0, lastMs: 0, expiresMs });
    }
    this.#expiries.add(kept);
    return kept;
  }

  #begin({ jail, address }: BanKey): number {
    const key = this.#key;
    key.jail = this.#jails.use(jail);
    key.address.read(address);
    this.#rows.hash(key);
    const row = this.#rows.add(key);
    this.#index.add(row, key.hash);
    this.#size++;
    return row;
  }

  #end(row: number): void {
    this.#expiries.delete(row);
    this.#letGoOrigins(row);
    this.#index.delete(row, this.#rows.hashOf(row));
    this.#jails.letGo(this.#rows.jailOf(row));
    this.#rows.delete(row);
    this.#size--;
  }

  #letGoOrigins(row: number): void {
    const { hasSeveral, origin } = this.#rows.get(row);
    if (!hasSeveral) {
      this.#origins.letGo(origin);
      return;
    }
    for (const each of this.#several.get(row) ?? []) {
      this.#origins.letGo(this.#origins.idOf(each.origin));
    }
    this.#several.delete(row);
  }
}

function firstEndMs({ reports }: Ban): number {
  let firstMs = Infinity;
  for (const { expiresMs } of reports) firstMs = Math.min(firstMs, expiresMs);
  return firstMs;
}
