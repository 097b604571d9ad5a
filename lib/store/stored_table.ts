/**
 * The table of bans from what a database has of it: a snapshot, and the log
 * after it.
 *
 * @module
 */

import { type Ban, type Change, keyOf } from "../ban/ban.ts";
import { evolve } from "../ban/ban_decision.ts";
import { BanTable } from "../ban/ban_table.ts";
import type { ChangeLog } from "./change_log.ts";
import { EMPTY_SNAPSHOT, type Snapshot, type Snapshots } from "./snapshots.ts";
import { UnusableStoreError } from "./store_errors.ts";

/** Changes that are read at once. */
const PAGE = 2_000;

/** A table, and how it was made. */
export interface StoredTable {
  readonly table: BanTable;
  /** What it was made from. */
  readonly from: Snapshot;
  /** What is wrong with a later snapshot; `undefined`: nothing. */
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
      return { table, from, damage: damage?.message };
    } catch (error) {
      if (!(error instanceof UnusableStoreError)) throw error;
      damage ??= error;
    }
  }
  throw damage ??
    new UnusableStoreError("damaged", "it has no snapshot of its bans");
}

function tableFrom(
  from: Snapshot,
  { log, snapshots, hashSeed }: TableSource,
): BanTable {
  const table = new BanTable(
    bansAt(from.toSeq, snapshots.bans(from), [
      ...changesBetween(log, from.fromSeq, from.toSeq),
    ]),
    from.toSeq,
    hashSeed,
  );
  for (const change of changesBetween(log, from.toSeq, log.seq)) {
    table.apply(change);
  }
  return table;
}

function* changesBetween(
  log: ChangeLog,
  from: number,
  to: number,
): Generator<Change, void, undefined> {
  if (to > log.seq) {
    const message = `it has no change ${to}, but a snapshot of later`;
    throw new UnusableStoreError("damaged", message);
  }
  for (let seq = from; seq < to;) {
    const page = log.since(seq, Math.min(PAGE, to - seq));
    if (page.length === 0) {
      const message = `change ${seq + 1} is missing`;
      throw new UnusableStoreError("damaged", message);
    }
    yield* page;
    seq += page.length;
  }
}

/**
 * The bans at the end of a snapshot, from bans of moments while it was written.
 *
 * A ban that is not among them was none at some moment, and all of a later one
 * is in the changes; one that is there twice ended in between.
 */
function* bansAt(
  seq: number,
  bans: Iterable<Ban>,
  changes: readonly Change[],
): Generator<Ban, void, undefined> {
  const changed = new Map<string, Ban | undefined>();
  for (const change of changes) changed.set(keyOf(change), undefined);
  for (const ban of bans) {
    if (ban.seq > seq) {
      throw new UnusableStoreError("damaged", "a snapshot has a ban of later");
    }
    if (changed.size === 0 || !changed.has(keyOf(ban))) {
      yield ban;
      continue;
    }
    const other = changed.get(keyOf(ban));
    if (other === undefined || other.seq < ban.seq) {
      changed.set(keyOf(ban), ban);
    }
  }
  for (const change of changes) {
    const key = keyOf(change);
    const ban = changed.get(key);
    if (ban === undefined || ban.seq < change.seq) {
      changed.set(key, evolve(ban, change));
    }
  }
  for (const ban of changed.values()) if (ban !== undefined) yield ban;
}
