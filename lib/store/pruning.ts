/**
 * Deletes old data from the publisher's database, in steps that block only
 * briefly.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import { LIFT_KEEP_MS } from "../ban/ban_store.ts";
import type { BanTable } from "../ban/ban_table.ts";
import type { ChangeLog, PrunedRows, PruneLimits } from "./change_log.ts";
import type { LiftTable } from "./lift_table.ts";
import type { ReceiptTable } from "./receipt_table.ts";

/** Maximum number of rows in a step. */
export const PRUNE_STEP_ROWS = 2_000;

/** The tables to prune. */
export interface PrunedTables {
  readonly log: ChangeLog;
  readonly lifts: LiftTable;
  readonly receipts: ReceiptTable;
  /** Receipts of bans in this table are kept. */
  readonly table: Pick<BanTable, "find">;
}

/** The result of a step. */
export interface PruneStep {
  readonly log: PrunedRows;
  /** Whether there is more to delete. */
  readonly hasMore: boolean;
}

/** Prunes the database step by step. */
export class Pruning {
  readonly #tables: PrunedTables;

  /** @param tables See {@link PrunedTables}. */
  constructor(tables: PrunedTables) {
    this.#tables = tables;
  }

  /** Executes one step. Called within a transaction. */
  step({ beforeMs, nowMs, upTo }: PruneLimits): PruneStep {
    const { log, lifts, receipts, table } = this.#tables;
    let left = PRUNE_STEP_ROWS;
    const pruned = log.prune({ beforeMs, nowMs, upTo }, left);
    left -= pruned.rows;
    left -= lifts.prune(nowMs - LIFT_KEEP_MS, left);
    left -= receipts.prune(
      beforeMs,
      left,
      (key) => isInForce(table, key, nowMs),
    );
    return { log: pruned, hasMore: left === 0 || pruned.isHeld };
  }
}

function isInForce(
  table: Pick<BanTable, "find">,
  key: BanKey,
  nowMs: number,
): boolean {
  const { reports = [] } = table.find(key) ?? {};
  return reports.some(({ expiresMs }) => expiresMs > nowMs);
}
