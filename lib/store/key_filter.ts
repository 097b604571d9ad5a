/**
 * Knows for which bans a table may have rows, to avoid needless queries.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import { PositionIndex } from "./position_index.ts";

/** Rows read per step. */
const STEP_ROWS = 2_000;
/** The index stores positions; this one stands for all. */
const THERE = 1;

/** The source of a filter's keys. */
export interface FilteredTable {
  /** Hashes what identifies a ban. */
  readonly hashOf: (key: BanKey) => number;
  /** The next rows after those that it returned before, in some order. */
  readonly next: (max: number) => readonly BanKey[];
}

/** Answers `true` for every ban until it has read all rows. */
export class KeyFilter {
  readonly #table: FilteredTable;
  readonly #hashes = new PositionIndex();
  #isFull = false;

  /** @param table See {@link FilteredTable}. A small table is read at once. */
  constructor(table: FilteredTable) {
    this.#table = table;
    this.readOn();
  }

  /** Reads more rows. @returns Whether there are more. */
  readOn(): boolean {
    if (this.#isFull) return false;
    const keys = this.#table.next(STEP_ROWS);
    for (const key of keys) this.add(key);
    this.#isFull = keys.length < STEP_ROWS;
    return !this.#isFull;
  }

  /** Notes that the table has, or will have, a row about a ban. */
  add(key: BanKey): void {
    this.#hashes.replace(this.#table.hashOf(key), THERE);
  }

  /** Whether the table may have a row about a ban. */
  mayHave(key: BanKey): boolean {
    return !this.#isFull || this.#hashes.get(this.#table.hashOf(key)) > 0;
  }
}
