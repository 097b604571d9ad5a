/**
 * What the table may hold: elements that cannot be in it need not be deleted
 * before they are added, which makes filling it one operation instead of five.
 *
 * @module
 */

import type { Address } from "../base/address.ts";

/**
 * What is known of the table:
 *
 * - `unknown`: it may hold anything.
 * - `listing`: a list has begun.
 * - `empty`: a list found it empty. It holds only what was added since that
 *   list began.
 * - `refilling`: the same, and bans were added after that list.
 * - `refilled`: the same, and nothing was added since the last look.
 */
export type ContentsState =
  | "unknown"
  | "listing"
  | "empty"
  | "refilling"
  | "refilled";

/** What happens to the table; a `look` comes every second. */
export type ContentsEvent =
  | "list begins"
  | "list fails"
  | "found empty"
  | "found bans"
  | "added"
  | "look"
  | "disturbed";

/** Events that are not named leave the state as it is. */
const NEXT: Readonly<
  Record<ContentsState, Partial<Record<ContentsEvent, ContentsState>>>
> = {
  "unknown": { "list begins": "listing" },
  "listing": {
    "found empty": "empty",
    "found bans": "unknown",
    "list fails": "unknown",
  },
  "empty": {
    "found bans": "unknown",
    "added": "refilling",
    "disturbed": "unknown",
  },
  // A later list changes nothing: what was absent and was not added still is.
  "refilling": { "look": "refilled", "disturbed": "unknown" },
  "refilled": {
    "added": "refilling",
    "look": "unknown",
    "disturbed": "unknown",
  },
};

/** An action has no more bans in force: more are no fill of an empty table. */
const MAX_ADDED = 1_000_000;

/**
 * Keeps track of what the table may hold.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { parseAddress } from "../base/address.ts";
 * import { TableContents } from "./table_contents.ts";
 *
 * const contents = new TableContents();
 * const address = parseAddress("192.0.2.1");
 * contents.note("added", address === undefined ? [] : [address]);
 * contents.note("list begins");
 * contents.note("found empty");
 * strictEqual(contents.state, "empty");
 * strictEqual(address && contents.mayHold(address), false);
 * ```
 */
export class TableContents {
  #state: ContentsState = "unknown";
  /** What was added since the list began that counts; empty while `unknown`. */
  readonly #added = new Set<Address>();
  readonly #maxAdded: number;

  /** @param maxAdded Maximum number of remembered additions. @default {1000000} */
  constructor(maxAdded = MAX_ADDED) {
    this.#maxAdded = maxAdded;
  }

  get state(): ContentsState {
    return this.#state;
  }

  /** Whether an address may be in the table. */
  mayHold(address: Address): boolean {
    const isAnything = this.#state === "listing" || this.#state === "unknown";
    return isAnything || this.#added.has(address);
  }

  /** Takes an event. @param addresses What was `added`. */
  note(event: ContentsEvent, addresses: Iterable<Address> = []): void {
    this.#state = NEXT[this.#state][event] ?? this.#state;
    if (this.#state !== "unknown") {
      for (const address of addresses) this.#added.add(address);
    }
    if (this.#added.size > this.#maxAdded) this.#state = "unknown";
    if (this.#state === "unknown") this.#added.clear();
  }
}
