/**
 * What `nft` answers: the JSON of `nft -j list table` and its complaints.
 *
 * @see {@link https://manpages.debian.org/libnftables-json.5 | libnftables-json(5)}
 * @module
 */

import { parseAddress } from "../base/address.ts";
import { CLUSTER_JAIL } from "../base/jail_name.ts";
import {
  type NftSet,
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

/**
 * Reads a listing. Ends are a second early at most: nft tells whole seconds.
 *
 * @param text What `nft -j list table` wrote; with `-t` the sets show as empty.
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
 * const [listed] = parseNftListing(text, Date.now());
 * strictEqual(listed?.bans[0]?.address, "192.0.2.0/24");
 * strictEqual(listed.bans[0].expiresMs, Infinity);
 * ```
 */
export function parseNftListing(
  text: string,
  nowMs: number,
): ListedNftSet[] {
  const items = member(JSON.parse(text), "nftables");
  if (!Array.isArray(items)) throw new SyntaxError("No list of what there is");
  const sets: ListedNftSet[] = [];
  for (const item of items) {
    const listed = member(item, "set");
    if (listed === undefined) continue;
    const name = member(listed, "name");
    const set = typeof name === "string" ? parseNftSet(name) : undefined;
    if (set === undefined) continue;
    sets.push({ set, bans: readElements(set, listed, nowMs) });
  }
  return sets;
}

/**
 * Reads which sets a table has.
 *
 * @param text What `nft -j -t list sets` wrote.
 * @param table The table; others' sets are left out.
 * @throws {SyntaxError} when it is no such listing.
 */
export function parseNftSetNames(text: string, table: NftTable): NftSet[] {
  const items = member(JSON.parse(text), "nftables");
  if (!Array.isArray(items)) throw new SyntaxError("No list of what there is");
  return items.flatMap((item) => {
    const listed = member(item, "set");
    const name = member(listed, "name");
    const isOurs = member(listed, "table") === table &&
      member(listed, "family") === "inet" && typeof name === "string";
    return isOurs ? parseNftSet(name) ?? [] : [];
  });
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

function readElements(
  set: NftSet,
  listed: unknown,
  nowMs: number,
): ActiveBan[] {
  const elements = member(listed, "elem") ?? [];
  if (!Array.isArray(elements)) throw new SyntaxError(`No elements of ${set}`);
  const { prefixBits } = nftSetParts(set);
  const suffix = prefixBits === undefined ? "" : `/${prefixBits}`;
  const bans: ActiveBan[] = [];
  for (const element of elements) {
    const isBare = typeof element === "string";
    const parts = isBare ? { val: element } : member(element, "elem");
    const { val, expires } = partsOf(parts) ?? {};
    const isRead = typeof val === "string" &&
      (expires === undefined || typeof expires === "number");
    if (!isRead) throw new SyntaxError(`An element of ${set} is no address`);
    const address = parseAddress(val + suffix);
    // Host bits that somebody set by hand match nothing.
    if (address === undefined) continue;
    const expiresMs = expires === undefined
      ? Infinity
      : nowMs + expires * 1_000;
    bans.push({ jail: CLUSTER_JAIL, address, expiresMs });
  }
  return bans;
}

/** A million of them are read at a time. */
function partsOf(
  parts: unknown,
): { readonly val?: unknown; readonly expires?: unknown } | undefined {
  return typeof parts === "object" && parts !== null ? parts : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null &&
      Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
