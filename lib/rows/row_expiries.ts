/**
 * Orders a table's rows by their ends.
 *
 * @module
 */

/** Children per heap entry: few levels, so that little is moved. */
const CHILDREN = 4;
/** Place of a row that is not in the heap; places count from 1. */
const NOWHERE = 0;
const FIRST_ROWS = 1_024;

/**
 * A heap of rows by their ends: it finds the row that ends first at once,
 * however many rows there are, and can delete any row.
 *
 * @example
 * ```ts
 * import { RowExpiries } from "./row_expiries.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const ends = [2_000, Infinity, 1_000];
 * const expiries = new RowExpiries((row) => ends[row] ?? Infinity);
 * for (const row of ends.keys()) expiries.add(row);
 * strictEqual(expiries.due(1_500), 2);
 * expiries.delete(2);
 * strictEqual(expiries.due(1_500), undefined);
 * ```
 */
export class RowExpiries {
  readonly #endMsOf: (row: number) => number;
  #heap: Uint32Array = new Uint32Array(FIRST_ROWS);
  #size = 0;
  /** Place of each row in the heap. */
  #places: Uint32Array = new Uint32Array(FIRST_ROWS);

  /**
   * @param endMsOf When a row ends, in milliseconds since 1970; `Infinity`:
   *   never. Constant while the row is in the heap.
   */
  constructor(endMsOf: (row: number) => number) {
    this.#endMsOf = endMsOf;
  }

  /** Reserves room for a number of rows. */
  expect(rows: number): void {
    if (rows > this.#places.length) this.#places = grown(this.#places, rows);
    if (rows > this.#heap.length) this.#heap = grown(this.#heap, rows);
  }

  /** Adds a row that is not in the heap. */
  add(row: number): void {
    if (row >= this.#places.length) this.expect(2 * row + 1);
    const endMs = this.#endMsOf(row);
    if (endMs === Infinity) return;
    const at = this.#size++;
    if (at >= this.#heap.length) this.expect(2 * at + 1);
    this.#moveUp(at, row, endMs);
  }

  /** Deletes a row. */
  delete(row: number): void {
    const place = this.#places[row] ?? NOWHERE;
    if (place === NOWHERE) return;
    this.#places[row] = NOWHERE;
    const last = this.#heap[--this.#size] ?? 0;
    if (last === row) return;
    const endMs = this.#endMsOf(last);
    const at = place - 1;
    // A row from another branch may end before its new parent.
    if (at > 0 && endMs < this.#endMsAt(parentOf(at))) {
      this.#moveUp(at, last, endMs);
    } else this.#moveDown(at, last, endMs);
  }

  /** The row that ends first, if it has ended; otherwise `undefined`. */
  due(nowMs: number): number | undefined {
    if (this.#size === 0) return undefined;
    const row = this.#heap[0] ?? 0;
    return this.#endMsOf(row) <= nowMs ? row : undefined;
  }

  #moveUp(from: number, row: number, endMs: number): void {
    let at = from;
    while (at > 0) {
      const parent = parentOf(at);
      if (!(endMs < this.#endMsAt(parent))) break;
      this.#put(at, this.#heap[parent] ?? 0);
      at = parent;
    }
    this.#put(at, row);
  }

  #moveDown(from: number, row: number, endMs: number): void {
    let at = from;
    while (true) {
      const first = at * CHILDREN + 1;
      const end = Math.min(first + CHILDREN, this.#size);
      let [least, leastMs] = [at, endMs];
      for (let child = first; child < end; child++) {
        const childMs = this.#endMsAt(child);
        if (childMs < leastMs) [least, leastMs] = [child, childMs];
      }
      if (least === at) break;
      this.#put(at, this.#heap[least] ?? 0);
      at = least;
    }
    this.#put(at, row);
  }

  #endMsAt(at: number): number {
    return this.#endMsOf(this.#heap[at] ?? 0);
  }

  #put(at: number, row: number): void {
    this.#heap[at] = row;
    this.#places[row] = at + 1;
  }
}

function parentOf(at: number): number {
  return (at - 1) / CHILDREN | 0;
}

/** Copies an array to a longer one. */
function grown(array: Uint32Array, length: number): Uint32Array {
  const longer = new Uint32Array(length);
  longer.set(array);
  return longer;
}
