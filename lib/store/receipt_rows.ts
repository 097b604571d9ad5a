/**
 * Converts receipts to rows of a database, and back; see `ban_rows.ts`.
 *
 * @module
 */

import {
  addressOf,
  hasItsSum,
  hostOf,
  jailOf,
  notAsWritten,
  numberOf,
  summed,
} from "./ban_rows.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { type SqlRow, type SqlValue, valuesOf } from "./sql.ts";

const OUTCOMES: readonly string[] = [
  "applied",
  "lifted",
  "refused",
  "failed",
] satisfies StoredReceipt["outcome"][];

/** A row: jail, address, node, action, time, outcome, detail, checksum. */
export function receiptRow(receipt: StoredReceipt): SqlValue[] {
  const { jail, address, node, action, atMs, outcome, detail } = receipt;
  return summed(jail, address, node, action, atMs, outcome, detail);
}

/** Reads a receipt. @throws {UnusableStoreError} when it is damaged. */
export function readReceipt(row: SqlRow): StoredReceipt {
  const values = valuesOf(row);
  const [jail, address, node, action, atMs, outcome, detail] = values;
  if (
    !hasItsSum(values) || typeof action !== "string" ||
    typeof detail !== "string" || !isOutcome(outcome)
  ) throw notAsWritten("receipts");
  return {
    jail: jailOf(jail, "receipts"),
    address: addressOf(address, "receipts"),
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
