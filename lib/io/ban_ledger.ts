/**
 * What the subscriber wants in force on this host, in a file that the host's
 * monitor reads.
 *
 * @see {@link https://www.sqlite.org/wal.html | SQLite, Write-Ahead Logging}
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Address, parseAddress } from "../address.ts";
import type { BanKind } from "../ban_event.ts";
import { RuntimeError } from "../errors.ts";
import { parseHostName } from "../host_name.ts";
import { type JailName, parseJailName } from "../jail_name.ts";
import type { BanLedger, EchoOracle, LocalBan } from "../ports.ts";

/** Where a node keeps its ledger. */
export function ledgerPath(stateDir: string): string {
  return `${stateDir}/bans.sqlite3`;
}

/** What is over is remembered for so long: the monitor may read later. */
const REMEMBER_MS = 3_600_000;
/** After a failure a reader leaves the file alone for so long. */
const RETRY_AFTER_MS = 1_000;
const BUSY_TIMEOUT_MS = 1_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS bans (
    action TEXT NOT NULL,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    origin TEXT NOT NULL,
    reported_jail TEXT NOT NULL,
    expires_ms REAL NOT NULL,
    lifted_ms REAL,
    PRIMARY KEY (action, jail, address)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS bans_lifted ON bans (lifted_ms);`;
const NOTE = `
  INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?, ?, ?, NULL)`;
const FORGET = `
  UPDATE bans SET lifted_ms = ? WHERE action = ? AND jail = ? AND address = ?`;
const PURGE = `
  DELETE FROM bans WHERE lifted_ms < ?`;
const LOAD = `
  SELECT jail, address, origin, reported_jail AS reportedJail,
    expires_ms AS expiresMs
  FROM bans WHERE action = ? AND lifted_ms IS NULL`;
const FIND = `
  SELECT expires_ms AS expiresMs, lifted_ms AS liftedMs
  FROM bans WHERE action = ? AND jail = ? AND address = ?`;

/**
 * An {@link BanLedger} in SQLite. A note survives the end of the process,
 * but perhaps not a loss of power: what is in force is asked for after that.
 *
 * @example
 * ```ts ignore
 * using ledger = new SqliteLedger("/var/lib/fail2ban-cluster/bans.sqlite3");
 * ledger.note("fail2banclient", bans);
 * ```
 */
export class SqliteLedger implements BanLedger, Disposable {
  readonly #database: DatabaseSync;
  readonly #note: StatementSync;
  readonly #forget: StatementSync;
  readonly #purge: StatementSync;
  readonly #load: StatementSync;

  /**
   * @param path Absolute path; created where it is missing.
   * @throws {RuntimeError} when it can't be opened.
   */
  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      this.#database.exec(SCHEMA);
    } catch (error) {
      throw new RuntimeError(`cannot open ${path}: ${messageOf(error)}`, {
        hint: "the folder is statedir in [general], and must be writable",
        cause: error,
      });
    }
    this.#note = this.#database.prepare(NOTE);
    this.#forget = this.#database.prepare(FORGET);
    this.#purge = this.#database.prepare(PURGE);
    this.#load = this.#database.prepare(LOAD);
  }

  note(action: string, bans: readonly LocalBan[]): void {
    this.#atOnce(() => {
      for (const ban of bans) {
        const { jail, address, origin, reportedJail, expiresMs } = ban;
        this.#note.run(action, jail, address, origin, reportedJail, expiresMs);
      }
    });
  }

  forget(action: string, bans: readonly LocalBan[], nowMs: number): void {
    this.#atOnce(() => {
      for (const { jail, address } of bans) {
        this.#forget.run(nowMs, action, jail, address);
      }
      this.#purge.run(nowMs - REMEMBER_MS);
    });
  }

  load(action: string): readonly LocalBan[] {
    try {
      return this.#load.all(action).flatMap((row) => {
        const ban = readBan(row);
        return ban === undefined ? [] : [ban];
      });
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

  #atOnce(change: () => void): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      change();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      if (!isSqliteError(error)) throw error;
      throw new RuntimeError(`cannot note bans: ${messageOf(error)}`, {
        hint: "is the disk of statedir full?",
        cause: error,
      });
    }
  }
}

interface OpenLedger {
  readonly database: DatabaseSync;
  readonly find: StatementSync;
  readonly inode: number | null;
}

/** An {@link EchoOracle} over the file of a {@link SqliteLedger}. */
export class LedgerEchoOracle implements EchoOracle, Disposable {
  readonly #path: string;
  readonly #action: string;
  #open: OpenLedger | undefined;
  #retryAtMs = -Infinity;

  /**
   * @param path The ledger's file. It may be missing, and come and go: without
   * it nothing is an echo.
   * @param action Whose bans a fail2ban would log.
   */
  constructor(path: string, action: string) {
    this.#path = path;
    this.#action = action;
  }

  isEcho(kind: BanKind, jail: JailName, address: Address): boolean {
    if (performance.now() < this.#retryAtMs) return false;
    try {
      const row = this.#opened()?.find.get(this.#action, jail, address);
      return row !== undefined && isEchoOf(row, kind, Date.now());
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      this[Symbol.dispose]();
      this.#retryAtMs = performance.now() + RETRY_AFTER_MS;
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #opened(): OpenLedger | undefined {
    const inode = inodeOf(this.#path);
    if (this.#open !== undefined && this.#open.inode !== inode) {
      this[Symbol.dispose]();
    }
    if (inode === undefined) return undefined;
    return this.#open ??= { ...openReader(this.#path), inode };
  }
}

/**
 * A ban that is to be lifted is noted as one whose end is past, and what the
 * monitor reads may have been written before.
 */
function isEchoOf(
  { expiresMs, liftedMs }: Record<string, unknown>,
  kind: BanKind,
  nowMs: number,
): boolean {
  if (liftedMs === null) {
    return kind === "unban" || Number(expiresMs) > nowMs - REMEMBER_MS;
  }
  return kind === "unban" && Number(liftedMs) > nowMs - REMEMBER_MS;
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function openReader(path: string): Omit<OpenLedger, "inode"> {
  const database = new DatabaseSync(path, {
    readOnly: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  try {
    return { database, find: database.prepare(FIND) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A row that is not as it was written is left out: what is in force is asked for. */
function readBan(row: Record<string, unknown>): LocalBan | undefined {
  const jail = parseJailName(String(row["jail"]));
  const address = parseAddress(String(row["address"]));
  const origin = parseHostName(String(row["origin"]));
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
