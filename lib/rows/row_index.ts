/**
 * Finds the row of a key.
 *
 * @module
 */

/** What is looked for, by its hash: 32 bits that depend on all of the key. */
export interface HashedKey {
  readonly hash: number;
}

/** The keys of rows. */
export interface RowKeys<K extends HashedKey> {
  /** The hash of a row's key. */
  hashOf(row: number): number;
  /** Whether a row has that key. */
  hasKey(row: number, key: K): boolean;
}

/** There is no such row. */
export const NO_ROW = -1;

/** Rows with the same first bits of their hashes. */
interface Part {
  /** Rows from 1, each behind some bits of its hash; 0: free. */
  slots: Uint32Array;
  size: number;
}

const PART_BITS = 10;
const MIN_SLOTS = 4;
/** Of 8 slots so many may be taken. */
const MAX_TAKEN = 6;
/** Bits of a slot for its row; the others spare most looks at rows of other keys. */
const ROW_BITS = 26;
const ROW_MASK = 2 ** ROW_BITS - 1;
/** Where those bits of a hash begin that neither the part nor, mostly, the slot hangs on. */
const MARK_AT = 16;

/**
 * Rows by their keys: a hash table of numbers. It is made of many small tables,
 * each of which grows by itself, so that no single addition takes long, however
 * many rows there are.
 *
 * @typeParam K The keys.
 *
 * @example
 * ```ts
 * import { RowIndex } from "./row_index.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const keys = [{ hash: 1, name: "a" }, { hash: 1, name: "b" }];
 * const index = new RowIndex<{ hash: number; name: string }>({
 *   hashOf: (row) => keys[row]?.hash ?? 0,
 *   hasKey: (row, { name }) => keys[row]?.name === name,
 * });
 * for (const row of keys.keys()) index.add(row, 1);
 * strictEqual(index.find({ hash: 1, name: "b" }), 1);
 * ```
 */
export class RowIndex<K extends HashedKey> {
  readonly #keys: RowKeys<K>;
  readonly #parts: (Part | undefined)[] = Array.from(
    { length: 1 << PART_BITS },
    () => undefined,
  );
  /** Slots of a part when it gets its first row. */
  #firstSlots = MIN_SLOTS;

  /** @param keys Those of its rows, as long as they are in it. */
  constructor(keys: RowKeys<K>) {
    this.#keys = keys;
  }

  /** Has room for so many rows without growing; called while it has none. */
  expect(rows: number): void {
    const ofPart = rows / this.#parts.length;
    // Parts are not all of one size.
    const most = ofPart + 4 * Math.sqrt(ofPart);
    while (this.#firstSlots * MAX_TAKEN < most * 8) this.#firstSlots *= 2;
  }

  /** The row with a key; {@link NO_ROW}: there is none. */
  find(key: K): number {
    const part = this.#parts[partOf(key.hash)];
    if (part === undefined) return NO_ROW;
    const { slots } = part;
    const mask = slots.length - 1;
    const mark = markOf(key.hash);
    for (let at = key.hash & mask;; at = at + 1 & mask) {
      const slot = slots[at] ?? 0;
      if (slot === 0) return NO_ROW;
      if ((slot ^ mark) >>> ROW_BITS !== 0) continue;
      const row = rowIn(slot);
      if (this.#keys.hasKey(row, key)) return row;
    }
  }

  /**
   * Adds a row whose key no other row has.
   *
   * @throws {RangeError} when its number is above 2^26 - 2.
   */
  add(row: number, hash: number): void {
    if (row >= ROW_MASK) throw new RangeError(`Cannot index row ${row}`);
    const number = partOf(hash);
    const part = this.#parts[number] ??
      { slots: new Uint32Array(this.#firstSlots), size: 0 };
    this.#parts[number] = part;
    part.size++;
    if (part.size * 8 > part.slots.length * MAX_TAKEN) this.#grow(part);
    place(part.slots, row, hash);
  }

  /** Takes a row out. */
  delete(row: number, hash: number): void {
    const number = partOf(hash);
    const part = this.#parts[number];
    if (part === undefined) return;
    if (--part.size === 0) {
      this.#parts[number] = undefined;
      return;
    }
    const { slots } = part;
    const mask = slots.length - 1;
    let gap = hash & mask;
    while (rowIn(slots[gap] ?? 0) !== row) gap = gap + 1 & mask;
    // What stands behind it would not be found past a free slot.
    for (let at = gap + 1 & mask; slots[at] !== 0; at = at + 1 & mask) {
      const moved = slots[at] ?? 0;
      const wanted = this.#keys.hashOf(rowIn(moved)) & mask;
      if ((at - wanted & mask) < (at - gap & mask)) continue;
      slots[gap] = moved;
      gap = at;
    }
    slots[gap] = 0;
  }

  #grow(part: Part): void {
    const slots = new Uint32Array(2 * part.slots.length);
    for (const taken of part.slots) {
      if (taken === 0) continue;
      const row = rowIn(taken);
      place(slots, row, this.#keys.hashOf(row));
    }
    part.slots = slots;
  }
}

function partOf(hash: number): number {
  return hash >>> (32 - PART_BITS);
}

function place(slots: Uint32Array, row: number, hash: number): void {
  const mask = slots.length - 1;
  let at = hash & mask;
  while (slots[at] !== 0) at = at + 1 & mask;
  slots[at] = markOf(hash) | row + 1;
}

/** Some bits of a hash, where a slot has them. */
function markOf(hash: number): number {
  return hash >>> MARK_AT << ROW_BITS;
}

function rowIn(slot: number): number {
  return (slot & ROW_MASK) - 1;
}
