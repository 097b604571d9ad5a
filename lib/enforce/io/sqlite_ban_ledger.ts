/**
 * The bans that the subscriber wants in force on this host and those that it
 * applied, in a file that the host's monitor reads (`echo_reader.ts`).
 *
 * @see {@link https://www.sqlite.org/wal.html | SQLite, Write-Ahead Logging}
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parseAddress } from "../../base/address.ts";
import {
  asideCommand,
  asidePath,
  DATABASE_ENDS,
  oddKind,
} from "../../base/aside.ts";
import { RuntimeError } from "../../base/errors.ts";
import { parseOrigin } from "../../base/operator_name.ts";
import { parseJailName } from "../../base/jail_name.ts";
import type {
  BanLedger,
  BanState,
  LedgerContents,
  WantedReports,
} from "../ban_ledger.ts";
import type { HostBan } from "../enforcer.ts";

/** The path of a node's ledger. */
export function ledgerPath(stateDir: string): string {
  return `${stateDir}/bans.sqlite3`;
}

/** Retention of a ban that has ended: the monitor may read the log later. */
const RETENTION_MS = 3_600_000;
const BUSY_TIMEOUT_MS = 1_000;
/** Version of the tables below; 0 is a new file. */
const VERSION = 3;

/**
 * `wanted`: a row for each reporter of a ban. `applied`: a row for each time a
 * ban was applied, from before the enforcer was asked (`began_ms`) over its
 * answer (`settled_ms`) until the ban was lifted or applied anew. `used`: the
 * actions whose bans in force are not recorded.
 */
const SCHEMA = `
  CREATE TABLE wanted (
    action TEXT NOT NULL,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    origin TEXT NOT NULL,
    reported_jail TEXT NOT NULL,
    expires_ms REAL NOT NULL,
    PRIMARY KEY (action, jail, address, origin, reported_jail)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE applied (
    action TEXT NOT NULL,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    began_ms REAL NOT NULL,
    settled_ms REAL,
    lifted_ms REAL,
    origin TEXT NOT NULL,
    reported_jail TEXT NOT NULL,
    expires_ms REAL NOT NULL,
    PRIMARY KEY (action, jail, address, began_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE used (action TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE INDEX applied_lifted ON applied (lifted_ms)
    WHERE lifted_ms IS NOT NULL;
  PRAGMA user_version = ${VERSION};`;
const KEY = "action = ? AND jail = ? AND address = ?";
const UNWANT = `DELETE FROM wanted WHERE ${KEY}`;
const WANT = "INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?, ?, ?)";
const CLOSE = `
  UPDATE applied SET lifted_ms = ?1, settled_ms = coalesce(settled_ms, ?1)
  WHERE action = ?2 AND jail = ?3 AND address = ?4 AND lifted_ms IS NULL`;
const OPEN = `
  INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?)`;
const SETTLE = `
  UPDATE applied SET settled_ms = ?, origin = ?, reported_jail = ?,
    expires_ms = ?
  WHERE ${KEY} AND lifted_ms IS NULL`;
const PURGE = "DELETE FROM applied WHERE lifted_ms < ?";
const IN_USE = `
  SELECT EXISTS (SELECT 1 FROM used WHERE action = ?1) OR EXISTS (
    SELECT 1 FROM applied WHERE action = ?1 AND lifted_ms IS NULL) AS isInUse`;
const BAN = `
  jail, address, origin, reported_jail AS reportedJail, expires_ms AS expiresMs`;
const LOAD_WANTED = `SELECT ${BAN} FROM wanted WHERE action = ?`;
const LOAD_APPLIED = `
  SELECT ${BAN}, settled_ms AS settledMs FROM applied
  WHERE action = ? AND lifted_ms IS NULL`;

/** Why a ledger begins empty. */
export interface LedgerLoss {
  /** What is wrong with the file. */
  readonly reason: string;
  /** The new path of the damaged file; without it the ledger is in memory. */
  readonly path?: string;
}

const IN_MEMORY = ":memory:";

/** The statements, prepared once. */
type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

const STATEMENTS = {
  unwant: UNWANT,
  want: WANT,
  close: CLOSE,
  open: OPEN,
  settle: SETTLE,
  purge: PURGE,
  forgetWanted: "DELETE FROM wanted WHERE action = ?",
  forgetApplied: "DELETE FROM applied WHERE action = ?",
  use: "INSERT OR REPLACE INTO used VALUES (?)",
  end: "DELETE FROM used WHERE action = ?",
  isInUse: IN_USE,
  loadWanted: LOAD_WANTED,
  loadApplied: LOAD_APPLIED,
} as const;

/**
 * A {@link BanLedger} in SQLite. A record survives the end of the process, but
 * perhaps not a power loss: after that the bans in force are listed.
 *
 * @example
 * ```ts ignore
 * using ledger = new SqliteLedger("/var/lib/fail2ban-cluster/bans.sqlite3");
 * ledger.recordStart("fail2banclient", bans, Date.now());
 * ```
 */
export class SqliteLedger implements BanLedger, Disposable {
  /** Why earlier records are missing; `undefined`: they are not. */
  readonly loss: LedgerLoss | undefined;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  /**
   * Opens or creates a ledger. A damaged file is moved aside, because bans in
   * force can be listed. If the disk accepts no file, the ledger is in memory.
   *
   * @param path Absolute path; created where it is missing.
   * @throws {RuntimeError} when a newer program wrote the file.
   */
  constructor(path: string) {
    let loss: LedgerLoss | undefined;
    let opened: OpenedLedger;
    try {
      opened = open(path);
    } catch (error) {
      if (!isExpected(error)) throw error;
      const reason = `cannot open ${path}: ${error.message}`;
      const isMoved = isDamage(error) && putAside(path);
      opened = isMoved ? open(path) : open(IN_MEMORY);
      loss = { reason, ...isMoved ? { path: asidePath(path) } : {} };
    }
    this.loss = loss;
    this.#database = opened.database;
    this.#statements = opened.statements;
  }

  want(action: string, wanted: readonly WantedReports[]): void {
    const { unwant, want } = this.#statements;
    this.#atOnce(() => {
      for (const { jail, address, reports } of wanted) {
        unwant.run(action, jail, address);
        for (const { origin, reportedJail, expiresMs } of reports) {
          want.run(action, jail, address, origin, reportedJail, expiresMs);
        }
      }
    });
  }

  recordStart(action: string, bans: readonly HostBan[], nowMs: number): void {
    this.#atOnce(() => {
      for (const ban of bans) {
        this.#statements.close.run(nowMs, action, ban.jail, ban.address);
        this.#open(action, ban, nowMs, null);
      }
    });
  }

  recordOutcome(
    action: string,
    bans: readonly BanState[],
    nowMs: number,
  ): void {
    const { close, settle, purge } = this.#statements;
    this.#atOnce(() => {
      for (const { ban, state } of bans) {
        const { jail, address, origin, reportedJail, expiresMs } = ban;
        if (state === "none") {
          close.run(nowMs, action, jail, address);
        } else if (state === "applied") {
          const values = [nowMs, origin, reportedJail, expiresMs];
          const { changes } = settle.run(...values, action, jail, address);
          if (changes === 0) this.#open(action, ban, nowMs, nowMs);
        }
      }
      purge.run(nowMs - RETENTION_MS);
    });
  }

  load(action: string): LedgerContents {
    const { loadWanted, loadApplied } = this.#statements;
    return this.#read(() => ({
      reports: loadWanted.all(action).flatMap((row) => readBan(row) ?? []),
      marks: loadApplied.all(action).flatMap((row) => {
        const ban = readBan(row);
        const state = row["settledMs"] === null ? "tried" : "applied";
        return ban === undefined ? [] : [{ ban, state } as const];
      }),
    }));
  }

  recordUse(action: string): void {
    const { forgetWanted, forgetApplied, use } = this.#statements;
    const statements = [forgetWanted, forgetApplied, use];
    this.#atOnce(() => statements.forEach((each) => each.run(action)));
  }

  recordEnd(action: string): void {
    this.#atOnce(() => this.#statements.end.run(action));
  }

  isInUse(action: string): boolean {
    const asked = this.#statements.isInUse;
    return this.#read(() => asked.get(action)?.["isInUse"] === 1);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      throw new RuntimeError(`cannot read noted bans: ${messageOf(error)}`, {
        hint: "a damaged bans.sqlite3 in statedir may be removed",
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #open(
    action: string,
    { jail, address, origin, reportedJail, expiresMs }: HostBan,
    beganMs: number,
    settledMs: number | null,
  ): void {
    const key = [action, jail, address, beganMs, settledMs] as const;
    this.#statements.open.run(...key, origin, reportedJail, expiresMs);
  }

  #atOnce(change: () => unknown): void {
    try {
      transact(this.#database, change);
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      throw new RuntimeError(`cannot note bans: ${messageOf(error)}`, {
        hint: "is the disk of statedir full?",
        cause: error,
      });
    }
  }
}

interface OpenedLedger {
  readonly database: DatabaseSync;
  readonly statements: Statements;
}

/** The file was not written by this program, or is damaged. */
class DamagedLedgerError extends Error {}

function open(path: string): OpenedLedger {
  if (path !== IN_MEMORY) refuseOdd(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    const statements = prepare(database, path);
    const [found] = database.prepare("PRAGMA quick_check(1)").all();
    if (found?.["quick_check"] === "ok") return { database, statements };
    throw new DamagedLedgerError(String(found?.["quick_check"]));
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite would wait forever for the other end of a pipe. */
function refuseOdd(path: string): void {
  for (const end of DATABASE_ENDS) {
    const seen = see(`${path}${end}`);
    const odd = seen && oddKind(seen);
    if (odd !== undefined) {
      throw new DamagedLedgerError(end === "" ? odd : `${end}: ${odd}`);
    }
  }
  if (see(path)?.size === 0) throw new DamagedLedgerError("it is empty");
}

/** @returns Whether the file could be moved. */
function putAside(path: string): boolean {
  try {
    for (const end of DATABASE_ENDS) {
      const aside = `${asidePath(path)}${end}`;
      if (see(aside) !== undefined) Deno.removeSync(aside, { recursive: true });
      if (see(`${path}${end}`) !== undefined) {
        Deno.renameSync(`${path}${end}`, aside);
      }
    }
    return true;
  } catch (error) {
    if (!isExpected(error)) throw error;
    return false;
  }
}

function see(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether the error is the system's or SQLite's, or was found in the file. */
function isExpected(error: unknown): error is Error {
  return error instanceof DamagedLedgerError || isSqliteError(error) ||
    error instanceof Error && "code" in error &&
      /^E[A-Z0-9]+$/.test(String(error.code));
}

/** A missing table is damage, too: the file has this program's version. */
function isDamage(error: Error): boolean {
  return error instanceof DamagedLedgerError ||
    /malformed|not a database|unsupported file format|no such (table|column)/
      .test(error.message);
}

/** Creates the tables of a new file. */
function prepare(database: DatabaseSync, path: string): Statements {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  transact(database, () => {
    const version = database.prepare("PRAGMA user_version").get();
    const found = Number(version?.["user_version"]);
    if (found > VERSION) {
      throw new RuntimeError("bans.sqlite3 is of a newer program than this", {
        hint: `start that one, or begin a new one; run: ${
          asideCommand(path, (name) => see(name) !== undefined, DATABASE_ENDS)
        }`,
      });
    }
    if (found === VERSION) return;
    if (found !== 0) throw new DamagedLedgerError(`it is of version ${found}`);
    database.exec(SCHEMA);
  });
  const statements = Object.entries(STATEMENTS).map(([name, text]) => [
    name,
    database.prepare(text),
  ]);
  return Object.fromEntries(statements);
}

function transact(database: DatabaseSync, change: () => unknown): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    change();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** A row with invalid values is left out: the bans in force can be listed. */
function readBan(row: Record<string, unknown>): HostBan | undefined {
  const jail = parseJailName(String(row["jail"]));
  const address = parseAddress(String(row["address"]));
  const origin = parseOrigin(String(row["origin"]));
  const reportedJail = parseJailName(String(row["reportedJail"]));
  const expiresMs = Number(row["expiresMs"]);
  return jail && address && origin && reportedJail
    ? { jail, address, origin, reportedJail, expiresMs }
    : undefined;
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    error.code === "ERR_SQLITE_ERROR";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
