/**
 * Reads the answers of `nft`: the JSON of `nft -j list table`, and errors.
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
  /** Its bans, all in the cluster's jail. */
  readonly bans: readonly ActiveBan[];
}

const COMPLAINT =
  /^(?:\S+:\d+:\d+-\d+: )?(?:Error: )?(?:Could not process rule: )?(.*)$/;
const MAX_REASON_LENGTH = 200;

/** Names of JSON members. */
const [NFTABLES, SET, NAME, TABLE, FAMILY] = [
  ...[jsonName("nftables"), jsonName("set"), jsonName("name")],
  ...[jsonName("table"), jsonName("family")],
] as const;
const [ELEMENTS, VALUE, EXPIRES] = [
  ...[jsonName("elem"), jsonName("val"), jsonName("expires")],
] as const;

/**
 * Reads a listing. Ends are up to a second early: nft prints whole seconds.
 *
 * @param listing Output of `nft -j list table`; with `-t` the sets look empty.
 * @param nowMs Time of the call, in milliseconds since 1970.
 * @returns The cluster's sets, with those elements that can match a packet.
 * @throws {SyntaxError} when it is not such a listing.
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
 * Reads the names of a table's sets.
 *
 * @param listing Output of `nft -j -t list sets`.
 * @param table The table; sets of other tables are left out.
 * @throws {SyntaxError} when it is not such a listing.
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
 * The cause of a failure, on one line.
 *
 * @param stderr All that nft wrote to standard error.
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
 * The likely fix. When another program's table has chains or sets with our
 * names but of another type (a chain without a hook, a set of ports), nft says
 * so in several ways.
 *
 * @param reason What {@link nftReason} found.
 * @param table The table that the call was about.
 */
export function nftHint(reason: string, table: NftTable): string {
  if (reason.includes("Operation not permitted")) {
    return "run as root, or give the program CAP_NET_ADMIN";
  }
  return /File exists|datatype mismatch|Operation not supported/.test(reason)
    ? `another program made the table inet ${table}: set nfttable in [subscriber] to another name, or remove that one: nft delete table inet ${table}`
    : "nft list ruleset shows whether nftables works on this host";
}

/** A set's attributes; its elements are read later. */
interface SetHeader {
  name: string;
  table: string;
  family: string;
  /** Position of the elements; `undefined`: there are none. */
  elementsAt: number | undefined;
}

/** Reads a listing, and calls `tell` for each set. */
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
    // A prefix that somebody added by hand with host bits never matches.
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

/** A list may have a million, nearly all of IPv4: these take the fast path. */
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

/** nft prints addresses in ::/96 with the last 32 bits as IPv4: `::1.2.3.4`. */
function addressOfIpv6(base: string, suffix: string): Address | undefined {
  const address = canonicalAddress(base + suffix);
  // An IPv4-mapped address would become an IPv4 one, which is another ban.
  const isKept = address?.includes(":") &&
    address === `${canonicalAddress(base)}${suffix}`;
  return isKept ? address : undefined;
}
