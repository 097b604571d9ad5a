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
import { type BanBlockColumns, bansOf, columnsOf } from "./ban_columns.ts";

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
 * A block that is what it should be: its bytes, and what they say.
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
  /** All of it. */
  readonly bytes: Uint8Array;
  #columns: BanBlockColumns | undefined;

  private constructor(bytes: Uint8Array, columns?: BanBlockColumns) {
    this.bytes = bytes;
    this.#columns = columns;
  }

  /** Makes one of bans, as {@link encodeBanBlock}. */
  static of(bans: readonly Ban[]): BanBlock {
    return new BanBlock(encodeBanBlock(bans));
  }

  /** Makes one of columns, as {@link encodeBanColumns}. */
  static ofColumns(columns: BanBlockColumns): BanBlock {
    return new BanBlock(encodeBanColumns(columns));
  }

  /** Reads one, as {@link decodeBanBlock}. */
  static read(bytes: Uint8Array): DecodedBlock<BanBlock> {
    const columns = decodeBanColumns(bytes);
    return columns.ok
      ? { ok: true, value: new BanBlock(bytes, columns.value) }
      : columns;
  }

  /** What it says. */
  get columns(): BanBlockColumns {
    const columns = this.#columns ?? decodeBanColumns(this.bytes);
    if (!("ok" in columns)) return columns;
    if (columns.ok) return columns.value;
    throw new RangeError(`Cannot read a block: "${columns.reason}" is wrong`);
  }
}

/** What goes into a block. */
export interface BlockOfBans {
  /** In the order of their rows. */
  readonly bans: readonly Ban[];
  /** Whether no other follows. */
  readonly isLast: boolean;
}

/**
 * Divides bans among blocks, in their order: each takes as many as fit.
 *
 * @param bans Taken one by one, as they are needed.
 * @param maxBans How many go into a block at most.
 * @default {as many as a block has}
 * @returns One at least: of no bans it makes an empty one.
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
