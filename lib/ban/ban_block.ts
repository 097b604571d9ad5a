/**
 * Bans <-> blocks, and how many bans go into one.
 *
 * @module
 */

import type { Ban } from "./ban.ts";
import {
  MAX_BLOCK_BANS,
  MAX_BLOCK_NAME_BYTES,
  MAX_BLOCK_REPORTS,
} from "./ban_block_rules.ts";
import {
  decodeBanColumns,
  type DecodedBlock,
  encodeBanColumns,
} from "./ban_block_bytes.ts";
import { bansOf, columnsOf } from "./ban_columns.ts";

/**
 * Encodes bans.
 *
 * @param bans In any order, which is kept; what {@link splitIntoBlocks} gives
 * always fits.
 * @returns The same bytes for the same bans.
 * @throws {RangeError} when they are too many for a block, or are no bans.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { decodeBanBlock, encodeBanBlock } from "./ban_block.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [origin, jail, address] = [
 *   parseHostName("web1"),
 *   parseJailName("sshd"),
 *   parseAddress("192.0.2.1"),
 * ];
 * ok(origin && jail && address);
 * const reports = [{ origin, firstMs: 5, lastMs: 5, expiresMs: Infinity }];
 * const bans = [{ jail, address, reports, seq: 1, isPending: false }];
 * deepStrictEqual(decodeBanBlock(encodeBanBlock(bans)), { ok: true, value: bans });
 * ```
 */
export function encodeBanBlock(bans: readonly Ban[]): Uint8Array<ArrayBuffer> {
  return encodeBanColumns(columnsOf(bans));
}

/**
 * Decodes bans.
 *
 * @param bytes A block, all of it.
 * @returns The bans, or why they are refused.
 */
export function decodeBanBlock(
  bytes: Uint8Array,
): DecodedBlock<readonly Ban[]> {
  const columns = decodeBanColumns(bytes);
  return columns.ok ? { ok: true, value: [...bansOf(columns.value)] } : columns;
}

/**
 * Divides bans among blocks, in their order: each takes as many as fit.
 *
 * @param bans Taken one by one.
 * @returns None of no bans.
 */
export function* splitIntoBlocks(
  bans: Iterable<Ban>,
): Generator<readonly Ban[], void, undefined> {
  let block: Ban[] = [];
  let [reports, names] = [0, 0];
  let known = new Set<string>();
  for (const ban of bans) {
    let more = newNameBytes(known, ban);
    const isFull = block.length === MAX_BLOCK_BANS ||
      reports + ban.reports.length > MAX_BLOCK_REPORTS ||
      names + more > MAX_BLOCK_NAME_BYTES;
    if (isFull) {
      yield block;
      block = [];
      known = new Set();
      [reports, names] = [0, 0];
      more = newNameBytes(known, ban);
    }
    block.push(ban);
    reports += ban.reports.length;
    names += more;
    if (more > 0) {
      known.add(jailMark(ban));
      for (const { origin } of ban.reports) known.add(origin);
    }
  }
  if (block.length > 0) yield block;
}

/** The bytes of a ban's names that a block does not have yet, or more. */
function newNameBytes(known: ReadonlySet<string>, ban: Ban): number {
  let bytes = known.has(jailMark(ban)) ? 0 : 1 + ban.jail.length;
  for (const { origin } of ban.reports) {
    if (!known.has(origin)) bytes += 1 + origin.length;
  }
  return bytes;
}

/** A jail may have the name of a node, and no node has a bar in its name. */
function jailMark({ jail }: Ban): string {
  return `|${jail}`;
}
