/**
 * Finds the row of a key.
 *
 * @module
 */

/** A key with its hash: 32 bits that depend on the whole key. */
export interface HashedKey {
  readonly hash: number;
}

/** The keys of rows. */
export interface RowKeys<K extends HashedKey> {
  /** The hash of a row's key. */
  hashOf(row: number): number;
  /** Whether a row has a key. */
  hasKey(row: number, key: K): boolean;
}

/** Stands for no row. */
export const NO_ROW = -1;

/** Rows with the same first bits of their hashes. */
interface Part {
  /** Row numbers from 1, each below some bits of its hash; 0: free. */
  slots: Uint32Array;
  size: number;
}

const PART_BITS = 10;
const MIN_SLOTS = 4;
/** Most used slots of every 8. */
const MAX_TAKEN = 6;
/** Bits of a slot for its row; the others avoid most checks of other keys. */
const ROW_BITS = 26;
const ROW_MASK = 2 ** ROW_BITS - 1;
/** First hash bit of a mark: unrelated to the part, and mostly to the slot. */
const MARK_AT = 16;

/**
 * Rows by their keys: a hash table of numbers. It consists of many small tables
 * that grow separately, so that no single addition takes long, however many
 * rows there are.
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

  /** @param keys The keys of the rows that it contains. */
  constructor(keys: RowKeys<K>) {
    this.#keys = keys;
  }

  /** Reserves room for a number of rows; called while the index is empty. */
  expect(rows: number): void {
    const ofPart = rows / this.#parts.length;
    // Parts differ in size.
    const most = ofPart + 4 * Math.sqrt(ofPart);
    while (this.#firstSlots * MAX_TAKEN < most * 8) this.#firstSlots *= 2;
  }

  /** The row of a key; {@link NO_ROW}: there is none. */
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
   * Adds a row with a key that no other row has.
   *
   * @throws {RangeError} when the row is above 2^26 - 2.
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

  /** Deletes a row. */
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
    // Rows behind a free slot would not be found, so they move up.
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

/** Some bits of a hash, at their place in a slot. */
function markOf(hash: number): number {
  return hash >>> MARK_AT << ROW_BITS;
}

function rowIn(slot: number): number {
  return (slot & ROW_MASK) - 1;
}
