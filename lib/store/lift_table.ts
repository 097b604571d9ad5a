/**
 * The last time that an operator lifted each ban, in the publisher's database.
 *
 * @module
 */

import type { BanKey, Change } from "../ban/ban.ts";
import {
  addressOf,
  hasItsSum,
  jailOf,
  notAsWritten,
  numberOf,
  summed,
} from "./ban_rows.ts";
import { KeyFilter } from "./key_filter.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";

/** Creates the table. */
export const LIFT_TABLE_SCHEMA = `
  CREATE TABLE lifts (
    address TEXT NOT NULL,
    jail TEXT NOT NULL,
    at_ms REAL NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (address, jail)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lifts_at ON lifts (at_ms);`;

const STATEMENTS = {
  put: "INSERT OR REPLACE INTO lifts VALUES (?, ?, ?, ?)",
  find:
    "SELECT address, jail, at_ms, sum FROM lifts WHERE address = ? AND jail = ?",
  after: `
    SELECT address, jail FROM lifts WHERE (address, jail) > (?, ?)
    ORDER BY address, jail LIMIT ?`,
  drop: `
    DELETE FROM lifts WHERE (address, jail) IN (
      SELECT address, jail FROM lifts WHERE at_ms < ? ORDER BY at_ms LIMIT ?
    )`,
} as const;

/** The table of lifts. Methods that write are called within a transaction. */
export class LiftTable {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  /** Avoids a query for each report: operators lift few bans. */
  readonly filter: KeyFilter;

  /**
   * @param database Has the table.
   * @param hashOf Hashes what identifies a ban.
   */
  constructor(database: SqlDatabase, hashOf: (key: BanKey) => number) {
    this.#statements = prepareAll(database, STATEMENTS);
    let last: readonly [string, string] = ["", ""];
    const next = (max: number) => {
      const rows = this.#statements.after.all(...last, max).map(valuesOf);
      const keys = rows.map(([address, jail]) => ({
        address: addressOf(address, "lifts"),
        jail: jailOf(jail, "lifts"),
      }));
      // Advance only now, so that no row of a page with a damaged row is
      // skipped.
      const { address, jail } = keys.at(-1) ?? {};
      if (address !== undefined && jail !== undefined) last = [address, jail];
      return keys;
    };
    this.filter = new KeyFilter({ hashOf, next });
  }

  /** Stores that an operator lifted a ban. */
  put(change: Change): void {
    const { address, jail, atMs } = change;
    this.filter.add(change);
    this.#statements.put.run(...summed(address, jail, atMs));
  }

  /** When an operator last lifted a ban; `undefined`: not stored. */
  liftedMs(key: BanKey): number | undefined {
    if (!this.filter.mayHave(key)) return undefined;
    const row = this.#statements.find.get(key.address, key.jail);
    if (row === undefined) return undefined;
    const values = valuesOf(row);
    if (!hasItsSum(values)) throw notAsWritten("lifts");
    return numberOf(values[2], "lifts");
  }

  /** Deletes older rows. @returns How many it deleted. */
  prune(beforeMs: number, max: number): number {
    return Number(this.#statements.drop.run(beforeMs, max).changes);
  }
}
