/**
 * Loads the table of bans from the database: a snapshot, and the log after it.
 *
 * @module
 */

import { BanTable } from "../ban/ban_table.ts";
import type { ChangeLog } from "./change_log.ts";
import { EMPTY_SNAPSHOT, type Snapshot, type Snapshots } from "./snapshots.ts";
import { storeFailure, UnusableStoreError } from "../sqlite/store_errors.ts";

/** A table, and how it was loaded. */
export interface StoredTable {
  readonly table: BanTable;
  /** The snapshot that it was loaded from. */
  readonly from: Snapshot;
  /** Damage to a later snapshot, or to a page of the log; `undefined`: none. */
  readonly damage: string | undefined;
}

/** Sources of a table. */
export interface TableSource {
  readonly log: ChangeLog;
  readonly snapshots: Snapshots;
  /** Number of the last change that the log no longer has. */
  readonly keptSince: number;
  /** See {@link BanTable}. */
  readonly hashSeed: number;
}

/**
 * Loads the table from the last snapshot. If that is damaged, it uses the one
 * before or starts from nothing, as far as the log reaches back.
 *
 * @throws {UnusableStoreError} when no source is usable.
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
 * The bans of a snapshot were read at different moments while it was written. A
 * ban that is missing did not exist at one of these moments, so the log has all
 * changes of a ban that began later. If a ban is there twice, the later one
 * counts.
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
