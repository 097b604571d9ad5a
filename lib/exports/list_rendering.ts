/**
 * Renders bans as the bytes of a list, in short steps.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import { RuntimeError } from "../base/errors.ts";
import { exportLines } from "../views/export_formats.ts";
import { ExportedNetworks } from "../views/exported_networks.ts";
import { isListed, type ListRules } from "./list_rules.ts";

/** The bans for a list. */
export interface ListTable {
  /** All bans; the table may change during the iteration. */
  bans(): Iterable<Ban>;
}

/** The present time for the ends of bans. */
export interface ListTime {
  /** In milliseconds since 1970, by the table's clock. */
  readonly nowMs: number;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: number;
}

/** The bytes of a list, and facts about it. */
export interface ListBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Number of addresses and networks in it. */
  readonly entries: number;
  /**
   * When the list changes even without a change of bans, by the table's clock;
   * `Infinity`: never.
   */
  readonly untilMs: number;
}

/** Number of bans or lines in a step. */
const STEP = 64;
/** Maximum length; a million addresses for RouterOS take 100 MB. */
const MAX_LIST_BYTES = 128 << 20;
const ENCODER = new TextEncoder();

/**
 * Renders a list.
 *
 * @param rules What the list contains.
 * @param table The bans.
 * @param time The present time.
 * @param maxBytes Maximum length of the list.
 * @throws {RuntimeError} when it is too long to be kept.
 */
export function* renderingList(
  rules: ListRules,
  table: ListTable,
  time: ListTime,
  maxBytes = MAX_LIST_BYTES,
): Generator<undefined, ListBytes, undefined> {
  const { networks, untilMs } = yield* collecting(rules, table, time);
  const ordered = rules.isAggregated
    ? yield* networks.aggregated()
    : yield* networks.inOrder();
  const bytes = yield* encoding(
    exportLines(rules.format, ordered, time.nowMs + time.aheadMs),
    maxBytes,
  );
  return { bytes, entries: ordered.length, untilMs };
}

function* collecting(
  rules: ListRules,
  table: ListTable,
  { nowMs, aheadMs }: ListTime,
) {
  const networks = new ExportedNetworks();
  const leastMs = nowMs + rules.minLeftMs;
  let untilMs = Infinity;
  let steps = 0;
  for (const ban of table.bans()) {
    if (++steps % STEP === 0) yield;
    if (ban.isPending) continue;
    const ends = endsOf(ban, nowMs);
    if (ends.lastMs < leastMs || !isListed(rules, ban, nowMs)) continue;
    const endsMs = ends.lastMs === Infinity ? null : ends.lastMs + aheadMs;
    networks.add(ban.address, endsMs);
    untilMs = Math.min(untilMs, ends.firstMs, ends.lastMs - rules.minLeftMs);
  }
  return { networks, untilMs };
}

/**
 * The first and last end of current reports; ended ones stay in the table for a
 * while.
 */
function endsOf({ reports }: Ban, nowMs: number) {
  let [firstMs, lastMs] = [Infinity, -Infinity];
  for (const { expiresMs } of reports) {
    if (expiresMs <= nowMs) continue;
    firstMs = Math.min(firstMs, expiresMs);
    lastMs = Math.max(lastMs, expiresMs);
  }
  return { firstMs, lastMs };
}

function* encoding(
  all: Iterable<string>,
  maxBytes: number,
): Generator<undefined, Uint8Array<ArrayBuffer>, undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let lines: string[] = [];
  const add = () => {
    const part = ENCODER.encode(lines.map((line) => `${line}\n`).join(""));
    lines = [];
    size += part.length;
    if (size > maxBytes) {
      throw new RuntimeError(`it has more than ${maxBytes} bytes`, {
        hint: "leave jails out of it, or set aggregate = true",
      });
    }
    parts.push(part);
  };
  for (const line of all) {
    if (lines.push(line) < STEP) continue;
    add();
    yield;
  }
  add();
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, at);
    at += part.length;
    if (index % STEP === 0) yield;
  }
  return bytes;
}
