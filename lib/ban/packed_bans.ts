/**
 * Bans as rows of numbers, with their indexes.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Ban, BanKey, BanReport } from "./ban.ts";
import { NO_ROW, RowIndex } from "../rows/row_index.ts";
import { BanRows, PackedKey, type RowFields } from "./ban_rows.ts";
import { NameIds, NO_ID } from "../rows/name_ids.ts";
import { RowExpiries } from "../rows/row_expiries.ts";

/** The fields of a row whose ban has only one report. */
export type SingleFields = Omit<RowFields, "hasSeveral">;

/**
 * Bans by row, key, jail, origin and end. A `Ban` object is made only on
 * request.
 */
export class PackedBans {
  /** Each ban uses its jail once. */
  readonly jails = new NameIds<JailName>();
  /** Each report uses its origin once. */
  readonly origins = new NameIds<HostName>();
  readonly rows: BanRows;
  /** Reused for every lookup. */
  readonly key = new PackedKey();
  readonly expiries: RowExpiries;
  readonly #index: RowIndex<PackedKey>;
  /** The reports of bans with several reports, by row. */
  readonly #several = new Map<number, readonly BanReport[]>();
  #size = 0;

  /** @param hashSeed A secret that all hashes depend on. */
  constructor(hashSeed: number) {
    const rows = new BanRows(hashSeed);
    this.rows = rows;
    this.#index = new RowIndex(rows);
    this.expiries = new RowExpiries((row) => rows.expiresMsOf(row));
  }

  /** Reserves memory for that many bans. Call it only while there are none. */
  expect(bans: number): void {
    this.#index.expect(bans);
    this.expiries.expect(bans);
  }

  /** Number of bans. */
  get size(): number {
    return this.#size;
  }

  /** The row of a ban; {@link NO_ROW}: there is none. */
  rowOf({ jail, address }: BanKey): number {
    this.key.jail = this.jails.idOf(jail);
    if (this.key.jail === NO_ID) return NO_ROW;
    this.key.address.read(address);
    return this.find();
  }

  /** The row of the current {@link PackedBans.key}. */
  find(): number {
    this.rows.hash(this.key);
    return this.#index.find(this.key);
  }

  /** The jail of a row. */
  jailAt(row: number): JailName {
    return this.jails.nameOf(this.rows.jailOf(row));
  }

  /** The reports of a row. */
  reportsAt(row: number, fields = this.rows.get(row)): readonly BanReport[] {
    if (fields.hasSeveral) return this.#several.get(row) ?? [];
    const { firstMs, lastMs, expiresMs } = fields;
    const origin = this.origins.nameOf(fields.origin);
    return [{ origin, firstMs, lastMs, expiresMs }];
  }

  /**
   * The ban of a row.
   *
   * @param address Its address, if the caller knows it.
   */
  at(row: number, address?: Address): Ban {
    const fields = this.rows.get(row);
    const { seq, isPending } = fields;
    return {
      jail: this.jailAt(row),
      address: address ?? this.rows.addressOf(row),
      reports: this.reportsAt(row, fields),
      seq,
      isPending,
    };
  }

  /**
   * Puts a ban into its row, replacing the previous one.
   *
   * @param row Its row; {@link NO_ROW}: it has none yet.
   * @returns Its row from now on.
   */
  put(row: number, ban: Ban): number {
    const { jail, address, reports, seq, isPending } = ban;
    const kept = row === NO_ROW ? this.#beginBan(jail, address) : row;
    const [only] = reports;
    if (only === undefined || reports.length > 1) {
      this.putSeveral(kept, seq, isPending, reports);
      return kept;
    }
    const { firstMs, lastMs, expiresMs } = only;
    // Use the new origin first, so that an unchanged name keeps its id.
    const origin = this.origins.use(only.origin);
    const fields = { seq, isPending, origin, firstMs, lastMs, expiresMs };
    this.putSingle(kept, fields);
    return kept;
  }

  /**
   * Sets the fields of a ban with one report; the caller has used its origin.
   */
  putSingle(
    row: number,
    { seq, isPending, origin, firstMs, lastMs, expiresMs }: SingleFields,
  ): void {
    this.#clear(row);
    this.rows.set(row, {
      seq,
      isPending,
      hasSeveral: false,
      origin,
      firstMs,
      lastMs,
      expiresMs,
    });
    this.expiries.add(row);
  }

  /** Sets the fields of a ban with several reports. */
  putSeveral(
    row: number,
    seq: number,
    isPending: boolean,
    reports: readonly BanReport[],
  ): void {
    for (const { origin } of reports) this.origins.use(origin);
    this.#clear(row);
    this.#several.set(row, reports);
    this.rows.set(row, {
      seq,
      isPending,
      hasSeveral: true,
      origin: NO_ID,
      firstMs: 0,
      lastMs: 0,
      expiresMs: firstEndMs(reports),
    });
    this.expiries.add(row);
  }

  /**
   * Adds a row for {@link PackedBans.key}, whose hash is set; the caller has
   * used its jail.
   */
  begin(): number {
    const row = this.rows.add(this.key);
    this.#index.add(row, this.key.hash);
    this.#size++;
    return row;
  }

  /** Deletes a ban. */
  delete(row: number): void {
    this.#clear(row);
    this.#index.delete(row, this.rows.hashOf(row));
    this.jails.letGo(this.rows.jailOf(row));
    this.rows.delete(row);
    this.#size--;
  }

  #beginBan(jail: JailName, address: Address): number {
    this.key.jail = this.jails.use(jail);
    this.key.address.read(address);
    this.rows.hash(this.key);
    return this.begin();
  }

  /** Forgets the reports of a row; a new row has none. */
  #clear(row: number): void {
    const { hasSeveral, origin } = this.rows.get(row);
    if (!hasSeveral && origin === NO_ID) return;
    this.expiries.delete(row);
    if (!hasSeveral) {
      this.origins.letGo(origin);
      return;
    }
    for (const each of this.#several.get(row) ?? []) {
      this.origins.letGo(this.origins.idOf(each.origin));
    }
    this.#several.delete(row);
  }
}

function firstEndMs(reports: readonly BanReport[]): number {
  let firstMs = Infinity;
  for (const { expiresMs } of reports) firstMs = Math.min(firstMs, expiresMs);
  return firstMs;
}
