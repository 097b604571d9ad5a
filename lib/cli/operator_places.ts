/**
 * Who may ask on the operators' socket at a time.
 *
 * A request that is answered at once needs its place for a moment only. What
 * goes on, as long as somebody watches or reads, may be forgotten in a terminal:
 * so it never takes the last places.
 *
 * @module
 */

import type { OperatorRequest } from "../wire/operator_messages.ts";

/** Operators that are served at a time. */
export const MAX_OPERATORS = 32;
/** Of them, those who watch. */
export const MAX_WATCHING = 16;
/** Of them, those who watch, and those who read a list. */
export const MAX_LONG = 24;

/** Gives places to requests. */
export class OperatorPlaces {
  #watching = 0;
  #long = 0;

  /**
   * Takes a place for as long as the request is answered.
   *
   * @returns The place; `undefined`: there is none for such a request now.
   */
  take({ kind }: OperatorRequest): Disposable | undefined {
    const isWatching = kind === "tail" || kind === "follow";
    if (!isWatching && kind !== "bans") return FREE;
    if (this.#long >= MAX_LONG) return undefined;
    if (isWatching && this.#watching >= MAX_WATCHING) return undefined;
    const watching = Number(isWatching);
    this.#long++;
    this.#watching += watching;
    return {
      [Symbol.dispose]: () => {
        this.#long--;
        this.#watching -= watching;
      },
    };
  }
}

const FREE: Disposable = { [Symbol.dispose]() {} };
