/**
 * Times in order, of which some come and go all the time.
 *
 * @module
 */

/** Times in a piece at most: moving them costs less than looking for pieces. */
const MAX_PIECE = 512;

/**
 * The ends of bans, in order. What comes or goes costs about the same however
 * many there are: they lie in pieces.
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
  /** From the first to the last; none of them is empty. */
  readonly #pieces: number[][] = [];
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds one; there may be several of the same. */
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
   * Deletes one.
   *
   * @returns Whether there was one.
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
   * The one that so many are not before, itself among them: with 1 the last of
   * all.
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

  /** The first piece that ends at that time or later. */
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
