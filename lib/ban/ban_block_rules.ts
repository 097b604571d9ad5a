/**
 * The rules for the columns of a block, checked when a block is read and when
 * it is written.
 *
 * @module
 */

import { IPV4_BITS, IPV6_BITS } from "../rows/packed_address.ts";
import type { BanBlockColumns } from "./ban_columns.ts";
import { IPV6_BYTES, IPV6_SPAN } from "../rows/column_set.ts";
import { canonicalHost } from "../base/host_name.ts";
import { MAX_REPORTS } from "./ban_decision.ts";

/** Maximum number of bans in a block. */
export const MAX_BLOCK_BANS = 4_096;
/** Maximum number of reports in a block. */
export const MAX_BLOCK_REPORTS = 16_384;
/**
 * Maximum size of the names in a block, in bytes, with a length byte for each.
 */
export const MAX_BLOCK_NAME_BYTES = 262_144;

/** Maximum size of a block, in bytes; the bounds above stay below it. */
export const MAX_BLOCK_BYTES = 1_048_576;

/** What is wrong with a block. */
export type BlockFault =
  /** It is shorter or longer than it says. */
  | "length"
  /** It does not begin with the magic bytes, or has an unknown version. */
  | "head"
  /** It exceeds a bound, or its counts contradict each other. */
  | "counts"
  /** A name breaks its grammar, is out of order, or is repeated. */
  | "names"
  /** A column is not in its one form. */
  | "column"
  /** A prefix is too long, has host bits, or is IPv4 in IPv6. */
  | "address"
  /**
   * An index has no name, a name no index, or a node has two reports of a ban.
   */
  | "index"
  /** A ban's sequence number or pending flag is invalid. */
  | "ban"
  /** A time is invalid. */
  | "time";

/** Prefix of the IPv6 addresses that embed IPv4: `::ffff:0:0/96`. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/**
 * Checks everything but the names. @returns `undefined` if nothing is wrong.
 */
export function faultIn(columns: BanBlockColumns): BlockFault | undefined {
  return faultInCounts(columns) ?? faultInAddresses(columns) ??
    faultInIndexes(columns) ?? faultInBans(columns) ?? faultInTimes(columns);
}

function faultInCounts(
  columns: BanBlockColumns,
): BlockFault | undefined {
  const { spans, ipv4, ipv6, reportCounts, originIds } = columns;
  let [reports, addresses] = [0, 0];
  for (const count of reportCounts) {
    if (count < 1 || count > MAX_REPORTS) return "counts";
    reports += count;
  }
  for (const span of spans) addresses += Number(span <= IPV4_BITS);
  const isGood = reports === originIds.length && addresses === ipv4.length &&
    ipv6.length === (spans.length - addresses) * IPV6_BYTES &&
    spans.length <= MAX_BLOCK_BANS && reports <= MAX_BLOCK_REPORTS &&
    areOfOneLength(columns);
  return isGood ? undefined : "counts";
}

function areOfOneLength(columns: BanBlockColumns): boolean {
  const { spans, jailIds, reportCounts, seqs, pending } = columns;
  const { originIds, firstMs, lastMs, expiresMs } = columns;
  return [jailIds, reportCounts, seqs, pending].every(({ length }) =>
    length === spans.length
  ) && [firstMs, lastMs, expiresMs].every(({ length }) =>
    length === originIds.length
  );
}

/** Whether a number is valid in {@link BanBlockColumns.spans}. */
export function isSpan(span: number): boolean {
  return span <= IPV4_BITS ||
    span >= IPV6_SPAN && span <= IPV6_SPAN + IPV6_BITS;
}

function faultInAddresses(
  { spans, ipv4, ipv6 }: BanBlockColumns,
): BlockFault | undefined {
  let [v4, v6] = [0, 0];
  for (const span of spans) {
    if (span <= IPV4_BITS) {
      const hosts = 2 ** (IPV4_BITS - span);
      if ((ipv4[v4++] ?? 0) % hosts !== 0) return "address";
    } else {
      const isGood = isSpan(span) &&
        isNetwork(ipv6, IPV6_BYTES * v6++, span - IPV6_SPAN);
      if (!isGood) return "address";
    }
  }
  return undefined;
}

/**
 * Whether 16 bytes are an IPv6 network: no bits behind the prefix, not IPv4.
 */
function isNetwork(
  bytes: Uint8Array,
  from: number,
  prefixBits: number,
): boolean {
  for (let at = prefixBits >>> 3; at < IPV6_BYTES; at++) {
    const kept = Math.max(0, prefixBits - 8 * at);
    if (((bytes[from + at] ?? 0) & (0xff >>> kept)) !== 0) return false;
  }
  return !MAPPED.every((byte, at) => bytes[from + at] === byte);
}

/**
 * Every index must have its name, every name its index, and no node may report
 * a ban twice.
 */
function faultInIndexes(
  { jails, origins, jailIds, originIds, reportCounts }: BanBlockColumns,
): BlockFault | undefined {
  if (!areUsed(jailIds, jails.length) || !areUsed(originIds, origins.length)) {
    return "index";
  }
  const hosts = new Map<string, number>();
  const hostIds = origins.map((origin, id) => {
    const host = canonicalHost(origin);
    if (!hosts.has(host)) hosts.set(host, id);
    return hosts.get(host) ?? id;
  });
  const lastBan = new Uint16Array(origins.length);
  let report = 0;
  for (let ban = 1; ban <= reportCounts.length; ban++) {
    const end = report + (reportCounts[ban - 1] ?? 0);
    for (; report < end; report++) {
      const host = hostIds[originIds[report] ?? 0] ?? 0;
      if (lastBan[host] === ban) return "index";
      lastBan[host] = ban;
    }
  }
  return undefined;
}

function areUsed(ids: Uint16Array, names: number): boolean {
  const used = new Uint8Array(names);
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] ?? 0;
    if (id >= names) return false;
    used[id] = 1;
  }
  return !used.includes(0);
}

function faultInBans(
  { seqs, pending }: BanBlockColumns,
): BlockFault | undefined {
  for (const seq of seqs) {
    if (!(seq >= 1) || !Number.isSafeInteger(seq)) return "ban";
  }
  for (const flag of pending) if (flag > 1) return "ban";
  return undefined;
}

function faultInTimes(
  { firstMs, lastMs, expiresMs }: BanBlockColumns,
): BlockFault | undefined {
  for (let at = 0; at < firstMs.length; at++) {
    const endMs = expiresMs[at] ?? NaN;
    const isGood = isTime(firstMs[at] ?? NaN) && isTime(lastMs[at] ?? NaN) &&
      (endMs === Infinity || isTime(endMs));
    if (!isGood) return "time";
  }
  return undefined;
}

/** Negative zero is no time, so that equal bans have equal bytes. */
function isTime(ms: number): boolean {
  return ms >= -Number.MAX_SAFE_INTEGER && ms <= Number.MAX_SAFE_INTEGER &&
    !Object.is(ms, -0);
}

/**
 * Checks the order and the size of the names; their types guarantee the
 * grammar.
 */
export function faultInNames(
  { jails, origins }: Pick<BanBlockColumns, "jails" | "origins">,
): BlockFault | undefined {
  const isGood = areSorted(jails) && areSorted(origins) &&
    nameBytes(jails) + nameBytes(origins) <= MAX_BLOCK_NAME_BYTES;
  return isGood ? undefined : "names";
}

function areSorted(names: readonly string[]): boolean {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? "") < name);
}

/**
 * Size of names in a block, in bytes: one byte a character, and one for the
 * length.
 */
export function nameBytes(names: readonly string[]): number {
  return names.reduce((bytes, { length }) => bytes + 1 + length, 0);
}
