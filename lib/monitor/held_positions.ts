/**
 * The position from which the log has to be read again while unbans are held.
 *
 * @module
 */

import type { HeldLine } from "./restart_filter.ts";
import type { LogPosition } from "../tail/ports.ts";

/** A held unban and a position before its line; `undefined`: unknown. */
export interface HeldPosition {
  /** The line. */
  readonly line: HeldLine;
  /** Reading from here yields the line again. */
  readonly from: LogPosition | undefined;
}

/** Keeps a position for each unban that the filter holds. */
export class HeldPositions {
  readonly #holds: (line: HeldLine) => boolean;
  /** In the order of the log. */
  readonly #places: HeldPosition[] = [];
  #first = 0;

  /** @param holds Whether an unban is still held. */
  constructor(holds: (line: HeldLine) => boolean) {
    this.#holds = holds;
  }

  /** Records an unban that may be held, and a position before its line. */
  add(line: HeldLine, from: LogPosition | undefined): void {
    if (this.#holds(line)) this.#places.push({ line, from });
  }

  /** The first held line; `undefined`: there is none. */
  get first(): HeldPosition | undefined {
    for (; this.#first < this.#places.length; this.#first++) {
      const place = this.#places[this.#first];
      if (place !== undefined && this.#holds(place.line)) {
        this.#drop();
        return place;
      }
    }
    this.#drop();
    return undefined;
  }

  /** Removes the entries before the first, now and then. */
  #drop(): void {
    if (this.#first < 1_000 && this.#first < this.#places.length) return;
    this.#places.splice(0, this.#first);
    this.#first = 0;
  }
}
