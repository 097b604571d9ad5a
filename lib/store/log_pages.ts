/**
 * Pages of the log: the data of many rows that a start needs, as number
 * columns.
 *
 * | column        | holds                                                           |
 * | ------------- | --------------------------------------------------------------- |
 * | `first`       | position of the page's first row                                |
 * | `rows`        | number of rows                                                  |
 * | `seq`         | number of the last change before the page                       |
 * | `hashes`      | by row: the hashes of the events, then those of the bans; 0: none |
 * | `sum`         | checksum of the columns above                                   |
 * | `changes`     | the changes, in the form of `change_columns.ts`                 |
 * | `changes_sum` | checksum of `changes` and `first`                               |
 *
 * A page is stored with its last row, and derived from its rows: where a page
 * can't be read, the rows are read instead.
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import { ChangeColumns, ChangeWriter, nodeOf } from "../ban/change_columns.ts";
import { bytesSum, checksum } from "../base/checksum.ts";
import type { LogNames } from "./log_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  type SqlValue,
  valuesOf,
} from "../sqlite/sql.ts";

/** Creates the table. */
export const LOG_PAGES_SCHEMA = `
  CREATE TABLE log_pages (
    first INTEGER PRIMARY KEY,
    rows INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    sum INTEGER NOT NULL,
    changes BLOB NOT NULL,
    changes_sum INTEGER NOT NULL
  ) STRICT;`;

/** Rows per page: writing a page takes well below a millisecond. */
export const LOG_PAGE_ROWS = 2_048;

/** The hashes of a row; 0: none. */
export interface RowHashes {
  readonly event: number;
  readonly ban: number;
}

/** The extent of a page. */
export interface PagePlace {
  /** Position of its first row. */
  readonly first: number;
  /** How many rows it has. */
  readonly rows: number;
  /** Number of the last change before it. */
  readonly seq: number;
}

/** The hashes of all rows of a page. */
export interface PageHashes {
  readonly events: Uint32Array;
  readonly bans: Uint32Array;
}

const WORD_BYTES = 4;

/** A page under construction. */
export class LogPage implements PagePlace {
  readonly first: number;
  readonly seq: number;
  readonly #events: Uint32Array;
  readonly #bans: Uint32Array;
  readonly #changes: ChangeWriter;
  #rows = 0;

  /**
   * @param first Position of its first row.
   * @param seq Number of the last change before it.
   * @param maxRows Most rows that it can hold.
   */
  constructor(first: number, seq: number, maxRows: number) {
    this.first = first;
    this.seq = seq;
    this.#events = new Uint32Array(maxRows);
    this.#bans = new Uint32Array(maxRows);
    this.#changes = new ChangeWriter(maxRows);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Number of its last change, or of the last before it. */
  get lastSeq(): number {
    return this.seq + this.#changes.length;
  }

  /** Whether it has the most rows that it can hold. */
  get isFull(): boolean {
    return this.#rows === this.#events.length;
  }

  /**
   * Adds the next row.
   *
   * @param change The row's change; `undefined`: the row is no change, and has
   *   no ban.
   * @param names Contain the change's names.
   */
  add(
    { event, ban }: RowHashes,
    change: Change | undefined,
    { jails, nodes }: LogNames,
  ): void {
    this.#events[this.#rows] = event;
    this.#bans[this.#rows++] = ban;
    if (change === undefined) return;
    this.#changes.add(change, {
      jail: jails.idOf(change.jail) ?? 0,
      node: nodes.idOf(nodeOf(change)) ?? 0,
    });
  }

  /** Keeps only the first rows. */
  truncate(rows: number): void {
    let changes = this.#changes.length;
    for (let row = rows; row < this.#rows; row++) {
      if (this.#bans[row] !== 0) changes--;
    }
    this.#changes.truncate(changes);
    this.#rows = rows;
  }

  /** The values of the page's row in the table. */
  values(): SqlValue[] {
    const { first, rows, seq } = this;
    const words = new Uint32Array(2 * rows);
    words.set(this.#events.subarray(0, rows));
    words.set(this.#bans.subarray(0, rows), rows);
    const hashes = new Uint8Array(words.buffer);
    const changes = this.#changes.encode();
    const sum = checksum(first, rows, seq, bytesSum(hashes));
    const changesSum = checksum(first, bytesSum(changes));
    return [first, rows, seq, hashes, sum, changes, changesSum];
  }
}

/** Maps an invalid number to -1; larger ones can't even be read. */
const number = (column: string) =>
  `iif(${column} BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}, ${column}, -1)`;

const STATEMENTS = {
  places: `SELECT ${["first", "rows", "seq"].map(number).join()}
    FROM log_pages ORDER BY first`,
  put: "INSERT OR REPLACE INTO log_pages VALUES (?, ?, ?, ?, ?, ?, ?)",
  hashes: `SELECT hashes, ${number("sum")} FROM log_pages WHERE first = ?`,
  changes: `SELECT changes, ${number("changes_sum")} FROM log_pages
    WHERE first = ?`,
  dropAt: `DELETE FROM log_pages
    WHERE first = ? OR first NOT BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}`,
  drop: "DELETE FROM log_pages WHERE first < ? AND first + rows <= ?",
} as const;

/** The pages in a database; writing methods are called in a transaction. */
export class LogPages {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;

  /** @param database Has the table. */
  constructor(database: SqlDatabase) {
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /** The extents of all pages, in order; a damaged page's may be wrong. */
  places(): readonly PagePlace[] {
    return this.#statements.places.all().map((row) => {
      const [first = 0, rows = 0, seq = 0] = valuesOf(row).map(Number);
      return { first, rows, seq };
    });
  }

  /** The hashes of a page; `undefined`: it is damaged. */
  hashes({ first, rows, seq }: PagePlace): PageHashes | undefined {
    const row = this.#statements.hashes.get(first);
    const [bytes, sum] = valuesOf(row ?? {});
    if (!(bytes instanceof Uint8Array)) return undefined;
    if (sum !== checksum(first, rows, seq, bytesSum(bytes))) return undefined;
    const { buffer, byteOffset } = bytes.byteOffset % WORD_BYTES === 0
      ? bytes
      : bytes.slice();
    return {
      events: new Uint32Array(buffer, byteOffset, rows),
      bans: new Uint32Array(buffer, byteOffset + rows * WORD_BYTES, rows),
    };
  }

  /** The changes of a page; `undefined`: it is damaged. */
  changes({ first }: PagePlace): ChangeColumns | undefined {
    const row = this.#statements.changes.get(first);
    const [bytes, sum] = valuesOf(row ?? {});
    if (!(bytes instanceof Uint8Array)) return undefined;
    if (sum !== checksum(first, bytesSum(bytes))) return undefined;
    return ChangeColumns.read(bytes);
  }

  /** Stores a page, also in place of a damaged one. */
  put(page: LogPage): void {
    this.#statements.put.run(...page.values());
  }

  /**
   * Deletes the page with this first row, and those with an invalid `first`.
   */
  dropAt(first: number): void {
    this.#statements.dropAt.run(first);
  }

  /** Deletes the pages of pruned rows. @param first The first kept row. */
  drop(first: number): void {
    this.#statements.drop.run(first, first);
  }
}

/** Damage that a start found. */
export interface LackingPages {
  /** Replacements for damaged or missing pages. */
  readonly missing: readonly LogPage[];
  /** First rows of the unusable pages. */
  readonly refused: readonly number[];
}

/** Replaces damaged or missing pages, one at a time. */
export class PageRepair {
  readonly #pages: LogPages;
  #lacking: LackingPages;

  /** @param pages Stores the replacements. */
  constructor(pages: LogPages, lacking: LackingPages) {
    this.#pages = pages;
    this.#lacking = lacking;
  }

  /** The damage, which makes a start slower; `undefined`: none. */
  get damage(): string | undefined {
    const { missing: [page], refused: [row] } = this.#lacking;
    const first = page?.first ?? row;
    if (first === undefined) return undefined;
    return `a page of the log, from row ${first} on, is damaged`;
  }

  /** Whether a step is needed. */
  get isNeeded(): boolean {
    return this.damage !== undefined;
  }

  /**
   * Deletes the unusable pages, and writes one replacement; called within a
   * transaction. The caller calls {@link PageRepair.noteKept} after the commit.
   */
  step(): void {
    const { missing: [page], refused } = this.#lacking;
    for (const first of refused) this.#pages.dropAt(first);
    if (page !== undefined) this.#pages.put(page);
  }

  /** Keeps a page that was rewritten meanwhile. @param first Its first row. */
  noteWritten(first: number): void {
    const refused = this.#lacking.refused.filter((row) => row !== first);
    this.#lacking = { ...this.#lacking, refused };
  }

  /** Moves on to the next page. */
  noteKept(): void {
    this.#lacking = { missing: this.#lacking.missing.slice(1), refused: [] };
  }

  /** Drops replacements of pruned rows. @param first The first kept row. */
  forgetBefore(first: number): void {
    const missing = this.#lacking.missing.filter((page) =>
      page.first + page.rows > first
    );
    this.#lacking = { ...this.#lacking, missing };
  }
}
