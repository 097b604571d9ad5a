/**
 * Bans as columns: an array of numbers for each field instead of an object for
 * each ban.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { isIpv4Address } from "../base/address.ts";
import { type ColumnSet, emptyColumnSet } from "../rows/column_set.ts";
import { AddressReader, AddressWriter } from "../rows/column_addresses.ts";
import { PackedAddress } from "../rows/packed_address.ts";
import type { Ban, BanReport } from "./ban.ts";

/** The bans of a block; its names are sorted by character code and all used. */
export type BanBlockColumns = ColumnSet;

/** Totals of the bans that go into columns. */
export interface ColumnCounts {
  /** The jails of all bans. */
  readonly jails: ReadonlySet<JailName>;
  /** The origins of all reports. */
  readonly origins: ReadonlySet<HostName>;
  readonly bans: number;
  readonly reports: number;
  /** Number of IPv4 bans. */
  readonly ipv4: number;
}

/** Fills columns, one ban after the other. */
export class ColumnFiller {
  readonly columns: BanBlockColumns;
  readonly #jailIds: ReadonlyMap<JailName, number>;
  readonly #originIds: ReadonlyMap<HostName, number>;
  readonly #addresses: AddressWriter;
  #bans = 0;
  #reports = 0;

  /** @param counts Totals of all bans that will be added. */
  constructor({ jails, origins, bans, reports, ipv4 }: ColumnCounts) {
    this.columns = {
      ...emptyColumnSet(bans, reports, ipv4),
      jails: [...jails].sort(),
      origins: [...origins].sort(),
    };
    this.#jailIds = idsOf(this.columns.jails);
    this.#originIds = idsOf(this.columns.origins);
    this.#addresses = new AddressWriter(this.columns);
  }

  /** Adds a ban. */
  add(
    address: PackedAddress,
    { jail, reports, seq, isPending }: Omit<Ban, "address">,
  ): void {
    const { columns } = this;
    const at = this.#bans++;
    this.#addresses.next(at, address);
    columns.jailIds[at] = this.#jailIds.get(jail) ?? 0;
    columns.reportCounts[at] = reports.length;
    columns.seqs[at] = seq;
    columns.pending[at] = Number(isPending);
    for (const { origin, firstMs, lastMs, expiresMs } of reports) {
      const report = this.#reports++;
      columns.originIds[report] = this.#originIds.get(origin) ?? 0;
      // Adding 0 makes -0 positive.
      columns.firstMs[report] = firstMs + 0;
      columns.lastMs[report] = lastMs + 0;
      columns.expiresMs[report] = expiresMs + 0;
    }
  }
}

function idsOf<N extends string>(names: readonly N[]): ReadonlyMap<N, number> {
  return new Map(names.map((name, id) => [name, id]));
}

/**
 * Makes columns of bans.
 *
 * @param bans No more bans or reports than a block holds.
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
  const filler = new ColumnFiller({
    ...{ jails, origins, reports, ipv4 },
    bans: bans.length,
  });
  const packed = new PackedAddress();
  for (const ban of bans) {
    packed.read(ban.address);
    filler.add(packed, ban);
  }
  return filler.columns;
}

/**
 * Makes bans of columns, one after the other.
 *
 * @param columns From a decoded block, or from {@link columnsOf}.
 */
export function* bansOf(
  columns: BanBlockColumns,
): Generator<Ban, void, undefined> {
  const { spans, jailIds, jails, reportCounts } = columns;
  const [addresses, packed] = [new AddressReader(columns), new PackedAddress()];
  let report = 0;
  for (let at = 0; at < spans.length; at++) {
    addresses.next(at, packed);
    const address = packed.address();
    const jail = jails[jailIds[at] ?? 0];
    if (jail === undefined) throw new RangeError("Cannot find a ban's jail");
    const count = reportCounts[at] ?? 0;
    const reports = reportsIn(columns, report, count);
    report += count;
    const seq = columns.seqs[at] ?? 0;
    yield { jail, address, reports, seq, isPending: columns.pending[at] === 1 };
  }
}

/**
 * Makes the reports of a ban.
 *
 * @param columns Contains them.
 * @param from Index of the first report.
 * @param count Number of reports.
 */
export function reportsIn(
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
