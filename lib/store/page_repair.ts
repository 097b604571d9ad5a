/**
 * Pages of the log that a start could not rely on.
 *
 * @module
 */

import type { LogPage, LogPages } from "./log_pages.ts";

/** What a start found. */
export interface LackingPages {
  /** In place of pages that are damaged or missing. */
  readonly missing: readonly LogPage[];
  /** First rows of the pages that can't be relied on. */
  readonly refused: readonly number[];
}

/** Replaces them, one at a time. */
export class PageRepair {
  readonly #pages: LogPages;
  #lacking: LackingPages;

  /** @param pages Takes those in their place. */
  constructor(pages: LogPages, lacking: LackingPages) {
    this.#pages = pages;
    this.#lacking = lacking;
  }

  /** What is wrong, without which a start takes longer; `undefined`: nothing. */
  get damage(): string | undefined {
    const { missing: [page], refused: [row] } = this.#lacking;
    const first = page?.first ?? row;
    if (first === undefined) return undefined;
    return `a page of the log, from row ${first} on, is damaged`;
  }

  /** Whether there is something to do. */
  get isNeeded(): boolean {
    return this.damage !== undefined;
  }

  /**
   * Deletes what can't be relied on, and writes a page; called within a
   * transaction. {@link PageRepair.noteKept} is called once that is kept.
   */
  step(): void {
    const { missing: [page], refused } = this.#lacking;
    for (const first of refused) this.#pages.dropAt(first);
    if (page !== undefined) this.#pages.put(page);
  }

  /** Leaves a page alone that was written anew otherwise. @param first Its first row. */
  noteWritten(first: number): void {
    const refused = this.#lacking.refused.filter((row) => row !== first);
    this.#lacking = { ...this.#lacking, refused };
  }

  /** Goes on to the next page. */
  noteKept(): void {
    this.#lacking = { missing: this.#lacking.missing.slice(1), refused: [] };
  }

  /** Writes no page of rows that are gone. @param first The first that is kept. */
  forgetBefore(first: number): void {
    const missing = this.#lacking.missing.filter((page) =>
      page.first + page.rows > first
    );
    this.#lacking = { ...this.#lacking, missing };
  }
}
