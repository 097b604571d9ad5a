/**
 * Writes to a database, each in a transaction of its own.
 *
 * @module
 */

import { atOnce, type SqlDatabase } from "../sqlite/sql.ts";

/** Runs all that writes to one database. */
export class Transactions {
  readonly #database: SqlDatabase;
  #beside: (() => void) | undefined;

  /** @param database Without an open transaction. */
  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /**
   * Runs something in one transaction.
   *
   * @typeParam T What it gives.
   * @param work Must be synchronous.
   * @throws What the work threw, after a rollback.
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
   * Has something written in the transaction that is run next, or in one of its
   * own where none is.
   *
   * @typeParam T What running gives.
   * @param beside Writes it.
   * @param work Runs one transaction, or none, before it returns.
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
