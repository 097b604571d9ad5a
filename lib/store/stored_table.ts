/**
 * The table of bans from what a database has of it: a snapshot, and the log
 * after it.
 *
 * @module
 */

import { BanTable } from "../ban/ban_table.ts";
import type { ChangeLog } from "./change_log.ts";
import { EMPTY_SNAPSHOT, type Snapshot, type Snapshots } from "./snapshots.ts";
import { storeFailure, UnusableStoreError } from "../sqlite/store_errors.ts";

/** A table, and how it was made. */
export interface StoredTable {
  readonly table: BanTable;
  /** What it was made from. */
  readonly from: Snapshot;
  /** What is wrong with a later snapshot, or a page of the log; `undefined`: nothing. */
  readonly damage: string | undefined;
}

/** Where a table is made from. */
export interface TableSource {
  readonly log: ChangeLog;
  readonly snapshots: Snapshots;
  /** Number of the last change that the log does not have any more. */
  readonly keptSince: number;
  /** See {@link BanTable}. */
  readonly hashSeed: number;
}

/**
 * Makes the table from the last snapshot. Where that is damaged, from the one
 * before or from the beginning, as far as the log reaches back.
 *
 * @throws {UnusableStoreError} when it can't be made of any.
 */
export function loadTable(source: TableSource): StoredTable {
  const { snapshots, keptSince } = source;
  const candidates = [...snapshots.all(), EMPTY_SNAPSHOT]
    .filter(({ fromSeq }) => fromSeq >= keptSince);
  let damage: UnusableStoreError | undefined;
  for (const from of candidates) {
    try {
      const table = tableFrom(from, source);
      return {
        table,
        from,
        damage: damage?.message ?? source.log.repair.damage,
      };
    } catch (error) {
      const failure = storeFailure("cannot read a snapshot", error);
      if (!(failure instanceof UnusableStoreError)) throw failure;
      damage ??= failure;
    }
  }
  throw damage ??
    new UnusableStoreError("damaged", "it has no snapshot of its bans");
}

/**
 * A snapshot's bans are of moments while it was written. One that is not among
 * them was none at some moment, and all of a later one is in the changes; of one
 * that is there twice the later one counts.
 */
function tableFrom(
  from: Snapshot,
  { log, snapshots, hashSeed }: TableSource,
): BanTable {
  if (from.toSeq > log.seq) {
    const message = `it has no change ${from.toSeq}, but a snapshot of later`;
    throw new UnusableStoreError("damaged", message);
  }
  const table = new BanTable([], from.fromSeq, hashSeed);
  const bans = snapshots.maxBans(from) + log.seq - from.fromSeq;
  table.expect(bans);
  for (const columns of snapshots.columns(from)) {
    if (columns.seqs.some((seq) => seq > from.toSeq)) {
      throw new UnusableStoreError("damaged", "a snapshot has a ban of later");
    }
    table.putColumns(columns);
  }
  log.replay(table, bans);
  return table;
}
