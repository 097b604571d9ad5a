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
  ipv6Text,
  prefixBitsOf,
  writeIpv6,
} from "../rows/address_bytes.ts";
import type { Ban, BanReport } from "./ban.ts";
import {
  type ColumnSet,
  emptyColumnSet,
  IPV6_BYTES,
  IPV6_SPAN,
} from "../rows/column_set.ts";
import { isIpv4Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** The bans of a block: names sorted by their characters' codes, each used. */
export type BanBlockColumns = ColumnSet;

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
    ...emptyColumnSet(bans.length, reports, ipv4),
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
