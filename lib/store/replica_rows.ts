/**
 * Converts blocks and changes of a subscriber's copy to rows of a database, and
 * back; see `ban_rows.ts`.
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
import { BanBlock } from "../ban/ban_block.ts";
import type { BanBlockColumns } from "../ban/ban_columns.ts";
import type { Change } from "../ban/ban.ts";
import { bytesSum, checksum } from "../base/checksum.ts";
import { shiftedColumns } from "../ban/shifted_times.ts";
import { type SqlRow, type SqlValue, valuesOf } from "./sql.ts";

/** A block: its id, its bytes, how far its clock is behind, a checksum. */
export function blockRow(
  id: number,
  { bytes }: BanBlock,
  byMs: number,
): SqlValue[] {
  return [id, bytes, byMs, checksum(id, byMs, bytesSum(bytes))];
}

/**
 * Reads what {@link blockRow} made, in the time of the store.
 *
 * @param id Which one it must be.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readBlock(row: SqlRow, id: number): BanBlockColumns {
  const [rowId, bytes, byMs, sum] = valuesOf(row);
  if (!(bytes instanceof Uint8Array) || rowId !== id) {
    throw notAsWritten("blocks");
  }
  if (sum !== checksum(id, byMs, bytesSum(bytes))) throw notAsWritten("blocks");
  const block = BanBlock.read(bytes);
  if (!block.ok) throw notAsWritten("blocks");
  return shiftedColumns(block.value.columns, numberOf(byMs, "blocks"));
}

/** A change of a copy: that one's number, the change, a checksum. */
export function changeRow(generation: number, change: Change): SqlValue[] {
  const { seq, atMs, kind, jail, address } = change;
  const node = kind === "lift" ? change.by : change.origin;
  const expiresMs = kind === "report" ? change.expiresMs : null;
  const isPending = kind === "report" ? Number(change.isPending) : null;
  const key = [generation, seq, atMs, kind, jail, address, node];
  return summed(...key, expiresMs, isPending);
}

/**
 * Reads what {@link changeRow} made.
 *
 * @param seq Which number it must have.
 * @throws {UnusableStoreError} when it is damaged.
 */
export function readChange(row: SqlRow, seq: number): Change {
  const values = valuesOf(row);
  const [, number, atMs, kind, jail, address, node, expiresMs, pending] =
    values;
  if (!hasItsSum(values) || number !== seq) throw notAsWritten("changes");
  const base = {
    seq,
    atMs: numberOf(atMs, "changes"),
    jail: jailOf(jail, "changes"),
    address: addressOf(address, "changes"),
  };
  const who = hostOf(node, "changes");
  switch (kind) {
    case "report":
      return {
        ...base,
        kind,
        origin: who,
        expiresMs: numberOf(expiresMs, "changes"),
        isPending: pending === 1,
      };
    case "withdraw":
      return { ...base, kind, origin: who };
    case "lift":
      return { ...base, kind, by: who };
    default:
      throw notAsWritten("changes");
  }
}
