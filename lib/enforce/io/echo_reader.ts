/**
 * Tells the monitor which lines of this host's fail2ban log the subscriber
 * caused, from the file of `ban_ledger.ts`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DATABASE_ENDS } from "../../base/aside.ts";
import type { Address } from "../../base/address.ts";
import type { BanKind } from "../../ban/ban_event.ts";
import type { JailName } from "../../base/jail_name.ts";
import type { EchoOracle } from "../enforcer.ts";

/** Options for a reader of the ledger. */
export interface EchoReaderOptions {
  /**
   * Interval between checks that the file is still there and the same, in
   * milliseconds. Under load a check costs more than a query.
   *
   * @default {0}
   */
  readonly lookEveryMs?: number;
}

/** Interval between attempts to open an unreadable file. */
const RETRY_INTERVAL_MS = 1_000;
const BUSY_TIMEOUT_MS = 1_000;
/**
 * Before 0.10.5, fail2ban bans up to a second after its answer; a busy one
 * later.
 */
const SLACK_MS = 5_000;
const FIND = `
  SELECT began_ms AS beganMs, settled_ms AS settledMs, lifted_ms AS liftedMs
  FROM applied WHERE action = ? AND jail = ? AND address = ?`;

interface OpenLedger {
  readonly database: DatabaseSync;
  readonly find: StatementSync;
  readonly inode: number | null;
}

/**
 * An {@link EchoOracle} that reads the file of a `SqliteLedger`.
 *
 * The subscriber caused a `Ban` line that was written while it was asking for
 * that ban, and an `Unban` line that was written from then until the ban was
 * lifted. It caused a line without a time while the ban is in force, and an
 * `Unban` line for an hour longer.
 *
 * While the file is missing or unreadable, nothing is an echo: a decision of
 * the host itself must not be lost, and an echo ends with its unban.
 */
export class EchoReader implements EchoOracle, Disposable {
  readonly #path: string;
  readonly #action: string;
  readonly #lookEveryMs: number;
  #lookedAtMs = -Infinity;
  #open: OpenLedger | undefined;
  #retryAtMs = -Infinity;

  /**
   * @param path The ledger's file. It may be missing, and may appear and
   * disappear.
   * @param action The action whose bans fail2ban logs.
   * @param options How often the file is checked.
   */
  constructor(
    path: string,
    action: string,
    { lookEveryMs = 0 }: EchoReaderOptions = {},
  ) {
    this.#path = path;
    this.#action = action;
    this.#lookEveryMs = lookEveryMs;
  }

  isEcho(
    kind: BanKind,
    jail: JailName,
    address: Address,
    atMs?: number,
  ): boolean {
    if (performance.now() < this.#retryAtMs) return false;
    const rows = this.#find(jail, address) ?? this.#find(jail, address);
    if (rows === undefined) {
      this.#retryAtMs = performance.now() + RETRY_INTERVAL_MS;
      return false;
    }
    return rows.some((row) => isEchoOf(row, kind, atMs));
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  /** @returns `undefined` when the file can't be read; it is then closed. */
  #find(
    jail: JailName,
    address: Address,
  ): readonly Record<string, unknown>[] | undefined {
    try {
      return this.#opened()?.find.all(this.#action, jail, address) ?? [];
    } catch (error) {
      if (!isExpected(error)) throw error;
      this[Symbol.dispose]();
      this.#lookedAtMs = -Infinity;
      return undefined;
    }
  }

  #opened(): OpenLedger | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < this.#lookEveryMs) return this.#open;
    this.#lookedAtMs = nowMs;
    const inode = inodeOf(this.#path);
    if (this.#open !== undefined && this.#open.inode !== inode) {
      this[Symbol.dispose]();
    }
    if (inode === undefined) return undefined;
    return this.#open ??= { ...openReader(this.#path), inode };
  }
}

function isEchoOf(
  { beganMs, settledMs, liftedMs }: Record<string, unknown>,
  kind: BanKind,
  atMs: number | undefined,
): boolean {
  if (atMs === undefined) return kind === "unban" || liftedMs === null;
  const endMs = kind === "ban" ? settledMs : liftedMs;
  return atMs >= Number(beganMs) - SLACK_MS &&
    (endMs === null || atMs <= Number(endMs) + SLACK_MS);
}

/**
 * The file's inode; `undefined` of a pipe, whose other end SQLite would wait
 * for.
 */
function inodeOf(path: string): number | null | undefined {
  try {
    const seen = DATABASE_ENDS.map((end) => see(`${path}${end}`));
    const isOdd = seen.some((each) => each?.isFile === false);
    return isOdd ? undefined : seen[0]?.ino;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

function see(path: string): Deno.FileInfo | undefined {
  // An exception would cost as much as all other work for a line.
  if (!existsSync(path)) return undefined;
  try {
    return Deno.statSync(path);
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

/**
 * Whether the error is SQLite's or the system's: a folder may be unreadable for
 * a while.
 */
function isExpected(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    /^(ERR_SQLITE_ERROR|E[A-Z0-9]+)$/.test(String(error.code));
}
