/**
 * Encodes bans as blocks, and divides bans among blocks.
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
import { type BanBlockColumns, bansOf, columnsOf } from "./ban_columns.ts";

/**
 * Encodes bans.
 *
 * @param bans In any order, which the block keeps; the parts from
 * {@link splitIntoBlocks} always fit.
 * @returns The same bytes for the same bans.
 * @throws {RangeError} when a block can't hold so many bans, or a ban is
 * invalid.
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
 * @param bytes A whole block.
 * @returns The bans, or why the block was rejected.
 */
export function decodeBanBlock(
  bytes: Uint8Array,
): DecodedBlock<readonly Ban[]> {
  const columns = decodeBanColumns(bytes);
  return columns.ok ? { ok: true, value: [...bansOf(columns.value)] } : columns;
}

/**
 * A valid block: its bytes and its columns.
 *
 * @example
 * ```ts
 * import { BanBlock } from "./ban_block.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const block = BanBlock.read(BanBlock.of([]).bytes);
 * ok(block.ok);
 * strictEqual(block.value.columns.spans.length, 0);
 * ```
 */
export class BanBlock {
  /** The whole block. */
  readonly bytes: Uint8Array;
  #columns: BanBlockColumns | undefined;

  private constructor(bytes: Uint8Array, columns?: BanBlockColumns) {
    this.bytes = bytes;
    this.#columns = columns;
  }

  /** Makes a block of bans, as {@link encodeBanBlock}. */
  static of(bans: readonly Ban[]): BanBlock {
    return new BanBlock(encodeBanBlock(bans));
  }

  /** Makes a block of columns, as {@link encodeBanColumns}. */
  static ofColumns(columns: BanBlockColumns): BanBlock {
    return new BanBlock(encodeBanColumns(columns));
  }

  /** Reads a block, as {@link decodeBanBlock}. */
  static read(bytes: Uint8Array): DecodedBlock<BanBlock> {
    const columns = decodeBanColumns(bytes);
    return columns.ok
      ? { ok: true, value: new BanBlock(bytes, columns.value) }
      : columns;
  }

  /** The bans of the block, as columns. */
  get columns(): BanBlockColumns {
    const columns = this.#columns ?? decodeBanColumns(this.bytes);
    if (!("ok" in columns)) return columns;
    if (columns.ok) return columns.value;
    throw new RangeError(`Cannot read a block: "${columns.reason}" is wrong`);
  }
}

/** The bans of one block. */
export interface BlockOfBans {
  /** In the order of the input. */
  readonly bans: readonly Ban[];
  /** Whether this is the last block. */
  readonly isLast: boolean;
}

/**
 * Divides bans among blocks, in order; each block takes as many as fit.
 *
 * @param bans Read lazily, one by one.
 * @param maxBans Maximum number of bans in a block.
 * @default {as many as a block holds}
 * @returns At least one block: without bans, an empty one.
 */
export function* splitIntoBlocks(
  bans: Iterable<Ban>,
  maxBans = MAX_BLOCK_BANS,
): Generator<BlockOfBans, void, undefined> {
  let block: Ban[] = [];
  let [reports, names] = [0, 0];
  let known = new Set<string>();
  for (const ban of bans) {
    let more = newNameBytes(known, ban);
    const isFull = block.length === maxBans ||
      reports + ban.reports.length > MAX_BLOCK_REPORTS ||
      names + more > MAX_BLOCK_NAME_BYTES;
    if (isFull) {
      yield { bans: block, isLast: false };
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
  yield { bans: block, isLast: true };
}

/** The bytes of the names that this ban adds to a block, or more. */
function newNameBytes(known: ReadonlySet<string>, ban: Ban): number {
  let bytes = known.has(jailMark(ban)) ? 0 : 1 + ban.jail.length;
  for (const { origin } of ban.reports) {
    if (!known.has(origin)) bytes += 1 + origin.length;
  }
  return bytes;
}

/**
 * Distinguishes jails from nodes of the same name: node names contain no `|`.
 */
function jailMark({ jail }: Ban): string {
  return `|${jail}`;
}
