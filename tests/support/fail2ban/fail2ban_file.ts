/**
 * A database file as fail2ban writes it, at a fixed time.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** The fixed time, in milliseconds since 1970. */
export const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);
const NOW_SECONDS = NOW_MS / 1_000;

/** The table of fail2ban 1.0.2 (`fail2ban/server/database.py`). */
const TABLE = `
  CREATE TABLE IF NOT EXISTS bips(
    ip TEXT NOT NULL,
    jail TEXT NOT NULL,
    timeofban INTEGER NOT NULL,
    bantime INTEGER NOT NULL,
    bancount INTEGER NOT NULL default 1,
    data JSON,
    PRIMARY KEY(ip, jail),
    FOREIGN KEY(jail) REFERENCES jails(name)
  );
  CREATE INDEX IF NOT EXISTS bips_timeofban ON bips(timeofban);
  CREATE INDEX IF NOT EXISTS bips_ip ON bips(ip)`;

/** A row: jail, address, start in seconds from {@link NOW_MS}, and duration. */
export type BipsRow = readonly [
  jail: string,
  ip: string,
  began: number,
  lasts: number,
];

/** fail2ban's side of its database; all writes happen at {@link NOW_MS}. */
export class Fail2banFile implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, {
      enableForeignKeyConstraints: false,
    });
    this.#database.exec("PRAGMA synchronous = OFF");
    this.exec(TABLE);
  }

  /** Sets the file's modification time to some seconds ago. */
  writtenAgo(seconds: number): void {
    const at = new Date(NOW_MS - seconds * 1_000);
    Deno.utimeSync(this.#path, at, at);
  }

  /** Stores a ban. */
  ban(...[jail, ip, began, lasts]: BipsRow): void {
    const insert = "INSERT OR REPLACE INTO bips" +
      "(ip, jail, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, 1, '{}')";
    this.#database.prepare(insert).run(ip, jail, NOW_SECONDS + began, lasts);
    this.writtenAgo(0);
  }

  /** Stores the number of failures that led to a ban. */
  failed(ip: string, failures: number): void {
    const data = JSON.stringify({ matches: [], failures });
    this.#database.prepare("UPDATE bips SET data = ? WHERE ip = ?")
      .run(data, ip);
  }

  /** Executes any SQL. */
  exec(sql: string): void {
    this.#database.exec(sql);
    this.writtenAgo(0);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
