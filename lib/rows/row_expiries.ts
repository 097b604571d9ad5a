/**
 * Which rows of a table end when.
 *
 * @module
 */

/** Children of an entry of the heap: few levels, so that little is moved. */
const CHILDREN = 4;
/** Of a row that is not in the heap; the places count from 1. */
const NOWHERE = 0;
const FIRST_ROWS = 1_024;

/**
 * A heap of rows by when they end: the row that ends first is known at once,
 * however many there are, and any row can be taken out.
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
  /** Where each row is in the heap. */
  #places: Uint32Array = new Uint32Array(FIRST_ROWS);

  /**
   * @param endMsOf When a row ends, in milliseconds since 1970; `Infinity`:
   * never. It stays the same while the row is noted.
   */
  constructor(endMsOf: (row: number) => number) {
    this.#endMsOf = endMsOf;
  }

  /** Has room for so many rows without growing. */
  expect(rows: number): void {
    if (rows > this.#places.length) this.#places = grown(this.#places, rows);
    if (rows > this.#heap.length) this.#heap = grown(this.#heap, rows);
  }

  /** Notes a row that is not noted yet. */
  add(row: number): void {
    if (row >= this.#places.length) this.expect(2 * row + 1);
    const endMs = this.#endMsOf(row);
    if (endMs === Infinity) return;
    const at = this.#size++;
    if (at >= this.#heap.length) this.expect(2 * at + 1);
    this.#moveUp(at, row, endMs);
  }

  /** Forgets a row. */
  delete(row: number): void {
    const place = this.#places[row] ?? NOWHERE;
    if (place === NOWHERE) return;
    this.#places[row] = NOWHERE;
    const last = this.#heap[--this.#size] ?? 0;
    if (last === row) return;
    const endMs = this.#endMsOf(last);
    const at = place - 1;
    // From another branch it may end before what stands above.
    if (at > 0 && endMs < this.#endMsAt(parentOf(at))) {
      this.#moveUp(at, last, endMs);
    } else this.#moveDown(at, last, endMs);
  }

  /** The row that ends first, if it has ended by then; otherwise `undefined`. */
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

/** A longer copy. */
function grown(array: Uint32Array, length: number): Uint32Array {
  const longer = new Uint32Array(length);
  longer.set(array);
  return longer;
}
