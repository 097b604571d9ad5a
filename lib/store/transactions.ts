/**
 * Runs writes to a database, each in its own transaction.
 *
 * @module
 */

import { atOnce, type SqlDatabase } from "../sqlite/sql.ts";

/** Runs all writes to one database. */
export class Transactions {
  readonly #database: SqlDatabase;
  #beside: (() => void) | undefined;

  /** @param database Without an open transaction. */
  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /**
   * Runs work in one transaction.
   *
   * @typeParam T The result.
   * @param work Must be synchronous.
   * @throws whatever the work threw, after a rollback.
   */
  run<T>(work: () => T): T {
    const beside = this.#beside;
    this.#beside = undefined;
    return atOnce(this.#database, () => {
      const result = work();
      beside?.();
      return result;
    });
  }

  /**
   * Adds a write to the next transaction that the work runs; if it runs none,
   * the write gets its own.
   *
   * @typeParam T The work's result.
   * @param beside The additional write.
   * @param work Runs at most one transaction before it returns.
   */
  runWith<T>(beside: () => void, work: () => T): T {
    this.#beside = beside;
    try {
      const result = work();
      if (this.#beside !== undefined) this.run(() => {});
      return result;
    } finally {
      this.#beside = undefined;
    }
  }
}
