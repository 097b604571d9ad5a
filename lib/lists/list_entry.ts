/**
 * An entry of a published list.
 *
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";

/** An address in a list, or a fault. */
export type ListEntry =
  | {
    readonly kind: "address";
    /** The line, or the number of the entry if all are in one line; from 1. */
    readonly at: number;
    readonly address: Address;
  }
  | {
    readonly kind: "fault";
    readonly at: number;
    /** The text of the entry, cut if it is long. */
    readonly text: string;
    /** What is wrong, to follow the text, as in `is no address`. */
    readonly why: string;
  };

/** Maximum length of a fault's text. */
const MAX_SHOWN = 40;

/**
 * Reads an address as lists spell it.
 *
 * @param at Position of the entry.
 * @param text The entry, without comment and white space.
 *
 * @example
 * ```ts
 * import { readEntry } from "./list_entry.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(readEntry(3, "2001:DB8::/32"), {
 *   kind: "address",
 *   at: 3,
 *   address: "2001:db8::/32",
 * });
 * strictEqual(readEntry(4, "192.0.2.7/24").kind, "fault");
 * ```
 */
export function readEntry(at: number, text: string): ListEntry {
  const address = canonicalAddress(text);
  if (address === undefined) return fault(at, text, "is no address");
  const slash = text.indexOf("/");
  // Not repaired: the network may be wider than the intended host.
  const isWhole = slash === -1 ||
    canonicalAddress(text.slice(0, slash)) === address.split("/", 1)[0];
  return isWhole
    ? { kind: "address", at, address }
    : fault(at, text, "is no network: its host bits are set");
}

/**
 * An entry that can't be banned.
 *
 * @param at Position of the entry.
 * @param text The entry.
 * @param why To follow the text, as in `is no address`.
 */
export function fault(at: number, text: string, why: string): ListEntry {
  const printable = text.replace(/[^\x20-\x7e]/g, "?");
  const shown = printable.length > MAX_SHOWN
    ? `${printable.slice(0, MAX_SHOWN)}...`
    : printable;
  return { kind: "fault", at, text: shown, why };
}
