/**
 * What the core sees of a SQL database: shaped as `node:sqlite` is, so that
 * an adapter hands its connection over as it is.
 *
 * @module
 */

/** A value as it is bound to a statement. */
export type SqlValue = string | number | null;

/** A row as it was read, its values by column or in the columns' order. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A prepared statement. */
export interface SqlStatement {
  run(...values: SqlValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): readonly SqlRow[];
  /** Rows are arrays from now on, where it is there: they are read faster. */
  setReturnArrays?(enabled: boolean): void;
}

/** A connection. */
export interface SqlDatabase {
  /** Whether a transaction is under way. */
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
}

/** The values of a row, in the order of its columns. */
export function valuesOf(row: SqlRow): readonly unknown[] {
  return Array.isArray(row) ? row : Object.values(row);
}

/** Prepares statements, whose rows then are arrays where that is possible. */
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
 * Does something in one transaction, or not at all.
 *
 * @param database No transaction is under way.
 * @param work Must not wait for anything.
 * @returns What the work returned.
 * @throws What the work threw; all it did is undone then.
 */
export function atOnce<T>(database: SqlDatabase, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has undone it already after some failures, a full disk for one.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
