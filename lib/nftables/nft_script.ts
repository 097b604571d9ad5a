/**
 * Renders the scripts for `nft`: bans are elements of sets in the cluster's
 * own table.
 *
 * There is one hash set for single addresses of each family, `banned4` and
 * `banned6`, and one for each prefix length that occurs: `banned4_24` holds the
 * network addresses of `/24` prefixes, and its rule masks the host bits of the
 * source address before it looks it up. So every ban is one element, whatever
 * else is banned: it ends at its own time and can be listed and lifted.
 *
 * A single set with `flags interval` would look simpler. It was tried with nft
 * 1.0.6 on Linux 6.18, and fails:
 *
 * - Without `auto-merge`, nft refuses `192.0.2.7` while `192.0.2.0/24` is in the
 *   set ("interval overlaps with an existing one"), and the other way round. Yet
 *   operators ban a prefix just when some of its addresses are banned already.
 * - With `auto-merge`, elements merge and get one end. `192.0.2.7` for 50 s and
 *   then `192.0.2.0/24` for 10 s leave the prefix for 10 s; another 500 s for
 *   `192.0.2.9` are lost silently, and deleting it fails. `10.0.0.1` for 5 s and
 *   its neighbour for 100 s both end after 5 s.
 * - nft reads the whole set before it adds to it: 100,000 addresses, 2,000 a
 *   call, took 13.7 s; with deletions before additions the first 12,000 took
 *   41 s. Hash sets took 0.6 s and 1.5 s for all.
 *
 * Listing one hash set of 1,000,000 takes a minute: the kernel walks it from the
 * front for each part of its answer, and `nft` starts again whenever anybody
 * changes the firewall meanwhile. So single addresses beyond the first thousands
 * go into {@link nftPlacesOf | parts}. A packet is looked up in one part, and
 * each part is listed by itself.
 *
 * Elements are added, deleted and added again in one transaction: to delete an
 * element that may be missing would otherwise need nft 1.0.7 and Linux 6.3
 * (`destroy`), and kernels before 6.12 give an existing element no new end.
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

/** The part of a ban that nftables needs. */
export type NftBan = Pick<HostBan, "address" | "expiresMs">;

/** Before the host's own filter (priority 0) and fail2ban's (-1). */
const PRIORITY = -10;
const DAY_SECONDS = 86_400;
const NO_SETS: ReadonlySet<NftSet> = new Set();
/** A longer ban gets no end. */
const MAX_TIMEOUT_DAYS = 100_000;

/**
 * Renders the table with its rules. An existing table keeps its elements.
 *
 * @param table The table's name.
 * @param sets All its sets beside {@link NFT_SETS}: no rule looks into a set
 * that is not named.
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

/** Renders the removal of the table with all its bans. */
export function renderNftRemoval(table: NftTable): string {
  const name = checkedNftTable(table);
  return `add table inet ${name}\ndelete table inet ${name}\n`;
}

/**
 * Renders the addition of bans. A ban that is in force gets its new end; one
 * that is over is deleted.
 *
 * @param table The table's name.
 * @param bans Of several bans of one address, the longest counts.
 * @param nowMs Milliseconds since 1970.
 * @param sets The table's sets; with sets for parts, single addresses go there.
 * @param isAbsent Whether an address is certainly in no set. @default {never}
 * @throws {TypeError} when there is no set for an address.
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
 * Renders the deletion of bans, whether they are in force or not.
 *
 * @param table The table's name.
 * @param addresses The bans' addresses.
 * @param sets The table's sets.
 * @throws {TypeError} when there is no set for an address.
 */
export function renderNftUnbans(
  table: NftTable,
  addresses: readonly Address[],
  sets: ReadonlySet<NftSet> = NO_SETS,
): string {
  const over = new Map(addresses.map((address) => [address, -Infinity]));
  return renderElements(table, over, { nowMs: 0, sets });
}

/** The changes of one set. */
interface SetElements {
  /** Elements to delete, first. */
  readonly deleted: string[];
  /** Elements to add then, with their ends. */
  readonly added: string[];
}

/** Deletes all elements, and adds those again that are not over. */
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
    // It may be in the whole set if it was added before there were parts.
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

/** In whole seconds: the kernel reads less than one tick of its clock as no end. */
function renderTimeout(timeoutMs: number): string {
  const seconds = Math.ceil(timeoutMs / 1_000);
  const days = Math.floor(seconds / DAY_SECONDS);
  if (days > MAX_TIMEOUT_DAYS) return "";
  // nft accepts at most eight digits.
  const wholeDays = days === 0 ? "" : `${days}d`;
  return ` timeout ${wholeDays}${seconds % DAY_SECONDS}s`;
}

/** The element of an address: without the prefix length, which the set's name has. */
function elementOf(address: Address): string {
  const slash = address.indexOf("/");
  return slash === -1 ? address : address.slice(0, slash);
}

function renderSet(table: NftTable, set: NftSet): string {
  const { family } = nftSetParts(set);
  return `add set inet ${table} ${set} { type ipv${family}_addr; flags timeout; }`;
}

/** The chain of a part; a packet is sent to it by bits of its source address. */
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

/** All parts are made together; the rule for all is rendered with the first. */
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
