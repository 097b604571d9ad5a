/**
 * Checksums for rows and bytes on a disk, and a hash for looking up texts.
 *
 * SQLite has no checksums: it can't tell a digit that flipped on the disk from
 * the one that was written. These are 32-bit FNV-1a sums over the UTF-16 units
 * of texts and the halves of numbers. A change of a single unit always changes
 * the sum; any other change goes unnoticed with a chance of 1 in 2^32. They
 * detect accidents, not forgery.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9923 | RFC 9923, FNV}
 * @module
 */

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
/** Ends a text, and stands for a value that is neither text nor number. */
const END = 0x7c;
const halves = new DataView(new ArrayBuffer(8));

/**
 * Computes the checksum of a row.
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
      // Adding 0 makes -0 positive: a database does not keep the sign.
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
 * Computes the checksum of bytes.
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
 * Hashes pairs of texts with a secret seed, so that whoever chooses the texts
 * can't choose colliding ones.
 *
 * The hash is a polynomial with a secret, odd factor over the UTF-16 units of
 * the texts; its bits are mixed at the end.
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
    // Of the form 8n + 5: its powers take the most different values.
    this.#factor = mixed(Math.floor(seed / 2 ** 22) >>> 0) & ~7 | 5;
  }

  /** Hashes two texts. @returns 1 to 2^32 - 1; 0 is free to mean none. */
  of(first: string, second: string): number {
    const factor = this.#factor;
    let hash = this.#start;
    for (let index = 0; index < first.length; index++) {
      hash = Math.imul(hash + first.charCodeAt(index), factor);
    }
    // Marks the end of the first text: no unit has this value.
    hash = Math.imul(hash + 0x1_0000, factor);
    for (let index = 0; index < second.length; index++) {
      hash = Math.imul(hash + second.charCodeAt(index), factor);
    }
    return mixed(hash) || 1;
  }
}

/**
 * The final step of MurmurHash3: each bit of the result depends on every bit of
 * the value.
 */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return (bits ^ bits >>> 16) >>> 0;
}
