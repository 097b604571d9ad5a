/**
 * Check sums for rows and bytes on a disk, and a hash to look texts up by.
 *
 * SQLite has no check sums, and takes a digit that flipped on the disk for the
 * digit that was written. These are FNV-1a with 32 bits, over the units of
 * texts and the halves of numbers: a row that differs in one of them always has
 * another sum, any other with a chance of 1 in 2^32. They find accidents, not
 * forgers.
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

/**
 * Hashes pairs of texts with a secret seed: whoever names what is hashed can't
 * choose names that share a hash.
 *
 * A polynomial with a secret, odd factor over the units of the texts, whose
 * bits are mixed at the end.
 *
 * @example
 * ```ts
 * import { SeededHash } from "./checksum.ts";
 * import { notStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const hash = new SeededHash(0x1234_5678_9abc);
 * strictEqual(hash.of("sshd", "192.0.2.1"), hash.of("sshd", "192.0.2.1"));
 * notStrictEqual(hash.of("ab", "c"), hash.of("a", "bc"));
 * ```
 */
export class SeededHash {
  readonly #start: number;
  readonly #factor: number;

  /** @param seed Random; 0 to 2^53 - 1. */
  constructor(seed: number) {
    this.#start = mixed(seed >>> 0);
    // Of the form 8n + 5: its powers take as many values as there are.
    this.#factor = mixed(Math.floor(seed / 2 ** 22) >>> 0) & ~7 | 5;
  }

  /** Hashes two texts. @returns 1 to 2^32 - 1: 0 stands for none. */
  of(first: string, second: string): number {
    const factor = this.#factor;
    let hash = this.#start;
    for (let index = 0; index < first.length; index++) {
      hash = Math.imul(hash + first.charCodeAt(index), factor);
    }
    // Tells where the first ends: no unit has this value.
    hash = Math.imul(hash + 0x1_0000, factor);
    for (let index = 0; index < second.length; index++) {
      hash = Math.imul(hash + second.charCodeAt(index), factor);
    }
    return mixed(hash) || 1;
  }
}

/** The last step of MurmurHash3: each bit of the result depends on every bit. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return (bits ^ bits >>> 16) >>> 0;
}
