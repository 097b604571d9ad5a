/**
 * The port of a SQL database: a subset of `node:sqlite`, so that an adapter can
 * pass its connection unchanged.
 *
 * @module
 */

/** A value that can be bound to a statement. */
export type SqlValue = string | number | null | Uint8Array;

/** A row: its values by column name, or in column order. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A prepared statement. */
export interface SqlStatement {
  run(...values: SqlValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): readonly SqlRow[];
  /** Makes rows arrays, which are faster to read; missing in some versions. */
  setReturnArrays?(enabled: boolean): void;
}

/** A connection. */
export interface SqlDatabase {
  /** Whether a transaction is open. */
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
}

/** The values of a row, in column order. */
export function valuesOf(row: SqlRow): readonly unknown[] {
  return Array.isArray(row) ? row : Object.values(row);
}

/** Prepares statements; their rows are arrays where possible. */
export function prepareAll<N extends string>(
  database: SqlDatabase,
  statements: Readonly<Record<N, string>>,
): Readonly<Record<N, SqlStatement>> {
  const prepared = {} as Record<N, SqlStatement>;
  for (const name of Object.keys(statements) as N[]) {
    prepared[name] = database.prepare(statements[name]);
    prepared[name].setReturnArrays?.(true);
  }
  return prepared;
}

/**
 * Runs work in one transaction.
 *
 * @param database Without an open transaction.
 * @param work Must be synchronous.
 * @returns The result of the work.
 * @throws whatever the work threw, after a rollback.
 */
export function atOnce<T>(database: SqlDatabase, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // After some failures, such as a full disk, SQLite has rolled back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
