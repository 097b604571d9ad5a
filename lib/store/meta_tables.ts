/**
 * The publisher's database about itself, one row each: its epoch and the number
 * up to which its log was pruned, the offset of its clock from the system's,
 * the last applied record of a log that several publishers share, and the
 * secret seed of its hashes.
 *
 * @module
 */

import type { RecordMark, StoreTime } from "../ban/ban_store.ts";
import { hasItsSum, notAsWritten, numberOf, summed } from "./ban_rows.ts";
import {
  type EpochMark,
  epochOf,
  epochRow,
  readEpochRow,
} from "./epoch_row.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";

/** Creates the tables. */
export const META_TABLES_SCHEMA = `
  CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    kept_since INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ahead_ms REAL NOT NULL,
    seen_ms REAL NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE followed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    record INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE hashing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seed INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;`;

const STATEMENTS = {
  putMark: "INSERT OR REPLACE INTO meta VALUES (?, ?, ?, ?)",
  mark: "SELECT epoch, kept_since, sum FROM meta",
  putClock: "INSERT OR REPLACE INTO clock VALUES (?, ?, ?, ?)",
  clock: "SELECT ahead_ms, seen_ms, sum FROM clock",
  putFollowed: "INSERT OR REPLACE INTO followed VALUES (?, ?, ?, ?)",
  dropFollowed: "DELETE FROM followed",
  followed: "SELECT record, record_id, sum FROM followed",
  putSeed: "INSERT INTO hashing VALUES (?, ?, ?)",
  seed: "SELECT seed, sum FROM hashing",
} as const;

/** Random bytes needed for a new database. */
export const NEW_DATABASE_BYTES = 24;
const EPOCH_BYTES = 16;

/** Reads and writes the rows; writes need a transaction. */
export class MetaTables {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;

  /** @param database Has the tables. */
  constructor(database: SqlDatabase) {
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /** The epoch, and the number up to which changes may be pruned. */
  get mark(): EpochMark {
    return readEpochRow(this.#statements.mark.get());
  }

  /** Stores epoch and number. */
  setMark(mark: EpochMark): void {
    this.#statements.putMark.run(...epochRow(mark));
  }

  /**
   * Relation between the clock of all times in the database and the system's;
   * `undefined`: unknown.
   */
  get time(): StoreTime | undefined {
    const row = this.#statements.clock.get();
    if (row === undefined) return undefined;
    const [aheadMs, seenMs] = checked(row, "clock");
    return {
      aheadMs: numberOf(aheadMs, "clock"),
      seenMs: numberOf(seenMs, "clock"),
    };
  }

  /** Stores the relation of the clocks. */
  setTime({ aheadMs, seenMs }: StoreTime): void {
    this.#statements.putClock.run(1, ...summed(aheadMs, seenMs));
  }

  /** The last applied record of a shared log; `undefined`: it follows none. */
  get followed(): RecordMark | undefined {
    const row = this.#statements.followed.get();
    if (row === undefined) return undefined;
    const [index, id] = checked(row, "followed");
    return { index: numberOf(index, "followed"), id: String(id) };
  }

  /** Stores the last applied record. */
  setFollowed({ index, id }: RecordMark): void {
    this.#statements.putFollowed.run(1, ...summed(index, id));
  }

  /** Stops following a shared log. */
  dropFollowed(): void {
    this.#statements.dropFollowed.run();
  }

  /** The seed of the hashes in the database. */
  get seed(): number {
    const row = this.#statements.seed.get();
    if (row === undefined) throw notAsWritten("hashing");
    return numberOf(checked(row, "hashing")[0], "hashing");
  }

  /**
   * Stores the initial rows of a new database.
   *
   * @param random {@link NEW_DATABASE_BYTES} random bytes.
   * @param seq Number of the last change before its log.
   */
  begin(random: Uint8Array, seq: number): void {
    this.setMark({ epoch: epochOf(random.subarray(0, EPOCH_BYTES)), seq });
    const words = new DataView(random.buffer, random.byteOffset + EPOCH_BYTES);
    const seed = (words.getUint32(0) >>> 11) * 2 ** 32 + words.getUint32(4);
    this.#statements.putSeed.run(1, ...summed(seed));
  }
}

function checked(row: SqlRow, table: string): readonly unknown[] {
  const values = valuesOf(row);
  if (!hasItsSum(values)) throw notAsWritten(table);
  return values;
}
