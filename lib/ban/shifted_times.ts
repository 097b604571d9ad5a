/**
 * Converts the times of bans and changes from one clock to another.
 *
 * @module
 */

import type { Change } from "./ban.ts";
import type { BanBlockColumns } from "./ban_columns.ts";

/** Converts columns to a clock that is `byMs` ahead; `Infinity` stays. */
export function shiftedColumns(
  columns: BanBlockColumns,
  byMs: number,
): BanBlockColumns {
  const shift = (times: Float64Array) => times.map((ms) => ms + byMs);
  return {
    ...columns,
    firstMs: shift(columns.firstMs),
    lastMs: shift(columns.lastMs),
    expiresMs: shift(columns.expiresMs),
  };
}

/** Converts a change to a clock that is `byMs` ahead; `Infinity` stays. */
export function shiftedChange(change: Change, byMs: number): Change {
  const atMs = change.atMs + byMs;
  return change.kind === "report"
    ? { ...change, atMs, expiresMs: change.expiresMs + byMs }
    : { ...change, atMs };
}
