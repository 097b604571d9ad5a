/**
 * Bans as columns: an array of numbers for each member instead of an object
 * for each ban.
 *
 * @module
 */

import {
  IPV4_BITS,
  ipv4Number,
  ipv4Text,
  IPV6_BYTES,
  ipv6Text,
  prefixBitsOf,
  writeIpv6,
} from "./address_bytes.ts";
import type { Ban, BanReport } from "./ban.ts";
import { isIpv4Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Above it in {@link BanBlockColumns.spans} the family is IPv6. */
export const IPV6_SPAN = 64;

/** The bans of a block, and their reports in the same order. */
export interface BanBlockColumns {
  /** The names of all jails, each once, sorted by their characters' codes. */
  readonly jails: readonly JailName[];
  /** The names of all origins, likewise. */
  readonly origins: readonly HostName[];
  /** By ban: the bits of its prefix, 0 to 32 for IPv4, {@link IPV6_SPAN} and 0 to 128 more for IPv6. */
  readonly spans: Uint8Array;
  /** The first addresses of those of IPv4, as numbers, in the bans' order. */
  readonly ipv4: Uint32Array;
  /** The first addresses of those of IPv6, 16 bytes each in network order, in the bans' order. */
  readonly ipv6: Uint8Array;
  /** By ban: the index of its jail in `jails`. */
  readonly jailIds: Uint16Array;
  /** By ban: how many of the reports are its own; 1 at least. */
  readonly reportCounts: Uint16Array;
  /** By ban: {@link Ban.seq}. */
  readonly seqs: Float64Array;
  /** By ban: 1 where it is pending, else 0. */
  readonly pending: Uint8Array;
  /** By report: the index of its origin in `origins`. */
  readonly originIds: Uint16Array;
  /** By report: {@link BanReport.firstMs}. */
  readonly firstMs: Float64Array;
  /** By report: {@link BanReport.lastMs}. */
  readonly lastMs: Float64Array;
  /** By report: {@link BanReport.expiresMs}. */
  readonly expiresMs: Float64Array;
}

/** How many of each a block has. */
export interface BlockCounts {
  readonly bans: number;
  readonly reports: number;
  /** Bans of an address or prefix of IPv4. */
  readonly ipv4: number;
}

/** Columns full of zeros, for somebody to fill. */
export function emptyColumns(
  { bans, reports, ipv4 }: BlockCounts,
): Omit<BanBlockColumns, "jails" | "origins"> {
  return {
    spans: new Uint8Array(bans),
    ipv4: new Uint32Array(ipv4),
    ipv6: new Uint8Array((bans - ipv4) * IPV6_BYTES),
    jailIds: new Uint16Array(bans),
    reportCounts: new Uint16Array(bans),
    seqs: new Float64Array(bans),
    pending: new Uint8Array(bans),
    originIds: new Uint16Array(reports),
    firstMs: new Float64Array(reports),
    lastMs: new Float64Array(reports),
    expiresMs: new Float64Array(reports),
  };
}

/**
 * Makes columns of bans.
 *
 * @param bans Not more, nor more reports, than a block holds.
 */
export function columnsOf(bans: readonly Ban[]): BanBlockColumns {
  const [jails, origins] = [new Set<JailName>(), new Set<HostName>()];
  let [reports, ipv4] = [0, 0];
  for (const ban of bans) {
    jails.add(ban.jail);
    reports += ban.reports.length;
    if (isIpv4Address(ban.address)) ipv4++;
    for (const { origin } of ban.reports) origins.add(origin);
  }
  const columns = {
    ...emptyColumns({ bans: bans.length, reports, ipv4 }),
    jails: [...jails].sort(),
    origins: [...origins].sort(),
  };
  fill(columns, bans);
  return columns;
}

function fill(columns: BanBlockColumns, bans: readonly Ban[]): void {
  const jailIds = idsOf(columns.jails);
  const originIds = idsOf(columns.origins);
  let [report, v4, v6] = [0, 0, 0];
  for (
    const [at, { jail, address, reports, seq, isPending }] of bans.entries()
  ) {
    const bits = prefixBitsOf(address);
    if (isIpv4Address(address)) {
      columns.spans[at] = bits;
      columns.ipv4[v4++] = ipv4Number(address);
    } else {
      columns.spans[at] = IPV6_SPAN + bits;
      writeIpv6(address, columns.ipv6, IPV6_BYTES * v6++);
    }
    columns.jailIds[at] = jailIds.get(jail) ?? 0;
    columns.reportCounts[at] = reports.length;
    columns.seqs[at] = seq;
    columns.pending[at] = Number(isPending);
    for (const { origin, firstMs, lastMs, expiresMs } of reports) {
      columns.originIds[report] = originIds.get(origin) ?? 0;
      // Zero has one sign.
      columns.firstMs[report] = firstMs + 0;
      columns.lastMs[report] = lastMs + 0;
      columns.expiresMs[report++] = expiresMs + 0;
    }
  }
}

function idsOf<N extends string>(names: readonly N[]): ReadonlyMap<N, number> {
  return new Map(names.map((name, id) => [name, id]));
}

/**
 * Makes bans of columns, one after the other.
 *
 * @param columns What was read of a block, or what {@link columnsOf} made.
 */
export function* bansOf(
  columns: BanBlockColumns,
): Generator<Ban, void, undefined> {
  const { spans, ipv4, ipv6, jailIds, jails, reportCounts } = columns;
  let [report, v4, v6] = [0, 0, 0];
  for (let at = 0; at < spans.length; at++) {
    const span = spans[at] ?? 0;
    const address = span <= IPV4_BITS
      ? ipv4Text(ipv4[v4++] ?? 0, span)
      : ipv6Text(ipv6, IPV6_BYTES * v6++, span - IPV6_SPAN);
    const jail = jails[jailIds[at] ?? 0];
    if (jail === undefined) throw new RangeError("Cannot find a ban's jail");
    const count = reportCounts[at] ?? 0;
    const reports = reportsOf(columns, report, count);
    report += count;
    const seq = columns.seqs[at] ?? 0;
    yield { jail, address, reports, seq, isPending: columns.pending[at] === 1 };
  }
}

function reportsOf(
  { origins, originIds, firstMs, lastMs, expiresMs }: BanBlockColumns,
  from: number,
  count: number,
): readonly BanReport[] {
  const reports: BanReport[] = [];
  for (let at = from; at < from + count; at++) {
    const origin = origins[originIds[at] ?? 0];
    if (origin === undefined) {
      throw new RangeError("Cannot find a report's origin");
    }
    reports.push({
      origin,
      firstMs: firstMs[at] ?? 0,
      lastMs: lastMs[at] ?? 0,
      expiresMs: expiresMs[at] ?? 0,
    });
  }
  return reports;
}
