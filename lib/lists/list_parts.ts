/**
 * A list in parts that are short enough to be handed over one by one.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { ListEntry } from "./list_entry.ts";

/** How long a part may be. */
export interface PartBounds {
  /** Entries, those between them that are none included. */
  readonly maxEntries: number;
  /** Of their texts together, with three more for each. */
  readonly maxLength: number;
}

/** Entries that stand one after the other. */
export interface ListPart {
  /** Place of the first of them in the list, from 1. */
  readonly from: number;
  /** Empty text: nothing stands there. */
  readonly addresses: readonly (Address | "")[];
}

/** What a text takes in JSON beside itself: two quotes and a comma. */
const AROUND = 3;
/** Places without an address after which another part begins. */
const MAX_GAP = 16;

/**
 * The addresses of a list, in parts.
 *
 * @param entries In the order of their places; at each of them is one at most.
 * @param bounds How long a part may be: an address fits in any case.
 */
export function* listParts(
  entries: Iterable<ListEntry>,
  { maxEntries, maxLength }: PartBounds,
): Generator<ListPart, void, undefined> {
  let from = 0;
  let length = 0;
  let addresses: (Address | "")[] = [];
  for (const entry of entries) {
    if (entry.kind === "fault") continue;
    const { at, address } = entry;
    const gap = at - from - addresses.length;
    const more = (gap + 1) * AROUND + address.length;
    const isFull = addresses.length + gap + 1 > maxEntries ||
      length + more > maxLength || gap > MAX_GAP;
    if (addresses.length > 0 && !isFull) {
      for (let holes = 0; holes < gap; holes++) addresses.push("");
      length += more;
    } else {
      if (addresses.length > 0) yield { from, addresses };
      [from, length, addresses] = [at, address.length + AROUND, []];
    }
    addresses.push(address);
  }
  if (addresses.length > 0) yield { from, addresses };
}
