/**
 * The tables of a subscriber's copy; see `replica_schema.ts`. All methods run
 * within a transaction of the caller.
 *
 * @module
 */

import {
  addressOf,
  hasItsSum,
  hostOf,
  jailOf,
  notAsWritten,
  numberOf,
  summed,
} from "./ban_rows.ts";
import { BanBlock } from "../ban/ban_block.ts";
import { MAX_BLOCK_BANS } from "../ban/ban_block_rules.ts";
import type { BanBlockColumns } from "../ban/ban_columns.ts";
import type { Change } from "../ban/ban.ts";
import { BanTable } from "../ban/ban_table.ts";
import type { ReplicaMark, StoredReplica } from "../ban/ban_store.ts";
import { bytesSum, checksum } from "../base/checksum.ts";
import { shiftedColumns } from "../ban/shifted_times.ts";
import { isEpoch } from "../base/ids.ts";
import { MOST_BLOCKS } from "./replica_schema.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
  valuesOf,
} from "../sqlite/sql.ts";

/** A copy, complete or unfinished. */
export interface StoredCopy extends ReplicaMark {
  readonly generation: number;
  /** Number of the last change stored for the copy. */
  readonly last: number;
  /** Number of blocks. */
  readonly blocks: number;
}

const STATEMENTS = {
  copies: "SELECT * FROM copies ORDER BY generation",
  putCopy: "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?)",
  dropCopies: "DELETE FROM copies WHERE generation NOT IN (?, ?)",
  putBlock: "INSERT INTO blocks VALUES (?, ?, ?, ?)",
  block: "SELECT * FROM blocks WHERE id = ?",
  dropBlocks: `DELETE FROM blocks WHERE id IN (SELECT id FROM blocks
    WHERE id / ${MOST_BLOCKS} NOT IN (?, ?) LIMIT ?)`,
  putChange: "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  changes: "SELECT * FROM changes WHERE generation = ? ORDER BY seq",
  lastChange: "SELECT max(seq) FROM changes WHERE generation = ?",
  dropChanges: `DELETE FROM changes WHERE (generation, seq) IN
    (SELECT generation, seq FROM changes
    WHERE generation NOT IN (?, ?) LIMIT ?)`,
} as const;

/** Rows of obsolete copies that each step deletes. */
const [STALE_BLOCKS, STALE_CHANGES] = [4, 2_000];
/** Stands for no copy. */
const NONE = -1;

/** Reads and writes copies. */
export class ReplicaTables {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  /** Whether there may be rows of obsolete copies. */
  #hasStale = true;

  /** @param database With the tables of `replica_schema.ts`. */
  constructor(database: SqlDatabase) {
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /**
   * The complete copy; `undefined`: there is none.
   *
   * @throws {UnusableStoreError} when it is damaged.
   */
  whole(): StoredCopy | undefined {
    let whole: StoredCopy | undefined;
    for (const row of this.#statements.copies.all()) {
      const values = valuesOf(row);
      const [generation, epoch, seq, blocks] = values;
      if (!isEpoch(epoch) || !hasItsSum(values)) throw notAsWritten("copies");
      if (blocks === null) continue;
      const number = numberOf(generation, "copies");
      const [last] = valuesOf(this.#statements.lastChange.get(number) ?? {});
      const mark = { epoch, seq: numberOf(seq, "copies") };
      whole = {
        ...mark,
        generation: number,
        last: typeof last === "number" ? last : mark.seq,
        blocks: numberOf(blocks, "copies"),
      };
    }
    return whole;
  }

  /**
   * Reads the content of a copy.
   *
   * @param byMs See {@link ReplicaStore.load}.
   * @throws {UnusableStoreError} when it is damaged.
   */
  read(
    { generation, epoch, seq, blocks }: StoredCopy,
    byMs = 0,
  ): StoredReplica {
    const first = generation * MOST_BLOCKS;
    const table = new BanTable([], seq);
    table.expect(blocks * MAX_BLOCK_BANS);
    for (let id = first; id < first + blocks; id++) {
      const row = this.#statements.block.get(id);
      table.putColumns(readBlock(row ?? {}, id, byMs));
    }
    const changes = this.#statements.changes.all(generation)
      .map((row, at) => readChange(row, seq + 1 + at));
    return { epoch, seq, table, changes };
  }

  /** Begins a copy, and drops all others but one. */
  begin(mark: ReplicaMark, whole: StoredCopy | undefined): StoredCopy {
    const { copies, dropCopies } = this.#statements;
    const numbers = copies.all().map((row) => Number(valuesOf(row)[0]));
    const generation = Math.max(0, ...numbers) + 1;
    this.#putCopy(generation, mark, null);
    dropCopies.run(generation, whole?.generation ?? NONE);
    this.#hasStale = true;
    return { ...mark, generation, last: mark.seq, blocks: 0 };
  }

  /** Adds a block to a copy. */
  putBlock(copy: StoredCopy, block: BanBlock, byMs: number): StoredCopy {
    const { generation, blocks } = copy;
    if (blocks >= MOST_BLOCKS) throw new RangeError("Cannot keep more blocks");
    const id = generation * MOST_BLOCKS + blocks;
    this.#statements.putBlock.run(...blockRow(id, block, byMs));
    return { ...copy, blocks: blocks + 1 };
  }

  /** Adds the next changes to a copy. */
  putChanges(copy: StoredCopy, changes: readonly Change[]): StoredCopy {
    const { generation } = copy;
    for (const change of changes) {
      this.#statements.putChange.run(...changeRow(generation, change));
    }
    return { ...copy, last: changes.at(-1)?.seq ?? copy.last };
  }

  /** Makes a copy the current one, and drops all others. */
  finish({ generation, epoch, seq, blocks }: StoredCopy): void {
    this.#putCopy(generation, { epoch, seq }, blocks);
    this.#statements.dropCopies.run(generation, NONE);
    this.#hasStale = true;
  }

  /** Deletes some rows of obsolete copies: of all but these two. */
  sweep(whole: StoredCopy | undefined, begun: StoredCopy | undefined): void {
    if (!this.#hasStale) return;
    const kept = [whole, begun].map((copy) => copy?.generation ?? NONE);
    const { dropBlocks, dropChanges } = this.#statements;
    const blocks = dropBlocks.run(...kept, STALE_BLOCKS).changes;
    const changes = dropChanges.run(...kept, STALE_CHANGES).changes;
    this.#hasStale = Number(blocks) + Number(changes) > 0;
  }

  #putCopy(
    generation: number,
    { epoch, seq }: ReplicaMark,
    blocks: number | null,
  ): void {
    this.#statements.putCopy.run(...summed(generation, epoch, seq, blocks));
  }
}

/** A block's row: id, bytes, how far its clock is behind, checksum. */
export function blockRow(
  id: number,
  { bytes }: BanBlock,
  byMs: number,
): SqlValue[] {
  return [id, bytes, byMs, checksum(id, byMs, bytesSum(bytes))];
}

/**
 * Reads a row that {@link blockRow} made.
 *
 * @param id The expected id.
 * @param aheadMs Milliseconds to add to its times. @default {0}
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readBlock(
  row: SqlRow,
  id: number,
  aheadMs = 0,
): BanBlockColumns {
  const [rowId, bytes, byMs, sum] = valuesOf(row);
  if (!(bytes instanceof Uint8Array) || rowId !== id) {
    throw notAsWritten("blocks");
  }
  if (sum !== checksum(id, byMs, bytesSum(bytes))) throw notAsWritten("blocks");
  const block = BanBlock.read(bytes);
  if (!block.ok) throw notAsWritten("blocks");
  const shiftMs = numberOf(byMs, "blocks") + aheadMs;
  return shiftedColumns(block.value.columns, shiftMs);
}

/** A change's row: the copy's number, the change, checksum. */
export function changeRow(generation: number, change: Change): SqlValue[] {
  const { seq, atMs, kind, jail, address } = change;
  const node = kind === "lift" ? change.by : change.origin;
  const expiresMs = kind === "report" ? change.expiresMs : null;
  const isPending = kind === "report" ? Number(change.isPending) : null;
  const key = [generation, seq, atMs, kind, jail, address, node];
  return summed(...key, expiresMs, isPending);
}

/**
 * Reads a row that {@link changeRow} made.
 *
 * @param seq The expected number.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readChange(row: SqlRow, seq: number): Change {
  const values = valuesOf(row);
  const [, number, atMs, kind, jail, address, node, expiresMs, pending] =
    values;
  if (!hasItsSum(values) || number !== seq) throw notAsWritten("changes");
  const base = {
    seq,
    atMs: numberOf(atMs, "changes"),
    jail: jailOf(jail, "changes"),
    address: addressOf(address, "changes"),
  };
  const who = hostOf(node, "changes");
  switch (kind) {
    case "report":
      return {
        ...base,
        kind,
        origin: who,
        expiresMs: numberOf(expiresMs, "changes"),
        isPending: pending === 1,
      };
    case "withdraw":
      return { ...base, kind, origin: who };
    case "lift":
      return { ...base, kind, by: who };
    default:
      throw notAsWritten("changes");
  }
}

/**
 * The table that results from a copy, and the number of its last change.
 *
 * @param database A copy's database.
 * @param nowMs Reports that ended by then are left out.
 * @returns `undefined`: there is no copy.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readReplica(
  database: SqlDatabase,
  nowMs: number,
): { readonly seq: number; readonly table: BanTable } | undefined {
  const tables = new ReplicaTables(database);
  const whole = tables.whole();
  if (whole === undefined) return undefined;
  const { table, changes } = tables.read(whole);
  // The bans of a block may be newer than the last change.
  for (const change of changes) table.catchUp(change);
  table.expire(nowMs);
  let last = table.seq;
  for (const ban of table.bans()) last = Math.max(last, ban.seq);
  return { seq: last, table };
}
