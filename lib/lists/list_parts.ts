/**
 * Splits a list into parts that are short enough to be uploaded.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { ListEntry } from "./list_entry.ts";

/** Limits of a part. */
export interface PartBounds {
  /** Number of entries, including empty ones. */
  readonly maxEntries: number;
  /** Total length of their texts, with three more for each. */
  readonly maxLength: number;
}

/** Consecutive entries. */
export interface ListPart {
  /** Position of the first entry in the list, from 1. */
  readonly from: number;
  /** Empty text: there is no address at this position. */
  readonly addresses: readonly (Address | "")[];
}

/** Overhead of a text in JSON: two quotes and a comma. */
const AROUND = 3;
/** Maximum number of consecutive empty entries in a part. */
const MAX_GAP = 16;

/**
 * Splits the addresses of a list into parts.
 *
 * @param entries In the order of their positions, at most one at each.
 * @param bounds The limits of a part; a single address always fits.
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
