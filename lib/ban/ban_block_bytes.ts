/**
 * Encodes and decodes blocks of bans, the parts of a snapshot on the wire and
 * on disk.
 *
 * ```abnf
 * block   = "F2BB" %d1 bans reports jails origins *name columns
 * bans    = u32                       ; how many; at most 4,096
 * reports = u32                       ; at most 16,384
 * jails   = u16                       ; how many names of jails
 * origins = u16                       ; how many names of origins follow them
 * name    = u8 *CHAR                  ; its length, and its characters
 * columns = spans ipv4 ipv6 jail count seq pending origin first last expires
 * ipv4    = *u32                      ; in network order, one a ban of IPv4
 * ipv6    = *16OCTET                  ; in network order, one a ban of IPv6
 * ```
 *
 * `u16` and `u32` are unsigned and little-endian. The other columns have the
 * form of `number_column.ts`; {@link BanBlockColumns} says what each of them
 * holds. Names are sorted, unique and used, so that a list of bans has exactly
 * one block. Decoding rejects and never repairs.
 *
 * @module
 */

import { IPV4_BITS } from "../rows/packed_address.ts";
import type { BanBlockColumns } from "./ban_columns.ts";
import { emptyColumnSet } from "../rows/column_set.ts";
import {
  type BlockFault,
  faultIn,
  faultInNames,
  isSpan,
  MAX_BLOCK_BANS,
  MAX_BLOCK_BYTES,
  MAX_BLOCK_REPORTS,
  nameBytes,
} from "./ban_block_rules.ts";
import { parseJailName } from "../base/jail_name.ts";
import { parseOrigin } from "../base/operator_name.ts";
import {
  columnForm,
  type Numbers,
  readColumn,
  writeColumn,
} from "../rows/number_column.ts";

/** A decoded block, or why it was rejected. */
export type DecodedBlock<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: BlockFault };

type NumbersOfBlock = Omit<BanBlockColumns, "jails" | "origins">;

const ENCODER = new TextEncoder();
const MAGIC = ENCODER.encode("F2BB\x01");
const HEAD_BYTES = MAGIC.length + 4 + 4 + 2 + 2;
const IPV4_BYTES = IPV4_BITS / 8;

/**
 * Encodes columns.
 *
 * @param columns Their lengths must match their counts; they are checked.
 * @throws {RangeError} when they break a rule of blocks.
 */
export function encodeBanColumns(
  columns: BanBlockColumns,
): Uint8Array<ArrayBuffer> {
  const { jails, origins, ipv4, ipv6, spans, originIds } = columns;
  const names = [...jails, ...origins];
  const fault = faultInNames(columns) ?? faultIn(columns);
  if (fault !== undefined) {
    throw new RangeError(`Cannot encode bans: "${fault}" breaks a rule`);
  }
  const numbers = numberColumns(columns)
    .map(([each, isEndless]) => ({ each, form: columnForm(each, isEndless) }));
  const length = numbers.reduce(
    (bytes, { form }) => bytes + form.bytes,
    HEAD_BYTES + nameBytes(names) + ipv4.length * IPV4_BYTES + ipv6.length,
  );
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  const counts = MAGIC.length;
  view.setUint32(counts, spans.length, true);
  view.setUint32(counts + 4, originIds.length, true);
  view.setUint16(counts + 8, jails.length, true);
  view.setUint16(counts + 10, origins.length, true);
  let at = writeNames(bytes, HEAD_BYTES, names);
  for (const { each, form } of numbers) {
    at = writeColumn(view, at, each, form);
    if (each === spans) at = writeAddresses(bytes, view, at, columns);
  }
  return bytes;
}

/**
 * The columns of numbers in the order of a block, and whether each may contain
 * `Infinity`.
 */
function numberColumns(
  columns: NumbersOfBlock,
): readonly (readonly [Numbers, boolean])[] {
  return [
    [columns.spans, false],
    [columns.jailIds, false],
    [columns.reportCounts, false],
    [columns.seqs, false],
    [columns.pending, false],
    [columns.originIds, false],
    [columns.firstMs, false],
    [columns.lastMs, false],
    [columns.expiresMs, true],
  ];
}

function writeAddresses(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  { ipv4, ipv6 }: BanBlockColumns,
): number {
  let at = from;
  for (let row = 0; row < ipv4.length; row++, at += IPV4_BYTES) {
    view.setUint32(at, ipv4[row] ?? 0);
  }
  bytes.set(ipv6, at);
  return at + ipv6.length;
}

function writeNames(
  bytes: Uint8Array,
  from: number,
  names: readonly string[],
): number {
  let at = from;
  for (const name of names) {
    bytes[at] = name.length;
    ENCODER.encodeInto(name, bytes.subarray(at + 1));
    at += 1 + name.length;
  }
  return at;
}

/**
 * Decodes columns.
 *
 * @param bytes A whole block.
 * @returns Columns with memory of their own, or why the block was rejected.
 */
export function decodeBanColumns(
  bytes: Uint8Array,
): DecodedBlock<BanBlockColumns> {
  if (bytes.length < HEAD_BYTES || bytes.length > MAX_BLOCK_BYTES) {
    return refused("length");
  }
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return refused("head");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = MAGIC.length;
  const bans = view.getUint32(counts, true);
  const reports = view.getUint32(counts + 4, true);
  if (bans > MAX_BLOCK_BANS || reports > MAX_BLOCK_REPORTS) {
    return refused("counts");
  }
  const jailCount = view.getUint16(counts + 8, true);
  const nameCount = jailCount + view.getUint16(counts + 10, true);
  const { names, end } = readNames(bytes, HEAD_BYTES, nameCount);
  const jails = names.slice(0, jailCount).flatMap((name) =>
    parseJailName(name) ?? []
  );
  const origins = names.slice(jailCount).flatMap((name) =>
    parseOrigin(name) ?? []
  );
  if (jails.length + origins.length < nameCount) return refused("names");
  const read = readColumns(view, end, { bans, reports });
  if (!read.ok) return read;
  const columns = { ...read.value, jails, origins };
  const fault = faultInNames(columns) ?? faultIn(columns);
  return fault === undefined ? { ok: true, value: columns } : refused(fault);
}

/** @returns The names, fewer if the bytes end early, and where they end. */
function readNames(
  bytes: Uint8Array,
  from: number,
  count: number,
): { readonly names: readonly string[]; readonly end: number } {
  const names: string[] = [];
  let at = from;
  for (let left = count; left > 0; left--) {
    const end = at + 1 + (bytes[at] ?? bytes.length);
    if (end > bytes.length) break;
    names.push(String.fromCharCode(...bytes.subarray(at + 1, end)));
    at = end;
  }
  return { names, end: at };
}

function readColumns(
  view: DataView,
  from: number,
  counts: { readonly bans: number; readonly reports: number },
): DecodedBlock<NumbersOfBlock> {
  const spans = new Uint8Array(counts.bans);
  let at = readColumn(view, from, spans, false);
  if (at === undefined) return refused("column");
  if (!spans.every(isSpan)) return refused("address");
  const ipv4 = spans.reduce((sum, span) => sum + +(span <= IPV4_BITS), 0);
  const { bans, reports } = counts;
  const columns = { ...emptyColumnSet(bans, reports, ipv4), spans };
  const addresses = ipv4 * IPV4_BYTES + columns.ipv6.length;
  if (at + addresses > view.byteLength) return refused("length");
  for (let row = 0; row < ipv4; row++, at += IPV4_BYTES) {
    columns.ipv4[row] = view.getUint32(at);
  }
  const { buffer, byteOffset } = view;
  const { length } = columns.ipv6;
  columns.ipv6.set(new Uint8Array(buffer, byteOffset + at, length));
  at += length;
  for (const [numbers, isEndless] of numberColumns(columns)) {
    if (numbers === spans) continue;
    at = readColumn(view, at, numbers, isEndless);
    if (at === undefined) return refused("column");
  }
  return at === view.byteLength
    ? { ok: true, value: columns }
    : refused("length");
}

function refused(
  reason: BlockFault,
): { readonly ok: false; readonly reason: BlockFault } {
  return { ok: false, reason };
}
