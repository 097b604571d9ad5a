/**
 * The table, read part by part by whoever comes late.
 *
 * A part is made when it is asked for first, of the bans as they are then, and
 * is the same for all who ask for it after that. So a snapshot has whatever
 * changed up to its number, and of later changes some: whoever takes the
 * changes after its number has all of them in the end, since a change that is
 * taken again leads to where it led to before.
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
  /** By when its bans had not ended, in milliseconds since 1970. */
  readonly madeMs: number;
}

/** What the table holds; sessions read it independently. */
export class TableSnapshot {
  /** The number of the last change that is in it for certain. */
  readonly seq: number;
  /** When it was begun, in milliseconds since 1970. */
  readonly madeMs: number;
  readonly #parts: SnapshotPart[] = [];
  readonly #rest: Iterator<BanSet, void>;

  /**
   * @param seq The number of the last change that is in it for certain.
   * @param madeMs When it was begun, in milliseconds since 1970.
   * @param sets The table's bans; it may change while they are taken. Each set
   * makes a part.
   */
  constructor(seq: number, madeMs: number, sets: Iterator<BanSet, void>) {
    this.seq = seq;
    this.madeMs = madeMs;
    this.#rest = sets;
  }

  /**
   * A part.
   *
   * @param number From 0; not above the number of those that were asked for.
   * @param nowMs Milliseconds since 1970.
   * @returns `undefined`: there are not so many.
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
