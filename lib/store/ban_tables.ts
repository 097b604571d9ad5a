/**
 * The current bans, in two tables of a database; the same at the publisher and
 * in every copy.
 *
 * A new ban gets the next id, so that new rows are neighbours: only one index
 * is written in random order.
 *
 * When a node reports again after its report expired, the new report is another
 * one. So it doesn't matter when the expired one was deleted.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Ban, BanKey, Change } from "../ban/ban.ts";
import {
  BAN_COLUMNS,
  type BanHead,
  banRow,
  inOrder,
  jailOf,
  type LocatedReport,
  notAsWritten,
  readBanHead,
  readReport,
  REPORT_COLUMNS,
  reportRow,
} from "./ban_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "./sql.ts";

/** Creates the tables. */
export const BAN_TABLES_SCHEMA = `
  CREATE TABLE bans (
    id INTEGER PRIMARY KEY,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    seq INTEGER NOT NULL,
    is_pending INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    UNIQUE (address, jail)
  ) STRICT;
  CREATE TABLE reports (
    ban INTEGER NOT NULL,
    origin TEXT NOT NULL,
    place INTEGER NOT NULL,
    first_ms REAL NOT NULL,
    last_ms REAL NOT NULL,
    expires_ms REAL NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (ban, origin)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX reports_end ON reports (expires_ms)
    WHERE expires_ms < 9e999;`;

/**
 * Counts bans that the index misses: they would be inserted a second time.
 * `quick_check` does not compare indexes with their tables.
 */
export const BANS_WITHOUT_INDEX = `
  SELECT count(*) FROM bans AS ban WHERE NOT EXISTS (
    SELECT 1 FROM bans INDEXED BY sqlite_autoindex_bans_1
    WHERE address = ban.address AND jail = ban.jail AND id = ban.id
  )`;

const STATEMENTS = {
  findBan: `SELECT ${BAN_COLUMNS} FROM bans WHERE address = ? AND jail = ?`,
  jails: "SELECT jail FROM bans WHERE address = ? ORDER BY jail",
  lastBan: "SELECT max(id) FROM bans",
  putBan: "INSERT INTO bans VALUES (?, ?, ?, ?, ?, ?)",
  setBan: "UPDATE bans SET seq = ?, is_pending = ?, sum = ? WHERE id = ?",
  dropBan: "DELETE FROM bans WHERE id = ?",
  findReport: `
    SELECT ${REPORT_COLUMNS} FROM reports WHERE ban = ? AND origin = ?`,
  anyReport: "SELECT 1 FROM reports WHERE ban = ? LIMIT 1",
  lastReport: `
    SELECT ${REPORT_COLUMNS} FROM reports WHERE ban = ?
    ORDER BY expires_ms DESC LIMIT 1`,
  putReport: "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)",
  dropReport: "DELETE FROM reports WHERE ban = ? AND origin = ?",
  dropReports: "DELETE FROM reports WHERE ban = ?",
  // The index may disagree with a damaged table: the table is authoritative.
  dropOver: `
    DELETE FROM reports WHERE ban = ? AND origin = ? AND expires_ms <= ?`,
  selectOver: `
    SELECT ban, origin FROM reports
    WHERE expires_ms <= ? AND expires_ms < 9e999
    ORDER BY expires_ms LIMIT ?`,
} as const;

/** What a change did. */
export interface AppliedChange {
  /** The id of its ban, whether or not that is still in force. */
  readonly ban: number;
  /** Whether its ban begins with it: no other report counted. */
  readonly begins: boolean;
}

/** Whether something else still refers to a ban without reports. */
export type IsReferredTo = (id: number) => boolean;

/**
 * Applies changes to the tables. Every method is called within the caller's
 * transaction.
 */
export class BanTables {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  readonly #isReferredTo: IsReferredTo;
  /** The last assigned id; `undefined`: none yet. Nobody else assigns ids. */
  #lastId: number | undefined;

  /**
   * @param database It has the tables of {@link BAN_TABLES_SCHEMA}.
   * @param isReferredTo A ban for which it is true keeps its row.
   */
  constructor(
    database: SqlDatabase,
    isReferredTo: IsReferredTo = () => false,
  ) {
    this.#statements = prepareAll(database, STATEMENTS);
    this.#isReferredTo = isReferredTo;
  }

  /** Applies a change. */
  apply(change: Change): AppliedChange {
    const known = this.#find(change);
    const isPending = change.kind === "report"
      ? change.isPending
      : known?.isPending ?? false;
    const { jail, address, seq } = change;
    const id = known?.id ?? this.#nextId();
    const head = { id, jail, address, seq, isPending };
    this.#setHead(head, known !== undefined);
    switch (change.kind) {
      case "report": {
        const begins = this.#report(id, change, known !== undefined);
        return { ban: id, begins };
      }
      case "withdraw":
        this.#statements.dropReport.run(id, change.origin);
        return { ban: id, begins: false };
      case "lift":
        this.#statements.dropReports.run(id);
        return { ban: id, begins: false };
    }
  }

  /**
   * Whether a ban has a row: because of reports, also expired ones, or because
   * something refers to it.
   */
  knows(key: BanKey): boolean {
    return this.#find(key) !== undefined;
  }

  /** The jails in which an address has a row. */
  jailsOf(address: Address): readonly JailName[] {
    return this.#statements.jails.all(address).map((row) =>
      jailOf(valuesOf(row)[0], "bans")
    );
  }

  /** The id of a ban with reports, also expired ones. */
  idOf(key: BanKey): number | undefined {
    const id = this.#find(key)?.id;
    return id !== undefined && this.#hasReports(id) ? id : undefined;
  }

  /** Inserts a ban; there is none with its key. */
  put(ban: Ban): void {
    const { jail, address, seq, isPending, reports } = ban;
    const id = this.#nextId();
    this.#setHead({ id, jail, address, seq, isPending }, false);
    // Before all later reports, whose place is the number of a change.
    let place = -reports.length;
    for (const report of reports) {
      const row = reportRow(id, { ...report, place });
      this.#statements.putReport.run(...row);
      place++;
    }
  }

  /**
   * Deletes expired reports, and bans without any other.
   *
   * @param nowMs Milliseconds since 1970.
   * @param max Maximum number; the oldest ends first.
   * @returns Number of deleted reports.
   */
  dropExpired(nowMs: number, max: number): number {
    const over = this.#statements.selectOver.all(nowMs, max);
    for (const row of over) {
      const [ban, origin] = valuesOf(row);
      const id = Number(ban);
      this.#statements.dropOver.run(id, String(origin), nowMs);
      this.dropUnused(id);
    }
    return over.length;
  }

  /** Deletes a ban without reports if nothing refers to it. */
  dropUnused(id: number): void {
    if (!this.#hasReports(id) && !this.#isReferredTo(id)) {
      this.#statements.dropBan.run(id);
    }
  }

  /** @returns Whether no report counted before it. */
  #report(
    id: number,
    change: Change & { readonly kind: "report" },
    mayBeKnown: boolean,
  ): boolean {
    const { origin, atMs, seq, expiresMs } = change;
    const { findReport, putReport } = this.#statements;
    const row = mayBeKnown ? findReport.get(id, origin) : undefined;
    const known = row === undefined ? undefined : readReport(id, valuesOf(row));
    const isProlonged = known !== undefined && known.expiresMs > atMs;
    const begins = !isProlonged && !(mayBeKnown && this.#stands(id, atMs));
    const { firstMs, place } = isProlonged
      ? known
      : { firstMs: atMs, place: seq };
    const report = { origin, place, firstMs, lastMs: atMs, expiresMs };
    putReport.run(...reportRow(id, report));
    return begins;
  }

  /** Whether a report of a ban counts at a time. */
  #stands(id: number, atMs: number): boolean {
    const row = this.#statements.lastReport.get(id);
    return row !== undefined && readReport(id, valuesOf(row)).expiresMs > atMs;
  }

  #find({ jail, address }: BanKey): BanHead | undefined {
    const row = this.#statements.findBan.get(address, jail);
    if (row === undefined) return undefined;
    const head = readBanHead(valuesOf(row));
    if (head.jail !== jail || head.address !== address) {
      throw notAsWritten("bans");
    }
    return head;
  }

  #nextId(): number {
    if (this.#lastId === undefined) {
      const row = this.#statements.lastBan.get();
      this.#lastId = Number(row === undefined ? 0 : valuesOf(row)[0]);
    }
    return ++this.#lastId;
  }

  #setHead(head: BanHead, isKnown: boolean): void {
    const { putBan, setBan } = this.#statements;
    const row = banRow(head);
    if (!isKnown) putBan.run(...row);
    else setBan.run(...row.slice(3), head.id);
  }

  #hasReports(id: number): boolean {
    return this.#statements.anyReport.get(id) !== undefined;
  }
}

/** Rows per query: more are not faster. */
const PAGE_ROWS = 2_000;
const SELECT_PAGE = `
  SELECT id, jail, address, seq, is_pending, bans.sum,
    origin, place, first_ms, last_ms, expires_ms, reports.sum, ban
  FROM reports LEFT JOIN bans ON id = ban
  WHERE (ban, origin) > (?, ?)
  ORDER BY ban, origin LIMIT ${PAGE_ROWS}`;
const HEAD_VALUES = 6;
const BAN_VALUE = 12;

/**
 * Reads the bans with a report that ends after a time, with those reports, in
 * the order of insertion. Page by page, because `node:sqlite` is much slower
 * for single rows.
 *
 * @param database Nothing writes to it meanwhile, as in a transaction.
 * @param nowMs Milliseconds since 1970.
 * @throws {UnusableStoreError} when a row is damaged.
 */
export function* readBanTables(
  database: SqlDatabase,
  nowMs: number,
): Generator<Ban> {
  const { page } = prepareAll(database, { page: SELECT_PAGE });
  let head: BanHead | undefined;
  let reports: LocatedReport[] = [];
  let last: readonly [number, string] = [0, ""];
  while (true) {
    const rows = page.all(...last);
    for (const row of rows) {
      const values = valuesOf(row);
      if (head === undefined || head.id !== values[BAN_VALUE]) {
        if (head !== undefined && reports.length > 0) {
          yield banOf(head, reports);
        }
        head = readBanHead(values);
        reports = [];
      }
      const report = readReport(head.id, values, HEAD_VALUES);
      // An end is used only after the row's checksum was verified, so not in
      // SQL.
      if (report.expiresMs > nowMs) reports.push(report);
      last = [head.id, report.origin];
    }
    if (rows.length < PAGE_ROWS) break;
  }
  if (head !== undefined && reports.length > 0) yield banOf(head, reports);
}

function banOf(
  { jail, address, seq, isPending }: BanHead,
  reports: LocatedReport[],
): Ban {
  return { jail, address, reports: inOrder(reports), seq, isPending };
}
