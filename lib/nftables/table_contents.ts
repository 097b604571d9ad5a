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
 * - `listing`: a list has begun.
 * - `refilling`: the last list found it empty. It holds only what was added
 *   since that list began.
 * - `refilled`: the same, and nothing was added since the last look.
 * - `unknown`: it may hold anything.
 */
export type ContentsState =
  | "listing"
  | "refilling"
  | "refilled"
  | "unknown";

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
  "listing": {
    "found empty": "refilling",
    "found bans": "unknown",
    "list fails": "unknown",
  },
  "refilling": {
    "list begins": "listing",
    "look": "refilled",
    "disturbed": "unknown",
  },
  "refilled": {
    "list begins": "listing",
    "added": "refilling",
    "look": "unknown",
    "disturbed": "unknown",
  },
  "unknown": { "list begins": "listing" },
};

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
 * strictEqual(contents.state, "refilling");
 * strictEqual(address && contents.mayHold(address), false);
 * ```
 */
export class TableContents {
  #state: ContentsState = "unknown";
  /** What may have been added since the last list began; empty while `unknown`. */
  readonly #added = new Set<Address>();

  get state(): ContentsState {
    return this.#state;
  }

  /** Whether an address may be in the table. */
  mayHold(address: Address): boolean {
    const isRefill = this.#state === "refilling" || this.#state === "refilled";
    return !isRefill || this.#added.has(address);
  }

  /** Takes an event. @param addresses What was `added`. */
  note(event: ContentsEvent, addresses: Iterable<Address> = []): void {
    this.#state = NEXT[this.#state][event] ?? this.#state;
    if (event === "list begins" || this.#state === "unknown") {
      this.#added.clear();
    } else for (const address of addresses) this.#added.add(address);
  }
}
