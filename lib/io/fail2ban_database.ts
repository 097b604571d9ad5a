/**
 * Asks fail2ban's own database whether a ticket is still in force.
 *
 * The table `bips` (fail2ban 0.11 and later, `fail2ban/server/database.py`)
 * holds the current or last ban of each address in each jail. Reads are single
 * rows by the primary key, so they hold no lock worth the name.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Address } from "../address.ts";
import type { JailName } from "../jail_name.ts";
import type { DetectionOracle, TicketOracle, TicketState } from "../ports.ts";

/** After a failure the database is left alone for so long. */
const RETRY_AFTER_MS = 1_000;
/** fail2ban rounds a ban's beginning: its row may end so many seconds after it. */
const ROUNDED_SECONDS = 0.5;
/** While fail2ban writes, everything here waits for it, but no longer than this. */
const BUSY_TIMEOUT_MS = 100;
/** Row: when the ban began and how long it lasts, in seconds; -1 is for ever. */
const QUERY =
  "SELECT timeofban + 0 AS began, bantime + 0 AS lasts FROM bips WHERE jail = ? AND ip = ?";

/** Row: when the ban began, and how many failures led to it; those by hand have none. */
const DETECTED_QUERY = `
  SELECT timeofban + 0 AS began, json_extract(data, '$.failures') + 0 AS failures
  FROM bips WHERE jail = ? AND ip = ?`;

interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly detected: StatementSync;
  readonly ticket: StatementSync;
  readonly inode: number | null;
}

/**
 * A {@link TicketOracle} over `dbfile`.
 *
 * @example
 * ```ts ignore
 * using database = new Fail2banDatabase("/var/lib/fail2ban/fail2ban.sqlite3");
 * database.ticketState(jail, address, Date.now()); // "in_force", say
 * ```
 */
export class Fail2banDatabase
  implements TicketOracle, DetectionOracle, Disposable {
  readonly #path: string | undefined;
  #open: OpenDatabase | undefined;
  #retryAtMs = -Infinity;
  #lastFailure: string | undefined;

  /**
   * @param path fail2ban's `dbfile`. It may be missing, and come and go;
   * `undefined`: there is none, and every state is `unknown`.
   */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Why the database could not be asked the last time; `undefined` when it could. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  ticketState(jail: JailName, address: Address, nowMs: number): TicketState {
    return this.#ask<TicketState>("unknown", ({ ticket }) => {
      const row = ticket.get(jail, address);
      return row === undefined
        ? "gone"
        : stateOf(Number(row["began"]), Number(row["lasts"]), nowMs);
    });
  }

  detectedAtMs(jail: JailName, address: Address): number | undefined {
    return this.#ask(undefined, ({ detected }) => {
      const row = detected.get(jail, address);
      return Number(row?.["failures"]) >= 1
        ? Number(row?.["began"]) * 1_000
        : undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #ask<T>(unknown: T, question: (open: OpenDatabase) => T): T {
    const path = this.#path;
    if (path === undefined || performance.now() < this.#retryAtMs) {
      return unknown;
    }
    try {
      const answer = question(this.#opened(path));
      this.#lastFailure = undefined;
      return answer;
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.#close();
      this.#lastFailure = error.message;
      this.#retryAtMs = performance.now() + RETRY_AFTER_MS;
      return unknown;
    }
  }

  #opened(path: string): OpenDatabase {
    const { ino } = Deno.statSync(path);
    if (this.#open?.inode === ino) return this.#open;
    this.#close();
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      const ticket = database.prepare(QUERY);
      const detected = database.prepare(DETECTED_QUERY);
      this.#open = { database, ticket, detected, inode: ino };
      return this.#open;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }
}

function stateOf(began: number, lasts: number, nowMs: number): TicketState {
  if (lasts < 0) return "in_force";
  return began + lasts - ROUNDED_SECONDS <= nowMs / 1_000
    ? "expired"
    : "in_force";
}

/** Missing, forbidden, locked, or of a fail2ban without `bips`: all may pass. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && "code" in error &&
    (error.code === "ERR_SQLITE_ERROR" || /^E[A-Z]+$/.test(String(error.code)));
}
