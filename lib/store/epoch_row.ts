/**
 * Converts an epoch and a sequence number to a database row and back; see
 * `ban_rows.ts`. Also converts them to a mark outside the database: a database
 * that lost its last changes, as with its write-ahead log, can't know that it
 * did.
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
 * Reads epoch, sequence number and checksum.
 *
 * @throws {UnusableStoreError} when they are damaged or missing.
 */
export function readEpochRow(row: SqlRow | undefined): EpochMark {
  const values = row === undefined ? [] : valuesOf(row);
  const [epoch, seq] = values;
  if (!isEpoch(epoch) || !hasItsSum(values)) throw notAsWritten("meta");
  return { epoch, seq: numberOf(seq, "meta") };
}

const MARK_FORM = /^([0-9a-f]{32}) ([0-9]{16})\n$/;

/** Bytes of a mark: always the same, so that a new one overwrites the old. */
export const SEQ_MARK_BYTES = 50;

/**
 * Encodes a mark.
 *
 * @example
 * ```ts
 * import { decodeSeqMark, encodeSeqMark, epochOf } from "./epoch_row.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const mark = { epoch: epochOf(new Uint8Array(16)), seq: 7 };
 * deepStrictEqual(decodeSeqMark(encodeSeqMark(mark)), mark);
 * ```
 */
export function encodeSeqMark({ epoch, seq }: EpochMark): Uint8Array {
  const text = `${epoch} ${String(seq).padStart(16, "0")}\n`;
  return new TextEncoder().encode(text);
}

/** Decodes a mark; `undefined`: the bytes are not a mark. */
export function decodeSeqMark(bytes: Uint8Array): EpochMark | undefined {
  const [, epoch, seq] = MARK_FORM.exec(new TextDecoder().decode(bytes)) ?? [];
  const number = Number(seq);
  return epoch === undefined || !Number.isSafeInteger(number)
    ? undefined
    : { epoch: epoch as Epoch, seq: number };
}
