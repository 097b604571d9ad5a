/**
 * Deletes what the publisher's database does not need any more, in steps that
 * block only briefly.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import { LIFT_KEEP_MS } from "../ban/ban_store.ts";
import { addressOf, jailOf } from "./ban_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
  valuesOf,
} from "./sql.ts";
import type { BanTables } from "./ban_tables.ts";

/** Maximum number of rows in a step: about 20 ms. */
export const PRUNE_STEP_ROWS = 5_000;

/** Time limits of what is deleted, in milliseconds since 1970. */
export interface PruneTimes {
  /** Changes, events, and receipts of ended bans, from before this time. */
  readonly beforeMs: number;
  /** Reports that expired by this time. */
  readonly nowMs: number;
}

/** The result of a step. */
export interface PruneStep {
  /** Highest sequence number of a deleted change; 0: none was deleted. */
  readonly forgotten: number;
  /** Whether there is more to delete. */
  readonly hasMore: boolean;
}

const STATEMENTS = {
  dropChanges: `
    DELETE FROM changes WHERE seq IN (
      SELECT seq FROM changes WHERE at_ms < ? ORDER BY at_ms, seq LIMIT ?
    ) RETURNING seq, ban`,
  dropEvents: `
    DELETE FROM events WHERE (origin, id) IN (
      SELECT origin, id FROM events WHERE at_ms < ? ORDER BY at_ms LIMIT ?
    )`,
  dropLifts: `
    DELETE FROM lifts WHERE (address, jail) IN (
      SELECT address, jail FROM lifts WHERE at_ms < ? ORDER BY at_ms LIMIT ?
    )`,
  selectReceipts: `
    SELECT at_ms, jail, address, node, action FROM receipts
    WHERE at_ms < ? AND
      (at_ms, jail, address, node, action) > (?, ?, ?, ?, ?)
    ORDER BY at_ms, jail, address, node, action LIMIT ?`,
  dropReceipt: `
    DELETE FROM receipts
    WHERE jail = ? AND address = ? AND node = ? AND action = ?`,
} as const;

/** Key before the first receipt, where a round begins. */
const FIRST: readonly SqlValue[] = [-Infinity, "", "", "", ""];

/** Prunes the database step by step. */
export class Pruning {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  readonly #bans: BanTables;
  /**
   * Key of the last receipt that was checked: receipts of bans in force stay.
   */
  #lastReceipt = FIRST;

  /**
   * @param database Of `BAN_STORE_SCHEMA`.
   * @param bans Its bans.
   */
  constructor(database: SqlDatabase, bans: BanTables) {
    this.#bans = bans;
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /** Executes one step. Called within a transaction. */
  step({ beforeMs, nowMs }: PruneTimes): PruneStep {
    let left = PRUNE_STEP_ROWS;
    const { changes, forgotten } = this.#dropChanges(beforeMs, left);
    left -= changes;
    const { dropEvents } = this.#statements;
    left -= Number(dropEvents.run(beforeMs, left).changes);
    left -= Number(
      this.#statements.dropLifts.run(nowMs - LIFT_KEEP_MS, left).changes,
    );
    left -= this.#bans.dropExpired(nowMs, left);
    left -= this.#dropReceipts(beforeMs, left);
    return { forgotten, hasMore: left === 0 };
  }

  #dropChanges(
    beforeMs: number,
    max: number,
  ): { changes: number; forgotten: number } {
    const rows = this.#statements.dropChanges.all(beforeMs, max).map(valuesOf);
    let forgotten = 0;
    for (const [seq, ban] of rows) {
      forgotten = Math.max(forgotten, Number(seq));
      this.#bans.dropUnused(Number(ban));
    }
    return { changes: rows.length, forgotten };
  }

  /** @returns Number of checked receipts. */
  #dropReceipts(beforeMs: number, max: number): number {
    if (max === 0) return 0;
    const { selectReceipts, dropReceipt } = this.#statements;
    const receipts = selectReceipts.all(beforeMs, ...this.#lastReceipt, max)
      .map(readReceiptKey);
    for (const { jail, address, sortKey } of receipts) {
      if (this.#bans.idOf({ jail, address }) === undefined) {
        dropReceipt.run(...sortKey.slice(1));
      }
    }
    const last = receipts.length < max ? undefined : receipts.at(-1);
    this.#lastReceipt = last?.sortKey ?? FIRST;
    return receipts.length;
  }
}

function readReceiptKey(
  row: SqlRow,
): BanKey & { readonly sortKey: SqlValue[] } {
  const [atMs, jail, address, node, action] = valuesOf(row);
  return {
    jail: jailOf(jail, "receipts"),
    address: addressOf(address, "receipts"),
    sortKey: [Number(atMs), ...[jail, address, node, action].map(String)],
  };
}
