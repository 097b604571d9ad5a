/**
 * Lists of hosts and networks in a configuration.
 *
 * ```abnf
 * list  = [ entry *(separator entry) ]
 * entry = <address.ts: address, as people write it> / name
 * name  = <host_name.ts: host, whose last label is no number>
 * ; separator: spaces, tabs, commas and line ends
 * ```
 *
 * @module
 */

import { type Address, canonicalAddress } from "./address.ts";
import { type HostName, parseHostName } from "./host_name.ts";

/** An entry of a list. */
export type ListEntry =
  | { readonly kind: "network"; readonly network: Address }
  | { readonly kind: "name"; readonly name: HostName };

/** Addresses, prefixes and host names, in order. */
export type AddressList = readonly ListEntry[];

/** Low, because each name is resolved again and again. */
const MAX_NAMES = 1_000;
const MAX_ENTRIES = 100_000;
/** Resolvers take such names for IPv4 addresses: `10.1`, `0x7f.1`. */
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:\d+|0[xX][0-9A-Fa-f]*)$/;

/**
 * Reads a list.
 *
 * @param text The entries and their separators.
 * @returns The list, or `undefined` when an entry is invalid or there are too
 * many.
 *
 * @example
 * ```ts
 * import { parseAddressList } from "./address_list.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parseAddressList("192.0.2.77/24, office.example.net"), [
 *   { kind: "network", network: "192.0.2.0/24" },
 *   { kind: "name", name: "office.example.net" },
 * ]);
 * strictEqual(parseAddressList("192.0.2.256"), undefined);
 * ```
 */
export function parseAddressList(text: string): AddressList | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length > MAX_ENTRIES) return undefined;
  const entries = words.flatMap((word) => parseListEntry(word) ?? []);
  const names = entries.filter(({ kind }) => kind === "name");
  return entries.length === words.length && names.length <= MAX_NAMES
    ? entries
    : undefined;
}

/**
 * Reads one entry.
 *
 * @param word An address, a prefix or a host name.
 * @returns The entry, or `undefined` when it is none of them.
 */
export function parseListEntry(word: string): ListEntry | undefined {
  const network = canonicalAddress(word);
  if (network !== undefined) return { kind: "network", network };
  const name = ENDS_IN_A_NUMBER.test(word) ? undefined : parseHostName(word);
  return name === undefined ? undefined : { kind: "name", name };
}
