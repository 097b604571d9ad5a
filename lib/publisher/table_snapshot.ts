/**
 * A snapshot of the table, read part by part.
 *
 * A part is made from the current bans at its first request, and is the same
 * for all later readers. So a snapshot contains all changes up to its sequence
 * number and some later ones. A reader that then applies the changes after that
 * number ends up with the exact table, because applying a change twice has no
 * further effect.
 *
 * @module
 */

import { BanBlock } from "../ban/ban_block.ts";
import type { BanSet } from "../ban/table_columns.ts";
import { blockColumns } from "../wire/wire_times.ts";

/** A part of a snapshot. */
export interface SnapshotPart {
  readonly block: BanBlock;
  readonly isLast: boolean;
  /** Time at which its bans were still active, in milliseconds since 1970. */
  readonly madeMs: number;
}

/** A snapshot; sessions read it independently. */
export class TableSnapshot {
  /** The number of the last change that is in it for certain. */
  readonly seq: number;
  /** When it was begun, in milliseconds since 1970. */
  readonly madeMs: number;
  readonly #parts: SnapshotPart[] = [];
  readonly #rest: Iterator<BanSet, void>;

  /**
   * @param seq Sequence number of the last change that it surely contains.
   * @param madeMs Time of its start, in milliseconds since 1970.
   * @param sets The table's bans; the table may change meanwhile. Each set
   * becomes a part.
   */
  constructor(seq: number, madeMs: number, sets: Iterator<BanSet, void>) {
    this.seq = seq;
    this.madeMs = madeMs;
    this.#rest = sets;
  }

  /**
   * Gives a part.
   *
   * @param number From 0; at most the number of parts requested so far.
   * @param nowMs Milliseconds since 1970.
   * @returns `undefined` when there are fewer parts.
   */
  part(number: number, nowMs: number): SnapshotPart | undefined {
    const isNext = number === this.#parts.length;
    if (isNext && this.#parts.at(-1)?.isLast !== true) {
      this.#parts.push(this.#make(nowMs));
    }
    return this.#parts[number];
  }

  /** Only the last part may be empty. */
  #make(nowMs: number): SnapshotPart {
    while (true) {
      const { value } = this.#rest.next();
      if (value === undefined) {
        return { block: BanBlock.of([]), isLast: true, madeMs: nowMs };
      }
      const columns = blockColumns(value.columns, nowMs);
      if (columns.spans.length === 0) continue;
      const block = BanBlock.ofColumns(columns);
      return { block, isLast: value.isLast, madeMs: nowMs };
    }
  }
}
