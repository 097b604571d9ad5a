/**
 * Keeps changing times in order.
 *
 * @module
 */

/** Most times in a piece: moving them costs less than searching more pieces. */
const MAX_PIECE = 512;

/**
 * The ends of bans, in order. They are stored in pieces, so that adding or
 * deleting costs about the same, however many there are.
 *
 * @example
 * ```ts
 * import { OrderedEnds } from "./ordered_ends.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const ends = new OrderedEnds();
 * for (const endMs of [300, 100, Infinity, 200]) ends.add(endMs);
 * strictEqual(ends.latest(3), 200);
 * ends.delete(300);
 * strictEqual(ends.latest(3), 100);
 * strictEqual(ends.latest(4), undefined);
 * ```
 */
export class OrderedEnds {
  /** Sorted pieces; none of them is empty. */
  readonly #pieces: number[][] = [];
  #size = 0;

  /** Number of times. */
  get size(): number {
    return this.#size;
  }

  /** Adds a time; equal times are allowed. */
  add(endMs: number): void {
    this.#size++;
    const at = Math.min(this.#pieceOf(endMs), this.#pieces.length - 1);
    const piece = this.#pieces[at];
    if (piece === undefined) {
      this.#pieces.push([endMs]);
      return;
    }
    piece.splice(firstNotBefore(piece, endMs), 0, endMs);
    if (piece.length <= MAX_PIECE) return;
    this.#pieces.splice(at + 1, 0, piece.splice(piece.length >> 1));
  }

  /**
   * Deletes a time.
   *
   * @returns Whether it was there.
   */
  delete(endMs: number): boolean {
    const at = this.#pieceOf(endMs);
    const piece = this.#pieces[at];
    if (piece === undefined) return false;
    const place = firstNotBefore(piece, endMs);
    if (piece[place] !== endMs) return false;
    piece.splice(place, 1);
    if (piece.length === 0) this.#pieces.splice(at, 1);
    this.#size--;
    return true;
  }

  /**
   * The `count`-th latest time: with 1 the latest of all.
   *
   * @returns `undefined` when there are fewer.
   */
  latest(count: number): number | undefined {
    let left = count;
    for (let at = this.#pieces.length - 1; at >= 0; at--) {
      const piece = this.#pieces[at] ?? [];
      if (left <= piece.length) return piece[piece.length - left];
      left -= piece.length;
    }
    return undefined;
  }

  /** The first piece that ends at a time or later. */
  #pieceOf(endMs: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#pieces[middle]?.at(-1) ?? Infinity;
      if (last < endMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function firstNotBefore(ends: readonly number[], endMs: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? Infinity) < endMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
