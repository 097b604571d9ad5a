/**
 * What `nft` is told and what it answers: bans as elements of sets in a table
 * of their own.
 *
 * There is one hash set for single addresses of each family, `banned4` and
 * `banned6`, and one more for each prefix length that occurs: `banned4_24`
 * holds the network addresses of `/24` prefixes, and its rule looks up the
 * source address with the host bits masked off. A set with `flags interval`
 * for everything would look simpler. It was tried, with nft 1.0.6 on Linux
 * 6.18, and does not do:
 *
 * - Without `auto-merge`, `192.0.2.7` is refused while `192.0.2.0/24` is in the
 *   set ("interval overlaps with an existing one"), and the other way round:
 *   yet an operator bans a prefix just when addresses of it are banned already.
 * - With `auto-merge`, elements become one, and it has one end. `192.0.2.7` for
 *   50 s and then `192.0.2.0/24` for 10 s leave the prefix for 10 s; another
 *   500 s for `192.0.2.9` are lost without a word, and deleting it fails.
 *   `10.0.0.1` for 5 s and its neighbour for 100 s both end after 5 s.
 * - nft reads the whole set before it adds to it: 100,000 addresses, 2,000 a
 *   call, took 13.7 s, and where elements were deleted and added again the
 *   first 12,000 took 41 s. Hash sets took 0.6 s and 1.5 s for all.
 *
 * To list one hash set of 1,000,000 takes the kernel a minute, for it begins at the
 * front for each part of its answer, and `nft` begins anew whenever anybody changes
 * the firewall meanwhile. So single addresses beyond the first thousands go into
 * {@link nftPlacesOf | parts}, of which one packet looks up one, and each is listed by itself.
 *
 * With a set for each prefix length every ban is one element, whatever else
 * is banned, so that it ends at its own time and can be listed and lifted.
 *
 * Every script begins with all that the table consists of, for a reload of the
 * host's firewall often removes every table. Elements are added, deleted and
 * added again in one transaction: to delete what may be missing otherwise takes
 * nft 1.0.7 and Linux 6.3 (`destroy`), and to an element that is there kernels
 * before 6.12 give no new end.
 *
 * @see {@link https://www.netfilter.org/projects/nftables/manpage.html | nft(8)}
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import {
  checkedNftTable,
  NFT_PARTS,
  NFT_SETS,
  nftPlacesOf,
  type NftSet,
  nftSetParts,
  type NftTable,
} from "./nft_names.ts";
import type { HostBan } from "../enforce/enforcer.ts";

/** What of a ban nftables needs to know. */
export type NftBan = Pick<HostBan, "address" | "expiresMs">;

/** Before the host's own filter, which has priority 0, and fail2ban's, which has -1. */
const PRIORITY = -10;
const DAY_SECONDS = 86_400;
const NO_SETS: ReadonlySet<NftSet> = new Set();
/** A ban for longer has no end. */
const MAX_TIMEOUT_DAYS = 100_000;

/**
 * Renders what makes the table, or leaves it as it is.
 *
 * @param table Its name.
 * @param sets Its sets beside {@link NFT_SETS}; all of them, for one that
 * isn't named is no longer looked at.
 */
export function renderNftTable(
  table: NftTable,
  sets: Iterable<NftSet> = [],
): string {
  const name = checkedNftTable(table);
  const all = [...new Set([...NFT_SETS, ...sets])].sort();
  const lines = [
    `add table inet ${name}`,
    `add counter inet ${name} dropped4`,
    `add counter inet ${name} dropped6`,
    ...all.map((set) => renderSet(name, set)),
    ...all.flatMap((set) => renderPartChain(name, set)),
    `add chain inet ${name} banned`,
    `flush chain inet ${name} banned`,
    ...all.flatMap((set) => renderRules(name, set)),
    ...["input", "forward"].flatMap((hook) => [
      `add chain inet ${name} ${hook} { type filter hook ${hook} priority ${PRIORITY}; policy accept; }`,
      `flush chain inet ${name} ${hook}`,
      `add rule inet ${name} ${hook} jump banned`,
    ]),
  ];
  return lines.join("\n") + "\n";
}

/** Renders what removes the table and every ban in it. */
export function renderNftRemoval(table: NftTable): string {
  const name = checkedNftTable(table);
  return `add table inet ${name}\ndelete table inet ${name}\n`;
}

/**
 * Renders what puts bans in force and gives those that are their new end.
 * One whose end has come is taken out of force.
 *
 * @param table The table.
 * @param bans Any; of several of one address the longest counts.
 * @param nowMs Milliseconds since 1970.
 * @param sets The sets that there are; with a part's set single addresses go there.
 * @param isAbsent Whether an address is in no set for certain. @default {never}
 * @throws {TypeError} when an address is of no set.
 */
export function renderNftBans(
  table: NftTable,
  bans: readonly NftBan[],
  nowMs: number,
  sets: ReadonlySet<NftSet> = NO_SETS,
  isAbsent: (address: Address) => boolean = () => false,
): string {
  const expiries = new Map<Address, number>();
  for (const { address, expiresMs } of bans) {
    if (Number.isNaN(expiresMs)) throw new TypeError("A ban without an end");
    const known = expiries.get(address) ?? -Infinity;
    expiries.set(address, Math.max(known, expiresMs));
  }
  return renderElements(table, expiries, { nowMs, sets, isAbsent });
}

/**
 * Renders what takes bans out of force, also those that aren't.
 *
 * @param table The table.
 * @param addresses Of the bans.
 * @param sets The sets that there are.
 * @throws {TypeError} when an address is of no set.
 */
export function renderNftUnbans(
  table: NftTable,
  addresses: readonly Address[],
  sets: ReadonlySet<NftSet> = NO_SETS,
): string {
  const over = new Map(addresses.map((address) => [address, -Infinity]));
  return renderElements(table, over, { nowMs: 0, sets });
}

/** What is done to one set. */
interface SetElements {
  /** Elements that are deleted. */
  readonly deleted: string[];
  /** Elements that are added then, with their ends. */
  readonly added: string[];
}

/** Deletes all elements and adds those again whose end is to come. */
function renderElements(
  table: NftTable,
  expiries: ReadonlyMap<Address, number>,
  { nowMs, sets, isAbsent }: {
    readonly nowMs: number;
    readonly sets: ReadonlySet<NftSet>;
    readonly isAbsent?: (address: Address) => boolean;
  },
): string {
  const name = checkedNftTable(table);
  const groups = new Map<NftSet, SetElements>();
  for (const [address, expiresMs] of expiries) {
    const places = nftPlacesOf(address);
    if (places === undefined) {
      throw new TypeError(`No set for ${JSON.stringify(address)}`);
    }
    const { set, part } = places;
    const element = elementOf(address);
    const hasPart = part !== undefined && sets.has(part);
    const mayBeThere = isAbsent?.(address) !== true;
    // It may be in the whole set since before there were parts.
    if (mayBeThere && hasPart) elementsOf(groups, set).deleted.push(element);
    const { deleted, added } = elementsOf(groups, hasPart ? part : set);
    if (mayBeThere) deleted.push(element);
    if (expiresMs > nowMs) {
      added.push(element + renderTimeout(expiresMs - nowMs));
    }
  }
  let script = "";
  for (const [set, { deleted, added }] of groups) {
    if (deleted.length > 0) {
      const all = deleted.join(", ");
      script += `add element inet ${name} ${set} { ${all} }\n`;
      script += `delete element inet ${name} ${set} { ${all} }\n`;
    }
    if (added.length === 0) continue;
    script += `add element inet ${name} ${set} { ${added.join(", ")} }\n`;
  }
  return script;
}

function elementsOf(
  groups: Map<NftSet, SetElements>,
  set: NftSet,
): SetElements {
  const known = groups.get(set);
  if (known !== undefined) return known;
  const elements: SetElements = { deleted: [], added: [] };
  groups.set(set, elements);
  return elements;
}

/** Whole seconds, for the kernel takes less than one tick of its clock for no end at all. */
function renderTimeout(timeoutMs: number): string {
  const seconds = Math.ceil(timeoutMs / 1_000);
  const days = Math.floor(seconds / DAY_SECONDS);
  if (days > MAX_TIMEOUT_DAYS) return "";
  // nft takes no number of more than eight digits.
  const wholeDays = days === 0 ? "" : `${days}d`;
  return ` timeout ${wholeDays}${seconds % DAY_SECONDS}s`;
}

/** The set says the prefix length. */
function elementOf(address: Address): string {
  const slash = address.indexOf("/");
  return slash === -1 ? address : address.slice(0, slash);
}

function renderSet(table: NftTable, set: NftSet): string {
  const { family } = nftSetParts(set);
  return `add set inet ${table} ${set} { type ipv${family}_addr; flags timeout; }`;
}

/** The chain of a part: a packet gets there by the bits of its source. */
function renderPartChain(table: NftTable, set: NftSet): string[] {
  const { family, part } = nftSetParts(set);
  if (part === undefined) return [];
  return [
    `add chain inet ${table} ${set}_rule`,
    `flush chain inet ${table} ${set}_rule`,
    `add rule inet ${table} ${set}_rule ${
      sourceOf(family)
    } @${set} counter name dropped${family} drop`,
  ];
}

/** The first part's set stands for all of them: they come together. */
function renderRules(table: NftTable, set: NftSet): string[] {
  const { family, part } = nftSetParts(set);
  if (part === undefined) return [renderRule(table, set)];
  if (part !== 0) return [];
  const mask = family === 4 ? `0.0.0.${NFT_PARTS - 1}` : "0:0:3f::";
  const chains = Array.from({ length: NFT_PARTS }, (_, at) => {
    const bits = family === 4 ? `0.0.0.${at}` : `0:0:${at.toString(16)}::`;
    return `${bits} : jump banned${family}_part${at}_rule`;
  });
  return [
    `add rule inet ${table} banned ${sourceOf(family)} & ${mask} vmap { ${
      chains.join(", ")
    } }`,
  ];
}

function sourceOf(family: 4 | 6): string {
  return `${family === 4 ? "ip" : "ip6"} saddr`;
}

function renderRule(table: NftTable, set: NftSet): string {
  const { family, prefixBits } = nftSetParts(set);
  const source = sourceOf(family);
  const key = prefixBits === undefined
    ? source
    : `${source} & ${maskOf(family, prefixBits)}`;
  return `add rule inet ${table} banned ${key} @${set} counter name dropped${family} drop`;
}

function maskOf(family: 4 | 6, prefixBits: number): string {
  const ones = family === 4
    ? "255.255.255.255"
    : Array(8).fill("ffff").join(":");
  const [mask] = canonicalAddress(`${ones}/${prefixBits}`)?.split("/") ?? [];
  if (mask === undefined) {
    throw new TypeError(`No prefix of ${prefixBits} bits`);
  }
  return mask;
}
