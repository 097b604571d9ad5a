/**
 * How far a database has come, noted outside of it: a database that lost its
 * last changes, as with its write-ahead log, does not know that it did.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { EpochMark } from "./epoch_row.ts";

const FORM = /^([0-9a-f]{32}) ([0-9]{16})\n$/;

/** Bytes of a mark: all have the same number, so that one replaces another. */
export const SEQ_MARK_BYTES = 50;

/**
 * Writes a mark.
 *
 * @example
 * ```ts
 * import { decodeSeqMark, encodeSeqMark } from "./seq_mark.ts";
 * import { epochOf } from "./epoch_row.ts";
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

/** Reads a mark; `undefined`: it is none. */
export function decodeSeqMark(bytes: Uint8Array): EpochMark | undefined {
  const [, epoch, seq] = FORM.exec(new TextDecoder().decode(bytes)) ?? [];
  const number = Number(seq);
  return epoch === undefined || !Number.isSafeInteger(number)
    ? undefined
    : { epoch: epoch as Epoch, seq: number };
}
