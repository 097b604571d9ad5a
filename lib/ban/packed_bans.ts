/**
 * Bans as rows of numbers, and what finds them.
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

/** What a row has of a ban's only report, and of the ban. */
export type SingleFields = Omit<RowFields, "hasSeveral">;

/** Bans by row, key, jail, origin and end. An object of one is made when it is asked for. */
export class PackedBans {
  /** Used once for each ban. */
  readonly jails = new NameIds<JailName>();
  /** Used once for each report. */
  readonly origins = new NameIds<HostName>();
  readonly rows: BanRows;
  /** Serves for whatever is looked for. */
  readonly key = new PackedKey();
  readonly expiries: RowExpiries;
  readonly #index: RowIndex<PackedKey>;
  /** The reports of bans that have several, by row. */
  readonly #several = new Map<number, readonly BanReport[]>();
  #size = 0;

  /** @param hashSeed What hashes depend on beside the keys. */
  constructor(hashSeed: number) {
    const rows = new BanRows(hashSeed);
    this.rows = rows;
    this.#index = new RowIndex(rows);
    this.expiries = new RowExpiries((row) => rows.expiresMsOf(row));
  }

  /** Has room for so many without growing; called while there are none. */
  expect(bans: number): void {
    this.#index.expect(bans);
    this.expiries.expect(bans);
  }

  /** How many there are. */
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

  /** The row with the {@link PackedBans.key} that was set. */
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
   * @param address Its address, where it is known.
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
   * Puts a ban in the place of the one in its row.
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
    // The new one first: most of the names stay.
    const origin = this.origins.use(only.origin);
    const fields = { seq, isPending, origin, firstMs, lastMs, expiresMs };
    this.putSingle(kept, fields);
    return kept;
  }

  /** Sets what a row has of a ban with one report; its origin is used already. */
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

  /** Sets what a row has of a ban with several reports. */
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

  /** Makes a row for the {@link PackedBans.key} that has its hash; its jail is used already. */
  begin(): number {
    const row = this.rows.add(this.key);
    this.#index.add(row, this.key.hash);
    this.#size++;
    return row;
  }

  /** Takes a ban out. */
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

  /** Forgets the reports of a row; of a new one there are none. */
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
