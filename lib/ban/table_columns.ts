/**
 * Moves bans into and out of a table as columns, and applies columns of
 * changes.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { AddressReader } from "../rows/column_addresses.ts";
import { PackedAddress } from "../rows/packed_address.ts";
import { NO_ROW } from "../rows/row_index.ts";
import type { BanReport, Change } from "./ban.ts";
import { MAX_BLOCK_NAME_BYTES, MAX_BLOCK_REPORTS } from "./ban_block_rules.ts";
import {
  type BanBlockColumns,
  ColumnFiller,
  reportsIn,
} from "./ban_columns.ts";
import { MAX_REPORTS } from "./ban_decision.ts";
import {
  CHANGE_KINDS,
  type ChangeColumns,
  type ChangeNames,
  ChangeReader,
} from "./change_columns.ts";
import type { PackedBans } from "./packed_bans.ts";

/**
 * Puts bans into a table. Each replaces the ban with its key, unless that has a
 * later change.
 *
 * @param columns From a decoded block, or made of bans.
 */
export function putColumns(bans: PackedBans, columns: BanBlockColumns): void {
  const { spans, jailIds, reportCounts, seqs, pending, originIds } = columns;
  // Uses every name until the end, so that each keeps its id.
  const jails = columns.jails.map((jail) => bans.jails.use(jail));
  const origins = columns.origins.map((origin) => bans.origins.use(origin));
  const addresses = new AddressReader(columns);
  let report = 0;
  for (let at = 0; at < spans.length; at++) {
    addresses.next(at, bans.key.address);
    bans.key.jail = jails[jailIds[at] ?? 0] ?? 0;
    const found = bans.find();
    const [seq, isPending] = [seqs[at] ?? 0, pending[at] === 1];
    const count = reportCounts[at] ?? 0;
    const from = report;
    report += count;
    if (found !== NO_ROW && bans.rows.seqOf(found) > seq) continue;
    const row = found === NO_ROW ? bans.begin() : found;
    if (found === NO_ROW) bans.jails.useAgain(bans.key.jail);
    if (count !== 1) {
      bans.putSeveral(row, seq, isPending, reportsIn(columns, from, count));
      continue;
    }
    const origin = origins[originIds[from] ?? 0] ?? 0;
    bans.origins.useAgain(origin);
    bans.putSingle(row, {
      seq,
      isPending,
      origin,
      firstMs: columns.firstMs[from] ?? 0,
      lastMs: columns.lastMs[from] ?? 0,
      expiresMs: columns.expiresMs[from] ?? 0,
    });
  }
  for (const id of jails) bans.jails.letGo(id);
  for (const id of origins) bans.origins.letGo(id);
}

/** Applies columns of changes, and avoids an object for each where it can. */
export class ColumnReplay {
  readonly #bans: PackedBans;
  readonly #columns: ChangeColumns;
  readonly #names: ChangeNames;
  readonly #reader: ChangeReader;
  /** The table's ids of names, by the ids of the columns. */
  readonly #jails: number[] = [];
  readonly #origins: number[] = [];

  /** @param names The names of the columns. */
  constructor(bans: PackedBans, columns: ChangeColumns, names: ChangeNames) {
    this.#bans = bans;
    this.#columns = columns;
    this.#names = names;
    this.#reader = new ChangeReader(columns, names);
  }

  /**
   * Applies the next change if it is the report that begins a ban.
   *
   * @param at Its index: one more than in the previous call.
   * @param seq Its sequence number.
   * @param isMeant Whether to apply it at all.
   * @returns The change, if the caller has to apply it.
   */
  next(at: number, seq: number, isMeant: boolean): Change | undefined {
    const bans = this.#bans;
    const columns = this.#columns;
    const { address } = bans.key;
    this.#reader.nextAddress(at, address);
    if (!isMeant) return undefined;
    const kind = columns.kinds[at];
    const isPending = kind === CHANGE_KINDS.pendingReport;
    bans.key.jail = this.#jailAt(at);
    if (
      kind !== CHANGE_KINDS.report && !isPending || bans.find() !== NO_ROW
    ) return this.#reader.change(at, seq, address);
    bans.jails.useAgain(bans.key.jail);
    const origin = this.#originAt(at);
    bans.origins.useAgain(origin);
    const atMs = columns.atMs[at] ?? 0;
    const expiresMs = columns.expiresMs[at] ?? 0;
    bans.putSingle(bans.begin(), {
      ...{ seq, isPending, origin, expiresMs },
      ...{ firstMs: atMs, lastMs: atMs },
    });
    return undefined;
  }

  /** Releases the names; the object must not be used afterwards. */
  end(): void {
    for (const id of this.#jails) if (id) this.#bans.jails.letGo(id);
    for (const id of this.#origins) if (id) this.#bans.origins.letGo(id);
  }

  #jailAt(at: number): number {
    const id = this.#columns.jails[at] ?? 0;
    return this.#jails[id] ??= this.#bans.jails.use(this.#names.jail(id));
  }

  #originAt(at: number): number {
    const id = this.#columns.nodes[at] ?? 0;
    return this.#origins[id] ??= this.#bans.origins.use(this.#names.node(id));
  }
}

/** Some of a table's bans. */
export interface BanSet {
  /** At least one ban. */
  readonly columns: BanBlockColumns;
  /** Whether this is the last set. */
  readonly isLast: boolean;
}

/**
 * Yields all bans of a table in sets, each of which fits into a block. The
 * table may change between two sets; a ban that exists throughout is given
 * once.
 *
 * @param max Maximum number of bans in a set.
 */
export function* takeColumns(
  bans: PackedBans,
  max: number,
): Generator<BanSet, void, undefined> {
  for (let row = 0; row < bans.rows.count;) {
    const set = new RowsOfSet(bans);
    while (row < bans.rows.count && set.size < max) {
      if (bans.rows.isTaken(row) && !set.add(row)) break;
      row++;
    }
    while (row < bans.rows.count && !bans.rows.isTaken(row)) row++;
    const isLast = row === bans.rows.count;
    if (set.size > 0) yield { columns: set.columns(), isLast };
  }
}

/** Number of bans of one kind. */
export interface BanCount {
  /** Their jail. */
  readonly jail: JailName;
  /** Whether they are IPv4; otherwise they are IPv6. */
  readonly isIpv4: boolean;
  /** Whether they wait for their quorum. */
  readonly isPending: boolean;
  /** How many there are. */
  readonly bans: number;
}

/** Counts bans by jail, family and whether they are pending. */
export function countBans({ rows, jails }: PackedBans): readonly BanCount[] {
  const counts: number[] = [];
  for (let row = 0; row < rows.count; row++) {
    if (!rows.isTaken(row)) continue;
    const kind = 4 * rows.jailOf(row) + 2 * Number(rows.isIpv4(row)) +
      Number(rows.isPending(row));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts.flatMap((bans, kind) => ({
    jail: jails.nameOf(kind >> 2),
    isIpv4: (kind & 2) !== 0,
    isPending: (kind & 1) !== 0,
    bans,
  }));
}

/** The rows that go into one set. */
class RowsOfSet {
  readonly #rows: number[] = [];
  /** The reports of each row. */
  readonly #reportsOf: (readonly BanReport[])[] = [];
  readonly #bans: PackedBans;
  readonly #jails = new Set<JailName>();
  readonly #origins = new Set<HostName>();
  #reports = 0;
  #nameBytes = 0;
  #ipv4 = 0;

  constructor(bans: PackedBans) {
    this.#bans = bans;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** @returns Whether there was room for it. */
  add(row: number): boolean {
    const jail = this.#bans.jailAt(row);
    const reports = reportsOfBan(this.#bans.reportsAt(row));
    let bytes = this.#jails.has(jail) ? 0 : 1 + jail.length;
    for (const { origin } of reports) {
      if (!this.#origins.has(origin)) bytes += 1 + origin.length;
    }
    const hasRoom = this.size === 0 ||
      this.#reports + reports.length <= MAX_BLOCK_REPORTS &&
        this.#nameBytes + bytes <= MAX_BLOCK_NAME_BYTES;
    if (!hasRoom) return false;
    this.#rows.push(row);
    this.#reportsOf.push(reports);
    this.#reports += reports.length;
    this.#nameBytes += bytes;
    this.#jails.add(jail);
    for (const { origin } of reports) this.#origins.add(origin);
    if (this.#bans.rows.isIpv4(row)) this.#ipv4++;
    return true;
  }

  columns(): BanBlockColumns {
    const bans = this.#bans;
    const filler = new ColumnFiller({
      bans: this.size,
      reports: this.#reports,
      ipv4: this.#ipv4,
      jails: this.#jails,
      origins: this.#origins,
    });
    const packed = new PackedAddress();
    this.#rows.forEach((row, at) => {
      bans.rows.readAddress(row, packed);
      const { seq, isPending } = bans.rows.get(row);
      const reports = this.#reportsOf[at] ?? [];
      filler.add(packed, { jail: bans.jailAt(row), reports, seq, isPending });
    });
    return filler.columns;
  }
}

/**
 * Expired reports that were not removed yet may bring a ban above its maximum:
 * the reports that end first are left out.
 */
function reportsOfBan(reports: readonly BanReport[]): readonly BanReport[] {
  if (reports.length <= MAX_REPORTS) return reports;
  const kept = new Set(
    reports.toSorted((left, right) => right.expiresMs - left.expiresMs)
      .slice(0, MAX_REPORTS),
  );
  return reports.filter((each) => kept.has(each));
}
