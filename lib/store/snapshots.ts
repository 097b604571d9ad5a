/**
 * Snapshots of the table of bans: a start reads one instead of the whole log.
 *
 * A snapshot is written part by part while the table changes, so its bans are
 * from different moments between two numbers. Each ban has the number of its
 * last change; the log has the later changes.
 *
 * @module
 */

import { decodeBanColumns, encodeBanColumns } from "../ban/ban_block_bytes.ts";
import type { BanBlockColumns } from "../ban/ban_columns.ts";
import type { BanTable } from "../ban/ban_table.ts";
import type { BanSet } from "../ban/table_columns.ts";
import { bytesSum } from "../base/checksum.ts";
import { hasItsSum, summed } from "./ban_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";
import { UnusableStoreError } from "../sqlite/store_errors.ts";

/** Creates the tables. */
export const SNAPSHOT_TABLES_SCHEMA = `
  CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    first_part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE snapshot_parts (
    id INTEGER PRIMARY KEY,
    bans BLOB NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;`;

/** A snapshot. */
export interface Snapshot {
  /** Increases with each snapshot. */
  readonly id: number;
  /** Every ban in it includes all changes up to this number. */
  readonly fromSeq: number;
  /** No ban in it includes a change after this number. */
  readonly toSeq: number;
  /** Its parts have consecutive numbers from this one on. */
  readonly firstPart: number;
  readonly parts: number;
}

/** An empty table, before the first change. */
export const EMPTY_SNAPSHOT: Snapshot = {
  ...{ id: 0, fromSeq: 0, toSeq: 0, firstPart: 1, parts: 0 },
};

/** How snapshots are written. */
export interface SnapshotPace {
  /** Bans per part; each step writes one part. */
  readonly partBans: number;
  /** Fewest changes between two snapshots. */
  readonly minChanges: number;
  /** Rows of a page of the log. @default {LOG_PAGE_ROWS} */
  readonly pageRows?: number;
}

/** A step takes a few milliseconds, and reading that many changes no time. */
export const SNAPSHOT_PACE: SnapshotPace = {
  partBans: 2_000,
  minChanges: 5_000,
};

/** Parts deleted per step. */
const DROP_PARTS = 50;
/** Snapshots kept: the older one replaces a damaged one. */
const KEPT = 2;

const STATEMENTS = {
  all: `
    SELECT id, from_seq, to_seq, first_part, parts, sum FROM snapshots
    ORDER BY id DESC`,
  // Replaces only a damaged row with the same id.
  put: "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?)",
  dropUpTo: "DELETE FROM snapshots WHERE id <= ?",
  lastPart: "SELECT max(id) FROM snapshot_parts",
  putPart: "INSERT INTO snapshot_parts VALUES (?, ?, ?)",
  part: "SELECT bans, sum FROM snapshot_parts WHERE id = ?",
  dropParts: `
    DELETE FROM snapshot_parts WHERE id IN (
      SELECT id FROM snapshot_parts WHERE id < ? OR id > ? LIMIT ${DROP_PARTS}
    )`,
} as const;

/** A snapshot being written. */
interface Unfinished extends Omit<Snapshot, "toSeq"> {
  /** The bans of the next parts. */
  readonly sets: Iterator<BanSet, void>;
}

/** The snapshots in a database; writing methods are called in a transaction. */
export class Snapshots {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  readonly #pace: SnapshotPace;
  #unfinished: Unfinished | undefined;
  /** Whether there may be parts without a snapshot. */
  #hasRemains = true;

  /**
   * @param database Has the tables.
   * @param pace See {@link SnapshotPace}.
   */
  constructor(database: SqlDatabase, pace: SnapshotPace = SNAPSHOT_PACE) {
    this.#statements = prepareAll(database, STATEMENTS);
    this.#pace = pace;
  }

  /** Fewest changes between two snapshots. */
  get minChanges(): number {
    return this.#pace.minChanges;
  }

  /** Complete snapshots, newest first, without those whose row is damaged. */
  all(): readonly Snapshot[] {
    return this.#statements.all.all().flatMap((row) => readSnapshot(row) ?? []);
  }

  /** Most bans that a snapshot can have, if its parts have today's size. */
  maxBans({ parts }: Snapshot): number {
    return parts * this.#pace.partBans;
  }

  /**
   * The bans of a snapshot, part by part.
   *
   * @throws {UnusableStoreError} when a part is damaged or missing.
   */
  *columns(
    { firstPart, parts }: Snapshot,
  ): Generator<BanBlockColumns, void, undefined> {
    for (let id = firstPart; id < firstPart + parts; id++) {
      const row = this.#statements.part.get(id);
      const [bytes, sum] = valuesOf(row ?? {});
      const isWhole = bytes instanceof Uint8Array && bytesSum(bytes) === sum;
      const bans = isWhole ? decodeBanColumns(bytes) : undefined;
      if (bans?.ok !== true) {
        const message = `part ${id} of a snapshot is missing or damaged`;
        throw new UnusableStoreError("damaged", message);
      }
      yield bans.value;
    }
  }

  /** Whether there may be parts without a snapshot. */
  get hasRemains(): boolean {
    return this.#hasRemains;
  }

  /** Whether one is being written. */
  get isUnfinished(): boolean {
    return this.#unfinished !== undefined;
  }

  /**
   * Begins a snapshot.
   *
   * @param table The bans. They are read while the table changes; the snapshot
   *   has every ban that stands throughout.
   * @param seq Number of the table's last change.
   */
  begin(table: Pick<BanTable, "columns">, seq: number): void {
    const [last] = valuesOf(this.#statements.lastPart.get() ?? {});
    const firstPart = typeof last === "number" ? last + 1 : 1;
    this.#unfinished = {
      ...{
        id: (this.all()[0]?.id ?? 0) + 1,
        fromSeq: seq,
        firstPart,
        parts: 0,
      },
      sets: table.columns(this.#pace.partBans),
    };
  }

  /** Gives up the unfinished snapshot. */
  abandon(): void {
    this.#unfinished = undefined;
    this.#hasRemains = true;
  }

  /**
   * Writes the next part of the unfinished snapshot.
   *
   * @param seq Number of the table's last change.
   * @returns The snapshot, once it is complete.
   */
  step(seq: number): Snapshot | undefined {
    if (this.#unfinished === undefined) {
      throw new Error("no snapshot was begun");
    }
    const { sets, ...written } = this.#unfinished;
    const { value: set } = sets.next();
    if (set === undefined) return this.#finish({ ...written, toSeq: seq });
    const bytes = encodeBanColumns(set.columns);
    const id = written.firstPart + written.parts;
    this.#statements.putPart.run(id, bytes, bytesSum(bytes));
    this.#unfinished = { ...written, parts: written.parts + 1, sets };
    return undefined;
  }

  /** Deletes some parts without a snapshot, while none is being written. */
  dropRemains(): void {
    const all = this.all();
    const first = Math.min(...all.map(({ firstPart }) => firstPart));
    const end = Math.max(
      ...all.map(({ firstPart, parts }) => firstPart + parts - 1),
    );
    const { changes } = all.length === 0
      ? this.#statements.dropParts.run(Number.MAX_SAFE_INTEGER, 0)
      : this.#statements.dropParts.run(first, end);
    this.#hasRemains = Number(changes) === DROP_PARTS;
  }

  #finish(whole: Snapshot): Snapshot {
    const { id, fromSeq, toSeq, firstPart, parts } = whole;
    this.#statements.put.run(...summed(id, fromSeq, toSeq, firstPart, parts));
    this.#statements.dropUpTo.run(this.all()[KEPT]?.id ?? 0);
    this.#unfinished = undefined;
    this.#hasRemains = true;
    return whole;
  }
}

function readSnapshot(row: SqlRow): Snapshot | undefined {
  const values = valuesOf(row);
  if (!hasItsSum(values)) return undefined;
  const [id = 0, fromSeq = 0, toSeq = 0, firstPart = 0, parts = 0] = values
    .map(Number);
  return { id, fromSeq, toSeq, firstPart, parts };
}

/**
 * Changes per ban after which a snapshot is due. With 1, a snapshot costs each
 * change as much as writing one ban, whatever the number of bans.
 */
const CHANGES_PER_BAN = 1;

/**
 * Decides when snapshots are due, and writes them. Methods that write are
 * called within a transaction.
 */
export class SnapshotWriter {
  readonly #snapshots: Snapshots;
  readonly #table: Pick<BanTable, "columns" | "seq" | "size">;
  #fromSeq: number;
  #isWanted = false;

  /**
   * @param snapshots Stores the snapshots.
   * @param table The table to take snapshots of.
   * @param fromSeq That number of the last snapshot.
   */
  constructor(
    snapshots: Snapshots,
    table: Pick<BanTable, "columns" | "seq" | "size">,
    fromSeq: number,
  ) {
    this.#snapshots = snapshots;
    this.#table = table;
    this.#fromSeq = fromSeq;
  }

  /** The last complete snapshot includes all changes up to this number. */
  get fromSeq(): number {
    return this.#fromSeq;
  }

  /**
   * All kept snapshots include all changes up to this number: a start does not
   * need these changes, whichever snapshot is damaged.
   */
  get coveredSeq(): number {
    const all = this.#snapshots.all();
    return all.length < KEPT ? 0 : all.at(-1)?.fromSeq ?? 0;
  }

  /** Requests a snapshot, however few changes there were. */
  want(): void {
    this.#isWanted = !this.#snapshots.isUnfinished;
  }

  /** Whether there is a step to do. */
  get isDue(): boolean {
    const { size, seq } = this.#table;
    const { isUnfinished, hasRemains, minChanges } = this.#snapshots;
    const changes = Math.max(minChanges, CHANGES_PER_BAN * size);
    return this.#isWanted || isUnfinished || hasRemains ||
      seq - this.#fromSeq >= changes;
  }

  /** Does one step. @returns Whether more are due. */
  step(): boolean {
    const { seq } = this.#table;
    if (!this.#snapshots.isUnfinished) {
      if (this.#snapshots.hasRemains) {
        this.#snapshots.dropRemains();
        return this.isDue;
      }
      this.#snapshots.begin(this.#table, seq);
      this.#isWanted = false;
    }
    const whole = this.#snapshots.step(seq);
    if (whole !== undefined) this.#fromSeq = whole.fromSeq;
    return this.isDue;
  }

  /** Gives up the unfinished snapshot after a rollback. */
  abandon(): void {
    this.#snapshots.abandon();
    this.#fromSeq = this.#snapshots.all()[0]?.fromSeq ?? 0;
  }
}
