/**
 * Converts the relation between a store's clock and the system's to a row of a
 * database, and back; see `ban_rows.ts`.
 *
 * @module
 */

import { hasItsSum, notAsWritten, numberOf, summed } from "./ban_rows.ts";
import type { StoreTime } from "../ban/ban_store.ts";
import { type SqlRow, type SqlValue, valuesOf } from "./sql.ts";

/** The single row: id, `aheadMs`, `seenMs`, checksum. */
export function clockRow({ aheadMs, seenMs }: StoreTime): SqlValue[] {
  return [1, ...summed(aheadMs, seenMs)];
}

/**
 * Reads all columns except the id. @throws {UnusableStoreError} when they are
 * damaged.
 */
export function readClockRow(row: SqlRow): StoreTime {
  const values = valuesOf(row);
  if (!hasItsSum(values)) throw notAsWritten("clock");
  const [aheadMs, seenMs] = values;
  return {
    aheadMs: numberOf(aheadMs, "clock"),
    seenMs: numberOf(seenMs, "clock"),
  };
}
