/**
 * From where the log has to be read again while unbans are held.
 *
 * @module
 */

import type { HeldLine } from "./restart_filter.ts";
import type { LogPosition } from "../tail/ports.ts";

/** A held unban and a place before its line; `undefined`: none is known. */
export interface HeldPosition {
  /** The line. */
  readonly line: HeldLine;
  /** Where to read from, for the line to come again. */
  readonly from: LogPosition | undefined;
}

/** Keeps a place for each unban that is held: as many as the session holds. */
export class HeldPositions {
  readonly #holds: (line: HeldLine) => boolean;
  /** In the order of the log. */
  readonly #places: HeldPosition[] = [];
  #first = 0;

  /** @param holds Whether an unban is held still. */
  constructor(holds: (line: HeldLine) => boolean) {
    this.#holds = holds;
  }

  /** Notes an unban that may be held, and a place before its line. */
  add(line: HeldLine, from: LogPosition | undefined): void {
    if (this.#holds(line)) this.#places.push({ line, from });
  }

  /** The first line that is held; `undefined`: none is. */
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

  /** Lets go of those before the first, now and then. */
  #drop(): void {
    if (this.#first < 1_000 && this.#first < this.#places.length) return;
    this.#places.splice(0, this.#first);
    this.#first = 0;
  }
}
