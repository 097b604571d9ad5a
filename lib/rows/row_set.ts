/**
 * Sets of a table's rows: small ones take little space, large ones a bit per
 * row.
 *
 * @module
 */

const BITS = 32;
/** Rows up to which a set is a list. */
const MAX_LISTED = 64;

/** A set of rows, which are numbers from 0. */
export class RowSet {
  #listed: Set<number> | undefined = new Set();
  #words: Uint32Array = new Uint32Array();
  #size = 0;

  /** Number of rows in the set. */
  get size(): number {
    return this.#listed?.size ?? this.#size;
  }

  /** Whether a row is in the set; any number is allowed. */
  has(row: number): boolean {
    if (this.#listed !== undefined) return this.#listed.has(row);
    return row >= 0 && ((this.#words[row >>> 5] ?? 0) & bitOf(row)) !== 0;
  }

  /** Adds or removes a row. */
  put(row: number, isIn: boolean): void {
    if (this.#listed === undefined) this.#mark(row, isIn);
    else if (!isIn) this.#listed.delete(row);
    else {
      this.#listed.add(row);
      if (this.#listed.size > MAX_LISTED) this.#unlist(this.#listed);
    }
  }

  /**
   * The rows as bits, read-only.
   *
   * @param words Least number of words, of 32 rows each.
   */
  bits(words: number): Uint32Array {
    if (this.#listed === undefined && this.#words.length >= words) {
      return this.#words;
    }
    const bits = new Uint32Array(Math.max(words, this.#words.length));
    this.addTo(bits);
    return bits;
  }

  /** Sets the rows' bits; rows beyond the bits are left out. */
  addTo(bits: Uint32Array): void {
    for (const row of this.#listed ?? []) {
      const at = row >>> 5;
      if (at < bits.length) bits[at] = (bits[at] ?? 0) | bitOf(row);
    }
    const words = Math.min(bits.length, this.#words.length);
    for (let at = 0; at < words; at++) {
      bits[at] = (bits[at] ?? 0) | (this.#words[at] ?? 0);
    }
  }

  #unlist(listed: ReadonlySet<number>): void {
    this.#listed = undefined;
    for (const row of listed) this.#mark(row, true);
  }

  #mark(row: number, isIn: boolean): void {
    const at = row >>> 5;
    if (at >= this.#words.length) {
      if (!isIn) return;
      const grown = new Uint32Array(Math.max(at + 1, 2 * this.#words.length));
      grown.set(this.#words);
      this.#words = grown;
    }
    const word = this.#words[at] ?? 0;
    const wasIn = (word & bitOf(row)) !== 0;
    if (wasIn === isIn) return;
    this.#words[at] = word ^ bitOf(row);
    this.#size += isIn ? 1 : -1;
  }
}

/** Number of words for the bits of some rows. */
export function wordsOf(rows: number): number {
  return Math.ceil(rows / BITS);
}

/** Number of set bits in a word. */
export function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function bitOf(row: number): number {
  return 1 << (row & (BITS - 1));
}
