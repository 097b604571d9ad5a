/**
 * Finds words in a text of many lines, most of which have none of them.
 *
 * @module
 */

/**
 * Where the next of some words is. A text is asked about line after line, so
 * each word is searched for once in all of it, not once in each line.
 *
 * @example
 * ```ts
 * import { WordsAhead } from "./words_ahead.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const words = new WordsAhead("one\ntwo\nthree\n", ["two", "six"]);
 * deepStrictEqual(
 *   [words.comeWithin(0, 3), words.comeWithin(4, 7), words.comeWithin(8, 13)],
 *   [false, true, false],
 * );
 * ```
 */
export class WordsAhead {
  /** The text. */
  readonly text: string;
  readonly #words: readonly string[];
  /** Where each word comes next; `Infinity`: not again. */
  readonly #places: number[];
  /** The first of these. */
  #next = -1;

  /**
   * @param text The text.
   * @param words Those that are looked for.
   */
  constructor(text: string, words: readonly string[]) {
    this.text = text;
    this.#words = words;
    this.#places = words.map(() => -1);
  }

  /**
   * Whether one of them begins within a part of the text.
   *
   * @param start Not before that of an earlier call.
   * @param end After the part.
   */
  comeWithin(start: number, end: number): boolean {
    if (this.#next < start) this.#goOn(start);
    return this.#next < end;
  }

  #goOn(start: number): void {
    let next = Infinity;
    this.#words.forEach((word, index) => {
      let place = this.#places[index] ?? Infinity;
      if (place < start) {
        const found = this.text.indexOf(word, start);
        place = found < 0 ? Infinity : found;
        this.#places[index] = place;
      }
      next = Math.min(next, place);
    });
    this.#next = next;
  }
}
