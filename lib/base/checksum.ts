/**
 * A check sum for a row: SQLite has none, and takes a digit that flipped on
 * the disk for the digit that was written.
 *
 * FNV-1a with 32 bits, over the units of texts and the halves of numbers: a
 * row that differs in one of them always has another sum, any other with a
 * chance of 1 in 2^32. It finds accidents, not forgers.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9923 | RFC 9923, FNV}
 * @module
 */

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
/** Ends a text; stands for whatever is neither text nor number. */
const END = 0x7c;
const halves = new DataView(new ArrayBuffer(8));

/**
 * Sums a row up.
 *
 * @param values Texts, numbers and `null`.
 * @returns 0 to 2^32 - 1.
 *
 * @example
 * ```ts
 * import { checksum } from "./checksum.ts";
 * import { notStrictEqual, strictEqual } from "node:assert/strict";
 *
 * strictEqual(checksum("sshd", 7), checksum("sshd", 7));
 * notStrictEqual(checksum("192.0.2.1"), checksum("192.0.2.3"));
 * notStrictEqual(checksum("1", "2"), checksum("12", ""));
 * ```
 */
export function checksum(...values: unknown[]): number {
  let sum = BASIS;
  for (const value of values) {
    if (typeof value === "number") {
      // Zero has a sign, which a database does not keep.
      halves.setFloat64(0, value + 0);
      sum = Math.imul(sum ^ halves.getInt32(0), PRIME);
      sum = Math.imul(sum ^ halves.getInt32(4), PRIME);
    } else {
      if (typeof value === "string") sum = withText(sum, value);
      sum = Math.imul(sum ^ END, PRIME);
    }
  }
  return sum >>> 0;
}

/**
 * Sums bytes up.
 *
 * @returns 0 to 2^32 - 1.
 *
 * @example
 * ```ts
 * import { bytesSum } from "./checksum.ts";
 * import { notStrictEqual } from "node:assert/strict";
 *
 * notStrictEqual(bytesSum(Uint8Array.of(1, 2)), bytesSum(Uint8Array.of(2, 1)));
 * ```
 */
export function bytesSum(bytes: Uint8Array): number {
  let sum = BASIS;
  for (let index = 0; index < bytes.length; index++) {
    sum = Math.imul(sum ^ (bytes[index] ?? 0), PRIME);
  }
  return sum >>> 0;
}

function withText(before: number, text: string): number {
  let sum = before;
  for (let index = 0; index < text.length; index++) {
    sum = Math.imul(sum ^ text.charCodeAt(index), PRIME);
  }
  return sum;
}
