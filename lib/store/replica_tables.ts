/**
 * The tables of a subscriber's copy; see `replica_schema.ts`. All of it within
 * a transaction of the caller's.
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

/** A copy, whole or begun. */
export interface StoredCopy extends ReplicaMark {
  readonly generation: number;
  /** Number of the last change that is stored with it. */
  readonly last: number;
  /** How many blocks there are. */
  readonly blocks: number;
}

const STATEMENTS = {
  copies: "SELECT * FROM copies ORDER BY generation",
  putCopy: "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?)",
  dropCopies: "DELETE FROM copies WHERE generation NOT IN (?, ?)",
  putBlock: "INSERT INTO blocks VALUES (?, ?, ?, ?)",
  blocks: "SELECT * FROM blocks WHERE id >= ? AND id < ? ORDER BY id",
  dropBlocks: `DELETE FROM blocks WHERE id IN (SELECT id FROM blocks
    WHERE id / ${MOST_BLOCKS} NOT IN (?, ?) LIMIT ?)`,
  putChange: "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  changes: "SELECT * FROM changes WHERE generation = ? ORDER BY seq",
  lastChange: "SELECT max(seq) FROM changes WHERE generation = ?",
  dropChanges: `DELETE FROM changes WHERE (generation, seq) IN
    (SELECT generation, seq FROM changes
    WHERE generation NOT IN (?, ?) LIMIT ?)`,
} as const;

/** Rows of copies that are not wanted any more that go with each step. */
const [STALE_BLOCKS, STALE_CHANGES] = [4, 2_000];
/** The number of no copy. */
const NONE = -1;

/** Reads and writes copies. */
export class ReplicaTables {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  /** Whether there may be rows that are not wanted any more. */
  #hasStale = true;

  /** @param database With the tables of `replica_schema.ts`. */
  constructor(database: SqlDatabase) {
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /** The copy that is whole; `undefined`: there is none. @throws {UnusableStoreError} when it is damaged. */
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

  /** All that a copy has. @throws {UnusableStoreError} when it is damaged. */
  read({ generation, epoch, seq, blocks }: StoredCopy): StoredReplica {
    const first = generation * MOST_BLOCKS;
    const rows = this.#statements.blocks.all(first, first + MOST_BLOCKS);
    if (rows.length !== blocks) throw notAsWritten("blocks");
    const read = rows.map((row, at) => readBlock(row, first + at));
    const changes = this.#statements.changes.all(generation)
      .map((row, at) => readChange(row, seq + 1 + at));
    return { epoch, seq, blocks: read, changes };
  }

  /** Begins a copy, and lets go of all others but one. */
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

  /** Adds changes that follow a copy. */
  putChanges(copy: StoredCopy, changes: readonly Change[]): StoredCopy {
    const { generation } = copy;
    for (const change of changes) {
      this.#statements.putChange.run(...changeRow(generation, change));
    }
    return { ...copy, last: changes.at(-1)?.seq ?? copy.last };
  }

  /** Makes a copy the one that counts, and lets go of all others. */
  finish({ generation, epoch, seq, blocks }: StoredCopy): void {
    this.#putCopy(generation, { epoch, seq }, blocks);
    this.#statements.dropCopies.run(generation, NONE);
    this.#hasStale = true;
  }

  /** Deletes some of what is not wanted any more: all but two copies. */
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

/** A block: its id, its bytes, how far its clock is behind, a checksum. */
export function blockRow(
  id: number,
  { bytes }: BanBlock,
  byMs: number,
): SqlValue[] {
  return [id, bytes, byMs, checksum(id, byMs, bytesSum(bytes))];
}

/**
 * Reads what {@link blockRow} made, in the time of the store.
 *
 * @param id Which one it must be.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readBlock(row: SqlRow, id: number): BanBlockColumns {
  const [rowId, bytes, byMs, sum] = valuesOf(row);
  if (!(bytes instanceof Uint8Array) || rowId !== id) {
    throw notAsWritten("blocks");
  }
  if (sum !== checksum(id, byMs, bytesSum(bytes))) throw notAsWritten("blocks");
  const block = BanBlock.read(bytes);
  if (!block.ok) throw notAsWritten("blocks");
  return shiftedColumns(block.value.columns, numberOf(byMs, "blocks"));
}

/** A change of a copy: that one's number, the change, a checksum. */
export function changeRow(generation: number, change: Change): SqlValue[] {
  const { seq, atMs, kind, jail, address } = change;
  const node = kind === "lift" ? change.by : change.origin;
  const expiresMs = kind === "report" ? change.expiresMs : null;
  const isPending = kind === "report" ? Number(change.isPending) : null;
  const key = [generation, seq, atMs, kind, jail, address, node];
  return summed(...key, expiresMs, isPending);
}

/**
 * Reads what {@link changeRow} made.
 *
 * @param seq Which number it must have.
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
 * The table that a copy leads to, and the number of the last change in it.
 *
 * @param database A copy's.
 * @param nowMs Reports that ended by then are left out.
 * @returns `undefined`: there is none.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readReplica(
  database: SqlDatabase,
  nowMs: number,
): { readonly seq: number; readonly table: BanTable } | undefined {
  const tables = new ReplicaTables(database);
  const whole = tables.whole();
  if (whole === undefined) return undefined;
  const { seq, blocks, changes } = tables.read(whole);
  const table = BanTable.ofBlocks(blocks, seq);
  // A block may be later than the last change.
  for (const change of changes) table.catchUp(change);
  table.expire(nowMs);
  let last = table.seq;
  for (const ban of table.bans()) last = Math.max(last, ban.seq);
  return { seq: last, table };
}
