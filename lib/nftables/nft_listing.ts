/**
 * What `nft` answers: the JSON of `nft -j list table` and its complaints.
 *
 * @see {@link https://manpages.debian.org/libnftables-json.5 | libnftables-json(5)}
 * @module
 */

import {
  type Address,
  canonicalAddress,
  parseAddress,
} from "../base/address.ts";
import { CLUSTER_JAIL } from "../base/jail_name.ts";
import { JsonBytes, jsonName, type JsonText } from "./nft_json.ts";
import {
  type NftSet,
  type NftSetParts,
  nftSetParts,
  type NftTable,
  parseNftSet,
} from "./nft_names.ts";
import type { ActiveBan } from "../enforce/enforcer.ts";

/** A set as nft lists it. */
export interface ListedNftSet {
  readonly set: NftSet;
  /** What is in it; all in the jail of the cluster. */
  readonly bans: readonly ActiveBan[];
}

const COMPLAINT =
  /^(?:\S+:\d+:\d+-\d+: )?(?:Error: )?(?:Could not process rule: )?(.*)$/;
const MAX_REASON_LENGTH = 200;

/** Names of members that are looked for. */
const [NFTABLES, SET, NAME, TABLE, FAMILY] = [
  ...[jsonName("nftables"), jsonName("set"), jsonName("name")],
  ...[jsonName("table"), jsonName("family")],
] as const;
const [ELEMENTS, VALUE, EXPIRES] = [
  ...[jsonName("elem"), jsonName("val"), jsonName("expires")],
] as const;

/**
 * Reads a listing. Ends are a second early at most: nft tells whole seconds.
 *
 * @param listing What `nft -j list table` wrote; with `-t` the sets show as empty.
 * @param nowMs When, in milliseconds since 1970.
 * @returns The sets that are ours; of their elements those that match anything.
 * @throws {SyntaxError} when it is no such listing.
 *
 * @example
 * ```ts
 * import { parseNftListing } from "./nft_listing.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const text = `{"nftables": [{"set": {"name": "banned4_24", "elem": ["192.0.2.0"]}}]}`;
 * const [listed] = parseNftListing(new TextEncoder().encode(text), Date.now());
 * strictEqual(listed?.bans[0]?.address, "192.0.2.0/24");
 * strictEqual(listed.bans[0].expiresMs, Infinity);
 * ```
 */
export function parseNftListing(
  listing: Uint8Array,
  nowMs: number,
): ListedNftSet[] {
  const json = new JsonBytes(listing);
  const sets: ListedNftSet[] = [];
  eachSet(json, ({ name, elementsAt }) => {
    const set = parseNftSet(name);
    if (set === undefined) return;
    const bans: ActiveBan[] = [];
    if (elementsAt !== undefined) {
      const afterSet = json.at;
      json.at = elementsAt;
      readElements(json, set, nowMs, bans);
      json.at = afterSet;
    }
    sets.push({ set, bans });
  });
  return sets;
}

/**
 * Reads which sets a table has.
 *
 * @param listing What `nft -j -t list sets` wrote.
 * @param table The table; others' sets are left out.
 * @throws {SyntaxError} when it is no such listing.
 */
export function parseNftSetNames(
  listing: Uint8Array,
  table: NftTable,
): NftSet[] {
  const json = new JsonBytes(listing);
  const sets: NftSet[] = [];
  eachSet(json, (listed) => {
    const isOurs = listed.table === table && listed.family === "inet";
    const set = isOurs ? parseNftSet(listed.name) : undefined;
    if (set !== undefined) sets.push(set);
  });
  return sets;
}

/**
 * The cause in what nft wrote to standard error, on one line.
 *
 * @param stderr All of it.
 */
export function nftReason(stderr: string): string {
  const [line = ""] = stderr.trimStart().split("\n", 1);
  const reason = COMPLAINT.exec(line)?.[1] ?? line;
  const printable = reason.replaceAll(/[^\x20-\x7e]/g, "?").trim();
  return printable === ""
    ? "it doesn't say why"
    : printable.slice(0, MAX_REASON_LENGTH);
}

/**
 * The likely way out. Whose chains or sets have our names and are otherwise, as
 * a chain without a hook or a set of ports, is refused in several words.
 *
 * @param reason What {@link nftReason} found.
 * @param table The table it was about.
 */
export function nftHint(reason: string, table: NftTable): string {
  if (reason.includes("Operation not permitted")) {
    return "run as root, or give the program CAP_NET_ADMIN";
  }
  return /File exists|datatype mismatch|Operation not supported/.test(reason)
    ? `another program made the table inet ${table}: set nfttable in [subscriber] to another name, or remove that one: nft delete table inet ${table}`
    : "nft list ruleset shows whether nftables works on this host";
}

/** What is said of a set, before its elements are read. */
interface SetHeader {
  name: string;
  table: string;
  family: string;
  /** Where they begin; `undefined`: it has none. */
  elementsAt: number | undefined;
}

/** Reads what is listed, and tells of each set. */
function eachSet(json: JsonBytes, tell: (header: SetHeader) => void): void {
  let isListing = false;
  json.members((name) => {
    if (!json.is(name, NFTABLES)) return json.pass();
    isListing = true;
    json.items(() => {
      if (!json.isObject) return json.pass();
      json.members((kind) => {
        if (json.is(kind, SET) && json.isObject) tell(readHeader(json));
        else json.pass();
      });
    });
  });
  json.end();
  if (!isListing) throw new SyntaxError("No list of what there is");
}

function readHeader(json: JsonBytes): SetHeader {
  const header: SetHeader = {
    ...{ name: "", table: "", family: "" },
    elementsAt: undefined,
  };
  json.members((member) => {
    if (json.is(member, ELEMENTS)) {
      header.elementsAt = json.at;
      json.pass();
    } else if (!json.isText) {
      json.pass();
    } else {
      const text = json.text();
      if (json.is(member, NAME)) header.name = json.textOf(text);
      else if (json.is(member, TABLE)) header.table = json.textOf(text);
      else if (json.is(member, FAMILY)) header.family = json.textOf(text);
    }
  });
  return header;
}

function readElements(
  json: JsonBytes,
  set: NftSet,
  nowMs: number,
  into: ActiveBan[],
): void {
  const parts = nftSetParts(set);
  const add = (value: JsonText, expiresMs: number) => {
    const address = addressOf(json, value, parts);
    // Host bits that somebody set by hand match nothing.
    if (address !== undefined) {
      into.push({ jail: CLUSTER_JAIL, address, expiresMs });
    }
  };
  let [value, expiresMs]: [JsonText | undefined, number] = [undefined, 0];
  const readPart = (name: JsonText) => {
    if (json.is(name, VALUE)) value = json.text();
    else if (json.is(name, EXPIRES)) expiresMs = nowMs + json.number() * 1_000;
    else json.pass();
  };
  json.items(() => {
    if (json.isText) return add(json.text(), Infinity);
    [value, expiresMs] = [undefined, Infinity];
    json.members((name) => {
      if (json.is(name, ELEMENTS)) json.members(readPart);
      else json.pass();
    });
    if (value === undefined) {
      throw new SyntaxError(`An element of ${set} is no address`);
    }
    add(value, expiresMs);
  });
}

/** A million of them are read at a time, nearly all of IPv4. */
function addressOf(
  json: JsonBytes,
  text: JsonText,
  { family, prefixBits }: NftSetParts,
): Address | undefined {
  const single = prefixBits === undefined ? json.ipv4Of(text) : undefined;
  if (single !== undefined) return single as Address;
  const base = json.textOf(text);
  const suffix = prefixBits === undefined ? "" : `/${prefixBits}`;
  return parseAddress(base + suffix) ??
    (family === 6 ? addressOfIpv6(base, suffix) : undefined);
}

/** nft prints what is in ::/96 with its last 32 bits as IPv4: `::1.2.3.4`. */
function addressOfIpv6(base: string, suffix: string): Address | undefined {
  const address = canonicalAddress(base + suffix);
  // One that is mapped is another address to everybody else.
  const isKept = address?.includes(":") &&
    address === `${canonicalAddress(base)}${suffix}`;
  return isKept ? address : undefined;
}
