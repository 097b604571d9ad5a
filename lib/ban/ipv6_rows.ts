/**
 * Stores IPv6 addresses by number.
 *
 * @module
 */

const WORDS = 4;
const CHUNK_BITS = 12;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ROWS - 1;
const NONE = -1;

/** Holds 16 bytes for each address; IPv4 tables have no room for them. */
export class Ipv6Rows {
  /** Allocated on demand, so that growing copies nothing. */
  readonly #chunks: Int32Array[] = [];
  #rows = 0;
  /** The first free row; each free row holds the number of the next one. */
  #firstFree = NONE;

  /** Stores the four words of an address. @returns Its number. */
  add(words: Int32Array): number {
    const row = this.#firstFree === NONE ? this.#rows++ : this.#firstFree;
    const chunk = this.#chunks[row >> CHUNK_BITS] ??
      new Int32Array(CHUNK_ROWS * WORDS);
    this.#chunks[row >> CHUNK_BITS] = chunk;
    const at = (row & CHUNK_MASK) * WORDS;
    if (row === this.#firstFree) this.#firstFree = chunk[at] ?? NONE;
    for (let word = 0; word < WORDS; word++) {
      chunk[at + word] = words[word] ?? 0;
    }
    return row;
  }

  /** Frees an address. */
  delete(row: number): void {
    const chunk = this.#chunks[row >> CHUNK_BITS];
    if (chunk === undefined) return;
    chunk[(row & CHUNK_MASK) * WORDS] = this.#firstFree;
    this.#firstFree = row;
  }

  /** One of the four words of an address. */
  wordAt(row: number, word: number): number {
    const chunk = this.#chunks[row >> CHUNK_BITS];
    return chunk?.[(row & CHUNK_MASK) * WORDS + word] ?? 0;
  }
}
