/**
 * The log of a publisher's database: accepted changes and events, in order, and
 * lookups in it.
 *
 * Two indexes in memory say where to look: one finds events by name, the other
 * the last row of each ban. From there each row of a ban points to the one
 * before. A start rebuilds the indexes from the hashes in the log's pages.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey, Change } from "../ban/ban.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import type { JailName } from "../base/jail_name.ts";
import type { SeededHash } from "../base/checksum.ts";
import { hostOf, jailOf, notAsWritten, numberOf } from "./ban_rows.ts";
import {
  type EventName,
  KINDS,
  type LogNames,
  type LogRow,
  logRow,
  readLogRow,
} from "./log_rows.ts";
import { LOG_PAGE_ROWS, LogPage, LogPages, PageRepair } from "./log_pages.ts";
import {
  LogIndexes,
  missingChange,
  replayLog,
  type ReplayTarget,
} from "./log_replay.ts";
import { NameTable } from "./name_table.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";
import { UnusableStoreError } from "../sqlite/store_errors.ts";

const STATEMENTS = {
  // Two subqueries: to answer both in one, SQLite would read all rows.
  ends: `SELECT (SELECT min(position) FROM log),
    (SELECT max(position) FROM log)`,
  put: "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  row: "SELECT * FROM log WHERE position = ?",
  seqAt: "SELECT seq FROM log WHERE position = ?",
  changesFrom: `
    SELECT * FROM log WHERE position >= ? AND kind <> ${KINDS.unchanged}
    ORDER BY position LIMIT ?`,
  rowsFrom: `
    SELECT * FROM log WHERE position >= ? ORDER BY position LIMIT ?`,
  oldest: "SELECT seq, at_ms FROM log WHERE position >= ? LIMIT ?",
  drop: "DELETE FROM log WHERE position < ?",
} as const;

/** Limits of pruning. Times are in milliseconds since 1970. */
export interface PruneLimits {
  /** Rows of the log, and receipts of ended bans, must be older than this. */
  readonly beforeMs: number;
  /** A ban counts as ended if its end is not after this time. */
  readonly nowMs: number;
  /** Number of the last change whose row may be deleted. */
  readonly upTo: number;
}

/** The result of pruning the log. */
export interface PrunedRows {
  /** Number of deleted rows. */
  readonly rows: number;
  /** Number of the last change in or before these rows; 0: no rows. */
  readonly seq: number;
  /** Position of the first row that is kept. */
  readonly first: number;
  /** Whether another row is old enough, but must not be deleted yet. */
  readonly isHeld: boolean;
}

/** Index changes of the open transaction. */
interface Unsettled {
  readonly position: number;
  readonly seq: number;
  /** Hash and position of each event. */
  readonly events: number[];
  /** Hash of each change's ban, and the position that it replaced. */
  readonly bans: number[];
  /** The page that was current before it. */
  readonly page: LogPage;
  /** How many rows that page had. */
  readonly pageRows: number;
}

/** Options for {@link ChangeLog}. */
export interface ChangeLogOptions {
  /** Seeded with the database's seed. */
  readonly hash: SeededHash;
  /** Number of the last change that was pruned. */
  readonly keptSince: number;
  /** Rows per page. @default {LOG_PAGE_ROWS} */
  readonly pageRows?: number | undefined;
}

/** The log in a database; writing methods are called within a transaction. */
export class ChangeLog {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  readonly #names: LogNames;
  readonly #indexes: LogIndexes;
  /** Position of the first row that is kept, or else of the next row. */
  #first: number;
  #last: number;
  #seq: number;
  readonly #pages: LogPages;
  readonly #pageRows: number;
  readonly #keptSince: number;
  /** Holds the rows that are in no stored page yet. */
  #page: LogPage;
  #repair: PageRepair;
  #unsettled: Unsettled | undefined;

  /**
   * Finds the log's ends. The caller calls {@link ChangeLog.replay} next, which
   * builds the indexes.
   *
   * @param database With `BAN_STORE_SCHEMA`.
   * @param options See {@link ChangeLogOptions}.
   * @throws {UnusableStoreError} when it is damaged.
   */
  constructor(database: SqlDatabase, options: ChangeLogOptions) {
    const { hash, keptSince, pageRows = LOG_PAGE_ROWS } = options;
    this.#statements = prepareAll(database, STATEMENTS);
    this.#names = {
      jails: new NameTable(database, "jails", jailOf),
      nodes: new NameTable(database, "nodes", hostOf),
    };
    const [first, last] = valuesOf(this.#statements.ends.get() ?? {});
    this.#first = typeof first === "number" ? first : 1;
    this.#last = typeof last === "number" ? last : 0;
    this.#seq = Math.max(keptSince, this.#seqAt(this.#last) ?? 0);
    this.#indexes = new LogIndexes(hash, this.#first);
    this.#pages = new LogPages(database);
    this.#repair = new PageRepair(this.#pages, { missing: [], refused: [] });
    this.#pageRows = pageRows;
    this.#keptSince = keptSince;
    this.#page = new LogPage(this.#first, keptSince, pageRows);
  }

  /** Number of the last change. */
  get seq(): number {
    return this.#seq;
  }

  /** Hashes what identifies a ban. */
  hashOf(key: BanKey): number {
    return this.#indexes.hashOf(key);
  }

  /**
   * Appends entries; the caller calls {@link ChangeLog.settle} after the
   * transaction.
   *
   * @throws {RangeError} when a number does not follow, or an event is stored.
   */
  append(entries: readonly StoreEntry[], nowMs: number): void {
    let [position, seq] = [this.#last, this.#seq];
    const events: number[] = [];
    const bans: number[] = [];
    const begun = { page: this.#page, pageRows: this.#page.rows };
    this.#unsettled = { position, seq, events, bans, ...begun };
    const names = new Set<string>();
    for (const entry of entries) {
      const { event, change } = entry;
      position++;
      if (change !== undefined && change.seq !== ++seq) {
        throw new RangeError(`Cannot keep change ${change.seq} as ${seq}`);
      }
      const banHash = change && this.hashOf(change);
      let eventHash: number | undefined;
      if (event !== undefined) {
        eventHash = this.#indexes.hashOfEvent(event);
        this.#refuseKnown(event, eventHash, names);
        events.push(eventHash, position);
      }
      let previous = 0;
      if (banHash !== undefined) {
        previous = this.#indexes.bans.replace(banHash, position);
        bans.push(banHash, previous);
      }
      const atMs = change?.atMs ?? nowMs;
      const place = { position, seq, atMs, previous };
      this.#statements.put.run(...logRow(entry, place, this.#names));
      const hashes = { event: eventHash ?? 0, ban: banHash ?? 0 };
      this.#page.add(hashes, change, this.#names);
      if (this.#page.isFull) {
        this.#pages.put(this.#page);
        this.#repair.noteWritten(this.#page.first);
        this.#page = new LogPage(position + 1, seq, this.#pageRows);
      }
    }
    this.#unsettled = { position, seq, events, bans, ...begun };
  }

  /**
   * Applies the changes that a table lacks, and builds the indexes. May be
   * called again if it failed.
   *
   * @param bans Estimated number of bans in the table.
   * @throws {UnusableStoreError} when a row is damaged or missing.
   */
  replay(into: ReplayTarget, bans: number): void {
    const [first, last] = [this.#first, this.#last];
    this.#indexes.expect(last - first + 1, bans);
    const { next, ...found } = replayLog({
      ...{ first, last, keptSince: this.#keptSince, pageRows: this.#pageRows },
      ...{ names: this.#names, pages: this.#pages, indexes: this.#indexes },
      rowsFrom: (from, max) => this.#statements.rowsFrom.all(from, max),
      seqAt: (position) => this.#seqAt(position),
    }, into);
    this.#page = next;
    this.#repair = new PageRepair(this.#pages, found);
    if (into.seq !== this.#seq) throw missingChange(into.seq + 1);
  }

  /** The repair of damaged or missing pages. */
  get repair(): PageRepair {
    return this.#repair;
  }

  /** Ends an append: `isKept` says whether its transaction was committed. */
  settle(isKept: boolean): void {
    if (this.#unsettled === undefined) return;
    const { position, seq, events, bans, page, pageRows } = this.#unsettled;
    this.#unsettled = undefined;
    this.#names.jails.settle(isKept);
    this.#names.nodes.settle(isKept);
    if (!isKept) {
      this.#page = page;
      page.truncate(pageRows);
      for (let at = bans.length - 2; at >= 0; at -= 2) {
        this.#indexes.bans.replace(bans[at] ?? 0, bans[at + 1] ?? 0);
      }
      return;
    }
    for (let at = 0; at < events.length; at += 2) {
      this.#indexes.events.add(events[at] ?? 0, events[at + 1] ?? 0);
    }
    this.#last = position;
    this.#seq = seq;
  }

  /** Whether an event is in the log. */
  hasEvent(event: EventName): boolean {
    return this.#knows(event, this.#indexes.hashOfEvent(event));
  }

  /**
   * The changes after a number.
   *
   * @throws {UnusableStoreError} when one is damaged or missing.
   */
  since(seq: number, max: number): readonly Change[] {
    if (seq >= this.#seq) return [];
    const from = this.#positionAfter(seq);
    const limit = Math.min(max, Number.MAX_SAFE_INTEGER);
    const rows = this.#statements.changesFrom.all(from, limit);
    return rows.map((row, index) => {
      const { change } = readLogRow(row, this.#names);
      const expected = seq + 1 + index;
      if (change?.seq !== expected) throw missingChange(expected);
      return change;
    });
  }

  /** The last changes of a ban, oldest first. */
  history(key: BanKey, max: number): readonly Change[] {
    const changes: Change[] = [];
    let position = this.#indexes.bans.get(this.hashOf(key));
    while (position >= this.#first && changes.length < max) {
      const { change, previous } = this.#row(position);
      // Another ban may have the same hash.
      if (change?.jail === key.jail && change.address === key.address) {
        changes.push(change);
      }
      if (!(previous < position)) throw notAsWritten("log");
      position = previous;
    }
    return changes.reverse();
  }

  /** The jails in which the log has an address, in no order. */
  jailsOf(address: Address): readonly JailName[] {
    return [...this.#names.jails.names()].filter((jail) =>
      this.knows({ jail, address })
    );
  }

  /** Whether the log has a change of a ban. */
  knows(key: BanKey): boolean {
    return this.history(key, 1).length > 0;
  }

  /**
   * Deletes the oldest rows, up to the first that is not old enough; the caller
   * calls {@link ChangeLog.forget} once that is committed.
   *
   * @param limits The time and the number up to which rows may be deleted.
   * @param max Most rows to delete.
   */
  prune({ upTo, ...times }: PruneLimits, max: number): PrunedRows {
    const old = this.#oldestRows(times, max);
    let rows = 0;
    let seq = 0;
    while (rows < old.length && (old[rows] ?? 0) <= upTo) {
      seq = old[rows++] ?? 0;
    }
    const first = this.#first + rows;
    if (rows > 0) {
      this.#statements.drop.run(first);
      this.#pages.drop(first);
    }
    return { rows, seq, first, isHeld: rows < old.length };
  }

  /** Forgets pruned rows. @param first The first row that is kept. */
  forget(first: number): void {
    this.#first = first;
    this.#indexes.forgetBefore(first);
    this.#repair.forgetBefore(first);
  }

  /** The last change's number at each of the oldest rows from before a time. */
  #oldestRows(
    { beforeMs, nowMs }: Omit<PruneLimits, "upTo">,
    max: number,
  ): readonly number[] {
    const { oldest } = this.#statements;
    const mayBeOld = ([, atMs]: readonly unknown[]) =>
      Number(atMs) < beforeMs || Number(atMs) > nowMs;
    // Usually no row is old.
    if (!oldest.all(this.#first, 1).map(valuesOf).some(mayBeOld)) return [];
    const rows = oldest.all(this.#first, max).map(valuesOf);
    const end = rows.findIndex((row) => !mayBeOld(row));
    const some = rows.slice(0, end < 0 ? rows.length : end);
    // A row dated by a clock that was ahead is as old as a row after it.
    const last = some.findLastIndex(([, atMs]) => Number(atMs) < beforeMs);
    return some.slice(0, last + 1).map(([seq]) => Number(seq));
  }

  #refuseKnown(event: EventName, hash: number, names: Set<string>): void {
    const { origin, id } = event;
    const name = `${origin}|${id}`;
    if (names.has(name) || this.#knows(event, hash)) {
      throw new RangeError(`Cannot keep event ${id} of ${origin} twice`);
    }
    names.add(name);
  }

  #knows({ origin, id }: EventName, hash: number): boolean {
    return this.#indexes.events.at(hash).some((position) => {
      const { event } = this.#row(position);
      return event?.origin === origin && event.id === id;
    });
  }

  #row(position: number): LogRow {
    const row = this.#statements.row.get(position);
    if (row === undefined) {
      throw new UnusableStoreError("damaged", `row ${position} is missing`);
    }
    return readLogRow(row, this.#names);
  }

  #seqAt(position: number): number | undefined {
    const row = this.#statements.seqAt.get(position);
    return row && numberOf(valuesOf(row)[0], "log");
  }

  /** The first position with a change after a number; numbers never fall. */
  #positionAfter(seq: number): number {
    let [low, high] = [this.#first, this.#last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#seqAt(middle) ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
