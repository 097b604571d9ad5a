/**
 * Which bans a table may have rows about, so that it need not be asked of all
 * the others.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import { PositionIndex } from "./position_index.ts";

/** Rows that are read in a step. */
const STEP_ROWS = 2_000;
/** The index knows positions, and this is all the same. */
const THERE = 1;

/** What a filter is filled from. */
export interface FilteredTable {
  /** Hashes what identifies a ban. */
  readonly hashOf: (key: BanKey) => number;
  /** Rows after those that it gave before, in some order. */
  readonly next: (max: number) => readonly BanKey[];
}

/** Says `true` of every ban until all rows were read. */
export class KeyFilter {
  readonly #table: FilteredTable;
  readonly #hashes = new PositionIndex();
  #isFull = false;

  /** @param table See {@link FilteredTable}. A small one is read at once. */
  constructor(table: FilteredTable) {
    this.#table = table;
    this.readOn();
  }

  /** Reads some more rows. @returns Whether there are more. */
  readOn(): boolean {
    if (this.#isFull) return false;
    const keys = this.#table.next(STEP_ROWS);
    for (const key of keys) this.add(key);
    this.#isFull = keys.length < STEP_ROWS;
    return !this.#isFull;
  }

  /** Notes that the table has a row about a ban, or will have one. */
  add(key: BanKey): void {
    this.#hashes.replace(this.#table.hashOf(key), THERE);
  }

  /** Whether the table may have a row about a ban. */
  mayHave(key: BanKey): boolean {
    return !this.#isFull || this.#hashes.get(this.#table.hashOf(key)) > 0;
  }
}
