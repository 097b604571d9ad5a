/**
 * The imports and their lists in the publisher's database.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type ImportName, parseImportName } from "../base/operator_name.ts";
import {
  IMPORT_STATES,
  type ImportRecords,
  type ListedAddress,
  type StoredImport,
} from "../ban/import_records.ts";
import {
  addressOf,
  hasItsSum,
  notAsWritten,
  numberOf,
  summed,
} from "./ban_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";
import { storeFailure } from "../sqlite/store_errors.ts";
import type { Transactions } from "./transactions.ts";

/** Creates the tables. */
export const IMPORT_TABLES_SCHEMA = `
  CREATE TABLE imports (
    name TEXT PRIMARY KEY,
    list INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    ends_ms REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('taken', 'settled', 'leaving')),
    sum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE listed (
    list INTEGER NOT NULL,
    address TEXT NOT NULL,
    since_ms REAL NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (list, address)
  ) STRICT, WITHOUT ROWID;`;

const STATEMENTS = {
  all: `
    SELECT name, list, entries, at_ms, ends_ms, state, sum FROM imports
    ORDER BY name`,
  lastList: `
    SELECT max(
      coalesce((SELECT max(list) FROM imports), 0),
      coalesce((SELECT max(list) FROM listed), 0)
    )`,
  putImport: "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?)",
  dropImport: "DELETE FROM imports WHERE name = ?",
  putEntry: "INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?)",
  selectEntries: `
    SELECT list, address, since_ms, sum FROM listed
    WHERE list = ? AND address > ? ORDER BY address LIMIT ?`,
  findEntry: `
    SELECT list, address, since_ms, sum FROM listed
    WHERE list = ? AND address = ?`,
  // Goes from list to list by the index, and so skips the entries of lists that
  // an import has.
  sweep: `
    WITH RECURSIVE lists (list) AS (
      SELECT min(list) FROM listed
      UNION ALL
      SELECT (SELECT min(list) FROM listed WHERE list > lists.list)
      FROM lists WHERE list IS NOT NULL
    )
    DELETE FROM listed WHERE (list, address) IN (
      SELECT list, address FROM listed WHERE list = (
        SELECT list FROM lists
        WHERE list IS NOT NULL AND list NOT IN (SELECT list FROM imports)
        LIMIT 1
      ) LIMIT ?
    )`,
} as const;

type Statements = Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;

/** Stores imports over a connection; all methods are synchronous. */
export class ImportTables implements ImportRecords {
  readonly #database: SqlDatabase;
  readonly #transactions: Transactions;
  #prepared: Statements | undefined;

  /**
   * @param database With `BAN_STORE_SCHEMA`.
   * @param transactions Runs all writes to it.
   */
  constructor(database: SqlDatabase, transactions: Transactions) {
    this.#database = database;
    this.#transactions = transactions;
  }

  all(): readonly StoredImport[] {
    return this.#read(({ all }) => all.all().map(readImport));
  }

  newList(): number {
    return this.#read(({ lastList }) =>
      numberOf(valuesOf(lastList.get() ?? {})[0], "listed") + 1
    );
  }

  stage(list: number, entries: readonly ListedAddress[]): Promise<void> {
    return this.#write(({ putEntry }) => {
      for (const { address, sinceMs } of entries) {
        putEntry.run(...summed(list, address, sinceMs));
      }
    });
  }

  take(imported: StoredImport): Promise<void> {
    const { name, list, entries, atMs, endsMs, state } = imported;
    return this.#write(({ putImport }) => {
      putImport.run(...summed(name, list, entries, atMs, endsMs, state));
    });
  }

  forget(name: ImportName): Promise<void> {
    return this.#write(({ dropImport }) => {
      dropImport.run(name);
    });
  }

  entries(
    list: number,
    after: Address | undefined,
    max: number,
  ): readonly ListedAddress[] {
    return this.#read(({ selectEntries }) =>
      selectEntries.all(list, after ?? "", max).map(readEntry)
    );
  }

  sinceMs(list: number, address: Address): number | undefined {
    return this.#read(({ findEntry }) => {
      const row = findEntry.get(list, address);
      return row && readEntry(row).sinceMs;
    });
  }

  sweep(max: number): Promise<boolean> {
    return this.#write(({ sweep }) => Number(sweep.run(max).changes) > 0);
  }

  /** Prepared late: an older file is checked before it has these tables. */
  get #statements(): Statements {
    return this.#prepared ??= prepareAll(this.#database, STATEMENTS);
  }

  #write<T>(work: (statements: Statements) => T): Promise<T> {
    return new Promise((resolve) => {
      try {
        const statements = this.#statements;
        resolve(this.#transactions.run(() => work(statements)));
      } catch (error) {
        throw storeFailure("cannot keep an import", error);
      }
    });
  }

  #read<T>(work: (statements: Statements) => T): T {
    try {
      return work(this.#statements);
    } catch (error) {
      throw storeFailure("cannot read imports", error);
    }
  }
}

function readImport(row: SqlRow): StoredImport {
  const values = valuesOf(row);
  const [nameText, list, entries, atMs, endsMs, stateText] = values;
  const name = typeof nameText === "string"
    ? parseImportName(nameText)
    : undefined;
  const state = IMPORT_STATES.find((each) => each === stateText);
  if (!hasItsSum(values) || name === undefined || state === undefined) {
    throw notAsWritten("imports");
  }
  return {
    name,
    list: numberOf(list, "imports"),
    entries: numberOf(entries, "imports"),
    atMs: numberOf(atMs, "imports"),
    endsMs: numberOf(endsMs, "imports"),
    state,
  };
}

function readEntry(row: SqlRow): ListedAddress {
  const values = valuesOf(row);
  const [, address, sinceMs] = values;
  if (!hasItsSum(values)) throw notAsWritten("listed");
  return {
    address: addressOf(address, "listed"),
    sinceMs: numberOf(sinceMs, "listed"),
  };
}
