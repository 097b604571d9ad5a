/**
 * Asks fail2ban's own database whether a ticket is still in force.
 *
 * The table `bips` (fail2ban 0.11 and later, `fail2ban/server/database.py`)
 * holds the current or last ban of each address in each jail. Queries read
 * single rows by the primary key, so they hold no lock for long.
 *
 * If fail2ban's `dbfile` is another file, fail2ban never writes this one, and
 * every ticket seems to be gone. So an answer that lifts a ban needs a matching
 * sign: a manual unban deletes the row right before the line is written, so the
 * file was modified recently; an expired ticket ended recently. Without that
 * sign the answer is `unknown`.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { oddKind } from "../../base/aside.ts";
import { type Address, parseAddress } from "../../base/address.ts";
import { type JailName, parseJailName } from "../../base/jail_name.ts";
import type {
  DetectionOracle,
  HeldTicket,
  TicketList,
  TicketLists,
  TicketOracle,
  TicketRow,
  TicketRows,
  TicketState,
} from "../ports.ts";
import type { Log } from "../../log/log.ts";

const PERMANENT = -1;
/** Interval before the database is tried again after a failure. */
const RETRY_INTERVAL_MS = 1_000;
/** Ignored difference: fail2ban rounds the beginning of a ban in its row. */
const ROUNDED_SECONDS = 0.5;
/** Longest wait for a write of fail2ban; it blocks this process. */
const BUSY_TIMEOUT_MS = 100;
/** Maximum age of the write, or of the expiry, that caused a line. */
const RECENT_LIMIT_MS = 30_000;
const NO_SIGN =
  "there is no sign that fail2ban writes it; is it fail2ban's dbfile?";
/**
 * Row: beginning and duration of a ban in seconds; -1: forever, -2: unknown.
 */
const QUERY =
  "SELECT timeofban + 0 AS began, bantime + 0 AS lasts FROM bips WHERE jail = ? AND ip = ?";

/**
 * Row: beginning of a ban, and its number of failures; none if made by hand.
 */
const DETECTED_QUERY = `
  SELECT timeofban + 0 AS began, json_extract(data, '$.failures') + 0 AS failures
  FROM bips WHERE jail = ? AND ip = ?`;

/** Rows of bans in force, in the order in which they were written. */
const LIST_QUERY = `
  SELECT rowid AS at, jail, ip, timeofban + 0 AS began, bantime + 0 AS lasts
  FROM bips WHERE rowid > ? AND (bantime = -1 OR timeofban + bantime > ?)
  ORDER BY rowid LIMIT ?`;
/** Number of rows that are read at once. */
const MAX_ROWS = 2_000;

interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly detected: StatementSync;
  readonly ticket: StatementSync;
  readonly inode: number | null;
}

/**
 * A missing row, with the database's modification time in milliseconds since
 * 1970.
 */
interface NoRow {
  readonly writtenMs: number;
}

/** Beginning and duration of a ban, in seconds. */
interface BanTimes {
  readonly began: number;
  readonly lasts: number;
}

/**
 * A {@link TicketOracle}, and {@link TicketRows}, over `dbfile`.
 *
 * @example
 * ```ts ignore
 * using database = new Fail2banDatabase("/var/lib/fail2ban/fail2ban.sqlite3");
 * database.ticketState(jail, address, Date.now()); // "in_force", say
 * ```
 */
export class Fail2banDatabase
  implements
    TicketOracle,
    TicketRows,
    TicketLists,
    DetectionOracle,
    Disposable {
  readonly #path: string | undefined;
  readonly #log: Log | undefined;
  #hasWarned = false;
  #open: OpenDatabase | undefined;
  #retryAtMs = -Infinity;
  #lastFailure: string | undefined;
  /** Jails whose bans this database has held. */
  readonly #seenJails = new Set<JailName>();

  /**
   * @param path fail2ban's `dbfile`, which may be missing at times;
   * `undefined`: there is none, and every state is `unknown`.
   * @param log Receives one record when another file may be the right one.
   */
  constructor(path: string | undefined, log?: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Why the last query failed; `undefined` when it did not. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  get answers(): boolean {
    return this.#path !== undefined && this.#open !== undefined &&
      this.#lastFailure === undefined;
  }

  ticketState(jail: JailName, address: Address, nowMs: number): TicketState {
    const row = this.#ask(({ ticket }, writtenMs) =>
      timesOf(ticket.get(jail, address)) ?? { writtenMs }
    );
    if (row === undefined) return "unknown";
    const state = "lasts" in row ? stateOf(row, nowMs) : goneSince(row, nowMs);
    if (state === "unknown") this.#warn();
    return state;
  }

  ticketRow(jail: JailName, address: Address): TicketRow | undefined {
    const row = this.#ask(({ ticket }) => timesOf(ticket.get(jail, address)));
    if (row === undefined) return undefined;
    const { began, lasts } = row;
    const beganMs = began * 1_000;
    if (lasts === PERMANENT) return { beganMs, endsMs: Infinity };
    return lasts < 0 ? undefined : { beganMs, endsMs: (began + lasts) * 1_000 };
  }

  detectedAtMs(jail: JailName, address: Address): number | undefined {
    return this.#ask(({ detected }) => {
      const row = detected.get(jail, address);
      return Number(row?.["failures"]) >= 1
        ? Number(row?.["began"]) * 1_000
        : undefined;
    });
  }

  /** Reads in parts, so that other work is not delayed. */
  async list(signal: AbortSignal): Promise<TicketList | undefined> {
    const tickets: HeldTicket[] = [];
    const oddJails = new Set<string>();
    let after = -1;
    while (true) {
      const rows = this.#ask(({ database }) =>
        database.prepare(LIST_QUERY).all(after, Date.now() / 1_000, MAX_ROWS)
      );
      if (rows === undefined) return undefined;
      for (const row of rows) {
        after = Number(row["at"]);
        const jail = parseJailName(String(row["jail"]));
        const address = parseAddress(String(row["ip"]));
        if (jail === undefined) oddJails.add(String(row["jail"]));
        else if (address !== undefined) {
          tickets.push({ jail, address, ...endsOf(row) });
        }
      }
      if (rows.length < MAX_ROWS) break;
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal.throwIfAborted();
    }
    // A file that is not fail2ban's would report every ban as gone.
    const seen = this.#seenJails;
    for (const { jail } of tickets) seen.add(jail);
    const covers = (jail: JailName) => seen.has(jail);
    return { tickets, oddJails, covers, isExact: false };
  }

  /** @returns `undefined` also when the database can't be read. */
  #ask<T>(
    question: (open: OpenDatabase, writtenMs: number) => T | undefined,
  ): T | undefined {
    const path = this.#path;
    if (path === undefined || performance.now() < this.#retryAtMs) {
      return undefined;
    }
    try {
      const { ino, mtime } = seeFile(path);
      const open = this.#opened(path, ino);
      const answer = question(open, mtime?.getTime() ?? -Infinity);
      this.#lastFailure = undefined;
      return answer;
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.#close();
      this.#lastFailure = error.message;
      this.#retryAtMs = performance.now() + RETRY_INTERVAL_MS;
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #warn(): void {
    this.#lastFailure = NO_SIGN;
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const event = "fail2ban's database does not show what the log says";
    this.#log?.record("warning", event, { fail2bandb: this.#path });
  }

  #opened(path: string, ino: number | null): OpenDatabase {
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

/** Not a regular file; SQLite would wait for the other end of a pipe. */
class NotADatabaseError extends Error {}

function seeFile(path: string): Deno.FileInfo {
  const info = Deno.statSync(path);
  const odd = oddKind(info);
  if (odd !== undefined) throw new NotADatabaseError(`${path}: ${odd}`);
  return info;
}

function endsOf({ began, lasts }: Record<string, unknown>) {
  const beganMs = Number(began) * 1_000;
  const isForEver = Number(lasts) === PERMANENT;
  return {
    beganMs,
    endsMs: isForEver ? Infinity : beganMs + Number(lasts) * 1_000,
  };
}

function timesOf(
  row: Record<string, unknown> | undefined,
): BanTimes | undefined {
  return row &&
    { began: Number(row["began"]), lasts: Number(row["lasts"]) };
}

function goneSince({ writtenMs }: NoRow, nowMs: number): TicketState {
  return Math.abs(nowMs - writtenMs) <= RECENT_LIMIT_MS ? "gone" : "unknown";
}

function stateOf({ began, lasts }: BanTimes, nowMs: number): TicketState {
  if (lasts < 0) return "in_force";
  const overMs = nowMs - (began + lasts - ROUNDED_SECONDS) * 1_000;
  if (overMs < 0) return "in_force";
  return overMs <= RECENT_LIMIT_MS ? "expired" : "unknown";
}

/**
 * Whether the database is missing, forbidden, locked, or lacks `bips`: all of
 * these may be temporary.
 */
function isExpected(error: unknown): error is Error {
  return error instanceof NotADatabaseError ||
    error instanceof Error && "code" in error &&
      /^(ERR_SQLITE_ERROR|E[A-Z0-9]+)$/.test(String(error.code));
}
