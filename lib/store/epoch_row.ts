/**
 * Converts an epoch and a sequence number to a row of a database, and back; see
 * `ban_rows.ts`.
 *
 * @module
 */

import { hasItsSum, notAsWritten, numberOf, summed } from "./ban_rows.ts";
import { type Epoch, isEpoch } from "../base/ids.ts";
import { type SqlRow, type SqlValue, valuesOf } from "../sqlite/sql.ts";

/** An epoch, and a sequence number in it. */
export interface EpochMark {
  readonly epoch: Epoch;
  readonly seq: number;
}

const EPOCH_BYTES = 16;

/**
 * Makes the epoch of a new database.
 *
 * @param random 16 random bytes.
 */
export function epochOf(random: Uint8Array): Epoch {
  if (random.length !== EPOCH_BYTES) {
    throw new RangeError(`Cannot make an epoch of ${random.length} bytes`);
  }
  return random.toHex() as Epoch;
}

/** The single row: id, epoch, sequence number, checksum. */
export function epochRow({ epoch, seq }: EpochMark): SqlValue[] {
  return [1, ...summed(epoch, seq)];
}

/**
 * Reads epoch, sequence number and checksum. @throws {UnusableStoreError} when
 * they are damaged or missing.
 */
export function readEpochRow(row: SqlRow | undefined): EpochMark {
  const values = row === undefined ? [] : valuesOf(row);
  const [epoch, seq] = values;
  if (!isEpoch(epoch) || !hasItsSum(values)) throw notAsWritten("meta");
  return { epoch, seq: numberOf(seq, "meta") };
}
