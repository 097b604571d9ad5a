/**
 * Names that many rows of the log share, each stored once.
 *
 * @module
 */

import { hasItsSum, notAsWritten, numberOf, summed } from "./ban_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";

/** A table of names. */
export type NameTableName = "jails" | "nodes";

/** Creates a table of names. */
export function nameTableSchema(table: NameTableName): string {
  return `CREATE TABLE ${table} (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, sum INTEGER NOT NULL
  ) STRICT;`;
}

/** Names and their numbers; all of them are in memory. */
export class NameTable<N extends string> {
  readonly #table: NameTableName;
  readonly #insert: SqlStatement;
  readonly #ids = new Map<N, number>();
  readonly #names = new Map<number, N>();
  /** Names that the open transaction inserted. */
  #unsettled: N[] = [];
  #lastId = 0;

  /**
   * @param database Has the table.
   * @param table The table.
   * @param read Reads a name, or throws.
   * @throws {UnusableStoreError} when a row is damaged.
   */
  constructor(
    database: SqlDatabase,
    table: NameTableName,
    read: (value: unknown, table: string) => N,
  ) {
    this.#table = table;
    const { insert, all } = prepareAll(database, {
      insert: `INSERT INTO ${table} VALUES (?, ?, ?)`,
      all: `SELECT id, name, sum FROM ${table}`,
    });
    this.#insert = insert;
    for (const row of all.all()) {
      const values = valuesOf(row);
      if (!hasItsSum(values)) throw notAsWritten(table);
      this.#note(numberOf(values[0], table), read(values[1], table));
    }
  }

  /** Every name. */
  names(): Iterable<N> {
    return this.#ids.keys();
  }

  /** The number of a name; `undefined`: it has none. */
  idOf(name: N): number | undefined {
    return this.#ids.get(name);
  }

  /** The name of a number. @throws {UnusableStoreError} if there is none. */
  nameOf(id: unknown): N {
    const name = typeof id === "number" ? this.#names.get(id) : undefined;
    if (name === undefined) throw notAsWritten(this.#table);
    return name;
  }

  /** The number of a name, which it adds if needed; within a transaction. */
  putName(name: N): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#lastId + 1;
    this.#insert.run(...summed(id, name));
    this.#note(id, name);
    this.#unsettled.push(name);
    return id;
  }

  /** Ends a transaction: `isKept` says whether it was committed. */
  settle(isKept: boolean): void {
    if (!isKept) {
      for (const name of this.#unsettled) {
        this.#names.delete(this.#ids.get(name) ?? 0);
        this.#ids.delete(name);
      }
      this.#lastId = Math.max(0, ...this.#names.keys());
    }
    this.#unsettled = [];
  }

  #note(id: number, name: N): void {
    this.#ids.set(name, id);
    this.#names.set(id, name);
    this.#lastId = Math.max(this.#lastId, id);
  }
}
