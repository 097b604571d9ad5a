/**
 * Names of the cluster's table in nftables and of its sets.
 *
 * ```abnf
 * table = "fail2ban_" 1*32(%x61-7A / DIGIT / "_")
 * set   = "banned" ("4" / "6") [ "_" bits / "_part" part ]
 * bits  = 1*3DIGIT                    ; of the prefixes in it, 1 to 31 or 127
 * part  = 1*2DIGIT                    ; of the single addresses, 0 to 63
 * ```
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";

declare const brand: unique symbol;

/** The name of a table that belongs to the cluster; made by {@link parseNftTable} only. */
export type NftTable = string & { readonly [brand]: "NftTable" };

/** The name of one of its sets; made by {@link nftPlacesOf} and {@link parseNftSet} only. */
export type NftSet = string & { readonly [brand]: "NftSet" };

/** The default table. */
export const NFT_TABLE = "fail2ban_cluster" as NftTable;

/** The sets that the table always has. */
export const NFT_SETS: readonly NftSet[] = ["banned4", "banned6"] as NftSet[];

/** The parts of a set's name. */
export interface NftSetParts {
  readonly family: 4 | 6;
  /** Prefix length of its elements; `undefined`: single addresses. */
  readonly prefixBits: number | undefined;
  /** Which part of the single addresses it holds; `undefined`: any. */
  readonly part?: number;
}

/** Number of parts for single addresses, when there are many. */
export const NFT_PARTS = 64;

const TABLE = /^fail2ban_[a-z0-9_]{1,32}$/;
const SET = /^banned([46])(?:_([1-9]\d{0,2})|_part(0|[1-9]\d?))?$/;

/**
 * Parses a table's name. It must begin with `fail2ban_`: any other might be a
 * table of the host, whose chains would be flushed, or a keyword of nft.
 *
 * @returns The name, or `undefined` when it is not valid.
 *
 * @example
 * ```ts
 * import { parseNftTable } from "./nft_names.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseNftTable("fail2ban_cluster"), "fail2ban_cluster");
 * strictEqual(parseNftTable("filter"), undefined);
 * ```
 */
export function parseNftTable(text: string): NftTable | undefined {
  return TABLE.test(text) ? text as NftTable : undefined;
}

/**
 * Parses a set's name.
 *
 * @returns The name, or `undefined` when it is not one of the cluster's sets.
 */
export function parseNftSet(text: string): NftSet | undefined {
  const [, family, bits, part] = SET.exec(text) ?? [];
  if (family === undefined || Number(part) >= NFT_PARTS) return undefined;
  return bits === undefined || Number(bits) < (family === "4" ? 32 : 128)
    ? text as NftSet
    : undefined;
}

/** Cache of {@link nftSetParts}; there are only a few hundred names. */
const KNOWN_PARTS = new Map<NftSet, NftSetParts>();

/** Splits the name of a set into its parts. */
export function nftSetParts(set: NftSet): NftSetParts {
  const known = KNOWN_PARTS.get(set);
  if (known !== undefined) return known;
  const [, family, bits, part] = SET.exec(parseNftSet(set) ?? "") ?? [];
  if (family === undefined) {
    throw new TypeError(`Not a set of ours: ${JSON.stringify(set)}`);
  }
  const parts: NftSetParts = {
    family: family === "4" ? 4 : 6,
    prefixBits: bits === undefined ? undefined : Number(bits),
    ...(part === undefined ? {} : { part: Number(part) }),
  };
  KNOWN_PARTS.set(set, parts);
  return parts;
}

const PARTS = {
  4: partSets(4),
  6: partSets(6),
} as const;

/** The sets for the parts of a family's single addresses. */
export function nftPartSets(family: 4 | 6): readonly NftSet[] {
  return PARTS[family];
}

function partSets(family: 4 | 6): readonly NftSet[] {
  return Array.from(
    { length: NFT_PARTS },
    (_, part) => `banned${family}_part${part}` as NftSet,
  );
}

/** The sets that an address may be in. */
export interface NftPlaces {
  /** Its set in a table without parts. */
  readonly set: NftSet;
  /** Its set in a table with parts; `undefined`: it is a prefix. */
  readonly part: NftSet | undefined;
}

/**
 * The sets that an address may be in. The part of a single address is the low
 * six bits of its last octet (IPv4) or of its third group (IPv6, where the last
 * group is often 1).
 *
 * @returns `undefined` when there is no such set: for text that is not an
 * address, and for `0.0.0.0/0` and `::/0`.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { nftPlacesOf } from "./nft_names.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const prefix = parseAddress("2001:db8:7::/48");
 * const single = parseAddress("192.0.2.65");
 * ok(prefix && single);
 * strictEqual(nftPlacesOf(prefix)?.set, "banned6_48");
 * strictEqual(nftPlacesOf(single)?.part, "banned4_part1");
 * ```
 */
export function nftPlacesOf(address: Address): NftPlaces | undefined {
  const octet = lastOctet(address);
  if (octet !== undefined) return PLACES[4][octet % NFT_PARTS];
  if (parseAddress(address) === undefined) return undefined;
  const slash = address.indexOf("/");
  const family = address.includes(":") ? 6 : 4;
  if (slash === -1) return PLACES[family][thirdGroup(address) % NFT_PARTS];
  const bits = address.slice(slash + 1);
  return bits === "0"
    ? undefined
    : { set: `banned${family}_${bits}` as NftSet, part: undefined };
}

const PLACES = { 4: partPlaces(4), 6: partPlaces(6) } as const;

function partPlaces(family: 4 | 6): readonly NftPlaces[] {
  const set = `banned${family}` as NftSet;
  return nftPartSets(family).map((part) => ({ set, part }));
}

const [DOT, ZERO, NINE] = [0x2e, 0x30, 0x39];

/** The last octet of a single IPv4 address; `undefined`: it is something else. */
function lastOctet(address: string): number | undefined {
  let [octets, octet, digits] = [0, 0, 0];
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === DOT && digits > 0) {
      octets++;
      [octet, digits] = [0, 0];
    } else if (code >= ZERO && code <= NINE && !(digits > 0 && octet === 0)) {
      octet = octet * 10 + code - ZERO;
      digits++;
      if (octet > 255) return undefined;
    } else return undefined;
  }
  return octets === 3 && digits > 0 ? octet : undefined;
}

function thirdGroup(address: Address): number {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  return parseInt(groups[2] ?? after[2 - (8 - after.length)] ?? "0", 16);
}

/**
 * Checks a table's name before it becomes part of a script.
 *
 * @throws {TypeError} when it is not valid.
 */
export function checkedNftTable(table: NftTable): NftTable {
  const name = parseNftTable(table);
  if (name !== undefined) return name;
  throw new TypeError(`Not a table of ours: ${JSON.stringify(table)}`);
}
