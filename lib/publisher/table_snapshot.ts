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

import type { Ban } from "../ban/ban.ts";
import {
  BanBlock,
  type BlockOfBans,
  splitIntoBlocks,
} from "../ban/ban_block.ts";
import { blockBan } from "../wire/wire_times.ts";

/** A part of a snapshot. */
export interface SnapshotPart {
  readonly block: BanBlock;
  readonly isLast: boolean;
  /** By when its bans had not ended, in milliseconds since 1970. */
  readonly madeMs: number;
}

/** What the table holds; sessions read it independently. */
export class TableSnapshot {
  readonly #parts: SnapshotPart[] = [];
  readonly #rest: Iterator<BlockOfBans, void>;
  #nowMs: number;

  /**
   * @param seq The number of the last change that is in it for certain.
   * @param madeMs When it was begun, in milliseconds since 1970.
   * @param bans The table's; it may change while they are taken.
   * @param maxBans How many go into a part at most.
   */
  constructor(
    readonly seq: number,
    readonly madeMs: number,
    bans: Iterable<Ban>,
    maxBans?: number,
  ) {
    this.#nowMs = madeMs;
    this.#rest = splitIntoBlocks(this.#live(bans), maxBans);
  }

  /**
   * A part.
   *
   * @param number From 0; not above the number of those that were asked for.
   * @param nowMs Milliseconds since 1970.
   * @returns `undefined`: there are not so many.
   */
  part(number: number, nowMs: number): SnapshotPart | undefined {
    if (number === this.#parts.length) {
      this.#nowMs = nowMs;
      const { value } = this.#rest.next();
      if (value !== undefined) {
        const block = BanBlock.of(value.bans);
        this.#parts.push({ block, isLast: value.isLast, madeMs: nowMs });
      }
    }
    return this.#parts[number];
  }

  *#live(bans: Iterable<Ban>): Generator<Ban, void, undefined> {
    for (const ban of bans) {
      const live = blockBan(ban, this.#nowMs);
      if (live !== undefined) yield live;
    }
  }
}
