/**
 * Bans go into a table and out of it as columns.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { ipv6Form, isIpv4Form, prefixOfIpv6 } from "../rows/packed_address.ts";
import type { BanReport } from "./ban.ts";
import { NO_ROW } from "../rows/row_index.ts";
import type { BanBlockColumns } from "./ban_columns.ts";
import { emptyColumnSet, IPV6_BYTES, IPV6_SPAN } from "../rows/column_set.ts";
import { MAX_BLOCK_NAME_BYTES, MAX_BLOCK_REPORTS } from "./ban_block_rules.ts";
import type { PackedBans } from "./packed_bans.ts";

const WORDS = 4;
const WORD_BYTES = 4;

/**
 * Puts bans into a table, each in place of the one of its key unless that is of
 * a later change.
 *
 * @param columns Those of a block that was read, or made of bans.
 */
export function putColumns(bans: PackedBans, columns: BanBlockColumns): void {
  const { spans, jailIds, reportCounts, seqs, pending, originIds } = columns;
  // All names are in use until the end, so that each keeps its number.
  const jails = columns.jails.map((jail) => bans.jails.use(jail));
  const origins = columns.origins.map((origin) => bans.origins.use(origin));
  const addresses = new AddressReader(columns);
  let report = 0;
  for (let at = 0; at < spans.length; at++) {
    addresses.next(bans, spans[at] ?? 0);
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
      bans.putSeveral(row, seq, isPending, reportsOf(columns, from, count));
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

/** Reads the addresses of columns into a table's key, one after the other. */
class AddressReader {
  readonly #ipv4: Uint32Array;
  readonly #ipv6: DataView;
  #nextIpv4 = 0;
  #nextIpv6 = 0;

  constructor({ ipv4, ipv6 }: BanBlockColumns) {
    this.#ipv4 = ipv4;
    this.#ipv6 = new DataView(ipv6.buffer, ipv6.byteOffset, ipv6.byteLength);
  }

  next({ key: { address } }: PackedBans, span: number): void {
    if (span < IPV6_SPAN) {
      address.form = span;
      address.words.fill(0);
      address.words[0] = this.#ipv4[this.#nextIpv4++] ?? 0;
      return;
    }
    address.form = ipv6Form(span - IPV6_SPAN);
    const from = IPV6_BYTES * this.#nextIpv6++;
    for (let word = 0; word < WORDS; word++) {
      address.words[word] = this.#ipv6.getInt32(from + WORD_BYTES * word);
    }
  }
}

function reportsOf(
  { origins, originIds, firstMs, lastMs, expiresMs }: BanBlockColumns,
  from: number,
  count: number,
): readonly BanReport[] {
  return Array.from({ length: count }, (_, index) => {
    const at = from + index;
    const origin = origins[originIds[at] ?? 0];
    if (origin === undefined) throw new RangeError("A report has no origin");
    return {
      origin,
      firstMs: firstMs[at] ?? 0,
      lastMs: lastMs[at] ?? 0,
      expiresMs: expiresMs[at] ?? 0,
    };
  });
}

/**
 * Gives all bans of a table, in sets that fit a block each. The table may change
 * before the next is asked for: a ban that stands throughout is given once.
 *
 * @param max Bans of a set at most.
 */
export function* takeColumns(
  bans: PackedBans,
  max: number,
): Generator<BanBlockColumns, void, undefined> {
  for (let row = 0; row < bans.rows.count;) {
    const set = new RowsOfSet(bans);
    while (row < bans.rows.count && set.rows.length < max) {
      if (bans.rows.isTaken(row) && !set.add(row)) break;
      row++;
    }
    if (set.rows.length > 0) yield set.columns();
  }
}

/** The rows that go into a set together. */
class RowsOfSet {
  readonly rows: number[] = [];
  readonly #bans: PackedBans;
  readonly #jails = new Set<JailName>();
  readonly #origins = new Set<HostName>();
  #reports = 0;
  #nameBytes = 0;
  #ipv4 = 0;

  constructor(bans: PackedBans) {
    this.#bans = bans;
  }

  /** @returns Whether there was room for it. */
  add(row: number): boolean {
    const jail = this.#bans.jailAt(row);
    const reports = this.#bans.reportsAt(row);
    let bytes = this.#jails.has(jail) ? 0 : 1 + jail.length;
    for (const { origin } of reports) {
      if (!this.#origins.has(origin)) bytes += 1 + origin.length;
    }
    const hasRoom = this.rows.length === 0 ||
      this.#reports + reports.length <= MAX_BLOCK_REPORTS &&
        this.#nameBytes + bytes <= MAX_BLOCK_NAME_BYTES;
    if (!hasRoom) return false;
    this.rows.push(row);
    this.#reports += reports.length;
    this.#nameBytes += bytes;
    this.#jails.add(jail);
    for (const { origin } of reports) this.#origins.add(origin);
    if (this.#bans.rows.isIpv4(row)) this.#ipv4++;
    return true;
  }

  columns(): BanBlockColumns {
    const bans = this.#bans;
    const jails = [...this.#jails].sort();
    const origins = [...this.#origins].sort();
    const columns = {
      ...emptyColumnSet(this.rows.length, this.#reports, this.#ipv4),
      ...{ jails, origins },
    };
    const jailIds = idsOf(jails);
    const originIds = idsOf(origins);
    const addresses = new AddressWriter(columns);
    let report = 0;
    for (const [at, row] of this.rows.entries()) {
      const { seq, isPending } = bans.rows.get(row);
      const reports = bans.reportsAt(row);
      addresses.write(bans, at, row);
      columns.jailIds[at] = jailIds.get(bans.jailAt(row)) ?? 0;
      columns.reportCounts[at] = reports.length;
      columns.seqs[at] = seq;
      columns.pending[at] = Number(isPending);
      for (const { origin, firstMs, lastMs, expiresMs } of reports) {
        columns.originIds[report] = originIds.get(origin) ?? 0;
        columns.firstMs[report] = firstMs;
        columns.lastMs[report] = lastMs;
        columns.expiresMs[report++] = expiresMs;
      }
    }
    return columns;
  }
}

/** Writes the addresses of rows into columns, one after the other. */
class AddressWriter {
  readonly #columns: Pick<BanBlockColumns, "spans" | "ipv4">;
  readonly #ipv6: DataView;
  #nextIpv4 = 0;
  #nextIpv6 = 0;

  constructor(columns: Pick<BanBlockColumns, "spans" | "ipv4" | "ipv6">) {
    this.#columns = columns;
    const { buffer, byteOffset, byteLength } = columns.ipv6;
    this.#ipv6 = new DataView(buffer, byteOffset, byteLength);
  }

  write({ rows }: PackedBans, at: number, row: number): void {
    const { spans, ipv4 } = this.#columns;
    const form = rows.formOf(row);
    if (isIpv4Form(form)) {
      spans[at] = form;
      ipv4[this.#nextIpv4++] = rows.wordOf(row, 0);
      return;
    }
    spans[at] = IPV6_SPAN + prefixOfIpv6(form);
    const to = IPV6_BYTES * this.#nextIpv6++;
    for (let word = 0; word < WORDS; word++) {
      this.#ipv6.setInt32(to + WORD_BYTES * word, rows.wordOf(row, word));
    }
  }
}

function idsOf<N extends string>(names: readonly N[]): ReadonlyMap<N, number> {
  return new Map(names.map((name, id) => [name, id]));
}
