/**
 * Receipts in the publisher's database; see `ban_rows.ts`.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import {
  addressOf,
  hasItsSum,
  hostOf,
  jailOf,
  notAsWritten,
  numberOf,
  summed,
} from "./ban_rows.ts";
import { KeyFilter } from "./key_filter.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
  valuesOf,
} from "../sqlite/sql.ts";

/** Creates the table. */
export const RECEIPT_TABLE_SCHEMA = `
  CREATE TABLE receipts (
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    node TEXT NOT NULL,
    action TEXT NOT NULL,
    at_ms REAL NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (jail, address, node, action)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipts_at ON receipts (at_ms);`;

const STATEMENTS = {
  put: `
    INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms,
      outcome = excluded.outcome, detail = excluded.detail, sum = excluded.sum
    WHERE excluded.at_ms >= at_ms`,
  drop: "DELETE FROM receipts WHERE jail = ? AND address = ?",
  of: `
    SELECT jail, address, node, action, at_ms, outcome, detail, sum
    FROM receipts WHERE jail = ? AND address = ? ORDER BY node, action`,
  after: `
    SELECT DISTINCT jail, address FROM receipts WHERE (jail, address) > (?, ?)
    ORDER BY jail, address LIMIT ?`,
  old: `
    SELECT at_ms, jail, address, node, action FROM receipts
    WHERE at_ms < ? AND
      (at_ms, jail, address, node, action) > (?, ?, ?, ?, ?)
    ORDER BY at_ms, jail, address, node, action LIMIT ?`,
  dropOne: `
    DELETE FROM receipts
    WHERE jail = ? AND address = ? AND node = ? AND action = ?`,
} as const;

const OUTCOMES: readonly string[] = [
  "applied",
  "lifted",
  "refused",
  "failed",
] satisfies StoredReceipt["outcome"][];

/** Sorts before all receipts: a round begins here. */
const FIRST: readonly SqlValue[] = [-Infinity, "", "", "", ""];

/** The table of receipts; writing methods are called within a transaction. */
export class ReceiptTable {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  /** Avoids queries: most bans begin without earlier receipts. */
  readonly filter: KeyFilter;
  /** Key of the last old receipt checked; receipts of bans in force stay. */
  #lastOld = FIRST;

  /**
   * @param database Has the table.
   * @param hashOf Hashes what identifies a ban.
   */
  constructor(database: SqlDatabase, hashOf: (key: BanKey) => number) {
    this.#statements = prepareAll(database, STATEMENTS);
    let last: readonly [string, string] = ["", ""];
    const next = (max: number) => {
      const rows = this.#statements.after.all(...last, max).map(valuesOf);
      const keys = rows.map(([jail, address]) => readKey(jail, address));
      // Advance only now, so that no row of a page with a damaged row is
      // skipped.
      const { jail, address } = keys.at(-1) ?? {};
      if (jail !== undefined && address !== undefined) last = [jail, address];
      return keys;
    };
    this.filter = new KeyFilter({ hashOf, next });
  }

  /**
   * Stores a receipt, unless a later one of its node and action is stored.
   *
   * @returns Whether it was stored.
   */
  put(receipt: StoredReceipt): boolean {
    const { jail, address, node, action, atMs, outcome, detail } = receipt;
    this.filter.add(receipt);
    const row = summed(jail, address, node, action, atMs, outcome, detail);
    return Number(this.#statements.put.run(...row).changes) > 0;
  }

  /** Whether there may be receipts of a ban. */
  mayHave(key: BanKey): boolean {
    return this.filter.mayHave(key);
  }

  /** Deletes the receipts of a ban. */
  drop({ jail, address }: BanKey): void {
    this.#statements.drop.run(jail, address);
  }

  /** The receipts of a ban, by node and action. */
  of({ jail, address }: BanKey): readonly StoredReceipt[] {
    return this.#statements.of.all(jail, address).map(readReceipt);
  }

  /**
   * Deletes old receipts, except those of bans in force.
   *
   * @param max Most receipts to check.
   * @returns How many receipts it checked.
   */
  prune(
    beforeMs: number,
    max: number,
    isInForce: (key: BanKey) => boolean,
  ): number {
    if (max <= 0) return 0;
    const { old, dropOne } = this.#statements;
    const rows = old.all(beforeMs, ...this.#lastOld, max).map(valuesOf);
    for (const [, jail, address, node, action] of rows) {
      if (isInForce(readKey(jail, address))) continue;
      dropOne.run(...[jail, address, node, action].map(String));
    }
    const last = rows.length < max ? undefined : rows.at(-1);
    this.#lastOld = last === undefined
      ? FIRST
      : [Number(last[0]), ...last.slice(1).map(String)];
    return rows.length;
  }
}

function readKey(jail: unknown, address: unknown): BanKey {
  return {
    jail: jailOf(jail, "receipts"),
    address: addressOf(address, "receipts"),
  };
}

function readReceipt(row: SqlRow): StoredReceipt {
  const values = valuesOf(row);
  const [jail, address, node, action, atMs, outcome, detail] = values;
  if (
    !hasItsSum(values) || typeof action !== "string" ||
    typeof detail !== "string" || !isOutcome(outcome)
  ) throw notAsWritten("receipts");
  return {
    ...readKey(jail, address),
    node: hostOf(node, "receipts"),
    action,
    atMs: numberOf(atMs, "receipts"),
    outcome,
    detail,
  };
}

function isOutcome(value: unknown): value is StoredReceipt["outcome"] {
  return typeof value === "string" && OUTCOMES.includes(value);
}
