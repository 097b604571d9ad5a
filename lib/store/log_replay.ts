/**
 * Reads the log at a start, from its pages and the rows outside of them, and
 * builds the indexes: events by name, and the last row of each ban.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import type { BanTable } from "../ban/ban_table.ts";
import type { SeededHash } from "../base/checksum.ts";
import type { SqlRow } from "../sqlite/sql.ts";
import { UnusableStoreError } from "../sqlite/store_errors.ts";
import {
  type LackingPages,
  LogPage,
  type LogPages,
  type PageHashes,
  type PagePlace,
  type RowHashes,
} from "./log_pages.ts";
import { type EventName, type LogNames, readLogRow } from "./log_rows.ts";
import { type HashRun, PositionIndex } from "./position_index.ts";

/** Most pages whose hashes are collected before they enter the indexes. */
const MAX_UNNOTED = 512;

/** The indexes in memory: a hash only says where to look. */
export class LogIndexes {
  readonly events: PositionIndex;
  /** The last row of each ban. */
  readonly bans: PositionIndex;
  readonly #hash: SeededHash;
  readonly #first: number;
  /** The last position that the indexes have, or will have. */
  #noted: number;
  /** Hashes of pages that are not in the indexes yet. */
  #unnoted: { readonly events: HashRun; readonly bans: HashRun }[] = [];

  /**
   * @param hash Seeded with the database's seed.
   * @param first Position of the first row.
   */
  constructor(hash: SeededHash, first: number) {
    this.#hash = hash;
    this.#first = first;
    this.#noted = first - 1;
    this.events = new PositionIndex(first - 1);
    this.bans = new PositionIndex(first - 1);
  }

  /** Reserves room for about this many rows and current bans. */
  expect(rows: number, bans: number): void {
    if (this.#noted >= this.#first) return;
    this.events.expect(rows);
    // About as many bans have ended, but are still in the log.
    this.bans.expect(Math.min(rows, 2 * bans));
  }

  /** Hashes what identifies a ban. */
  hashOf({ jail, address }: BanKey): number {
    return this.#hash.of(jail, address);
  }

  /** Hashes what identifies an event. */
  hashOfEvent({ origin, id }: EventName): number {
    return this.#hash.of(origin, id);
  }

  /** Adds a row, unless it was added. The rows come in order. */
  noteRow(position: number, { change, event }: StoreEntry): RowHashes {
    const eventHash = event && this.hashOfEvent(event);
    const banHash = change && this.hashOf(change);
    if (position > this.#noted) {
      this.noteAll();
      if (eventHash !== undefined) this.events.add(eventHash, position);
      if (banHash !== undefined) this.bans.replace(banHash, position);
      this.#noted = position;
    }
    return { event: eventHash ?? 0, ban: banHash ?? 0 };
  }

  /** Adds a page's new rows; call {@link LogIndexes.noteAll} after the last. */
  notePage(first: number, { events, bans }: PageHashes): void {
    const from = Math.max(0, this.#noted + 1 - first);
    this.#unnoted.push({
      events: { first: first + from, hashes: events.subarray(from) },
      bans: { first: first + from, hashes: bans.subarray(from) },
    });
    this.#noted = Math.max(this.#noted, first + events.length - 1);
    if (this.#unnoted.length >= MAX_UNNOTED) this.noteAll();
  }

  /** Adds all collected hashes to the indexes. */
  noteAll(): void {
    if (this.#unnoted.length === 0) return;
    this.events.noteAll(this.#unnoted.map(({ events }) => events), false);
    this.bans.noteAll(this.#unnoted.map(({ bans }) => bans), true);
    this.#unnoted = [];
  }

  /** Forgets the rows before a position. */
  forgetBefore(first: number): void {
    this.events.forgetBefore(first);
    this.bans.forgetBefore(first);
  }
}

/** The table that receives the changes. */
export type ReplayTarget = Pick<BanTable, "catchUp" | "catchUpAll" | "seq">;

/** The log that is replayed. */
export interface ReplayedLog {
  readonly names: LogNames;
  readonly pages: LogPages;
  readonly indexes: LogIndexes;
  /** Positions of its first and last row. */
  readonly first: number;
  readonly last: number;
  /** Number of the change before the first row. */
  readonly keptSince: number;
  /** Rows per page. */
  readonly pageRows: number;
  /** The rows from a position on. */
  rowsFrom(position: number, max: number): readonly SqlRow[];
  /** Number of the last change at a row; `undefined`: there is no row. */
  seqAt(position: number): number | undefined;
}

/** The result of a replay. */
export interface ReplayedPages extends LackingPages {
  /** The page with the rows after the last stored page. */
  readonly next: LogPage;
}

/** Rows read at a time. */
const READ_ROWS = 2_048;

/**
 * Applies the changes that a table lacks, and builds the indexes.
 *
 * @throws {UnusableStoreError} when a row is damaged or missing.
 */
export function replayLog(log: ReplayedLog, into: ReplayTarget): ReplayedPages {
  return new LogReplay(log, into).run();
}

/** The error for a log that lacks a change. */
export function missingChange(seq: number): UnusableStoreError {
  return new UnusableStoreError("damaged", `change ${seq} is missing`);
}

/** Whether a page ends within the remaining rows. */
function isIn(
  left: { readonly first: number; readonly last: number },
  { first, rows, seq }: PagePlace,
): boolean {
  const end = first + rows;
  return first > 0 && rows > 0 && seq >= 0 && end > left.first &&
    end <= left.last + 1;
}

class LogReplay {
  readonly #log: ReplayedLog;
  readonly #into: ReplayTarget;
  readonly #missing: LogPage[] = [];
  readonly #refused: number[] = [];

  constructor(log: ReplayedLog, into: ReplayTarget) {
    this.#log = log;
    this.#into = into;
  }

  run(): ReplayedPages {
    const { pages, indexes, first, last, keptSince } = this.#log;
    let next = first;
    let seq = keptSince;
    for (const place of pages.places()) {
      const end = place.first + place.rows;
      if (!isIn({ first: next, last }, place)) {
        this.#refused.push(place.first);
        continue;
      }
      seq = this.#readUnpaged(next, place.first, seq);
      next = Math.max(next, place.first);
      const read = this.#readPage(place);
      if (read === undefined) this.#refused.push(place.first);
      else [next, seq] = [end, read];
    }
    const page = this.#readRows(next, last + 1, seq);
    indexes.noteAll();
    return { next: page, missing: this.#missing, refused: this.#refused };
  }

  /** @returns Number of the page's last change; `undefined`: it is unusable. */
  #readPage(place: PagePlace): number | undefined {
    const { pages, indexes, names: { jails, nodes } } = this.#log;
    const hashes = pages.hashes(place);
    if (hashes === undefined || place.seq > this.#into.seq) return undefined;
    const count = hashes.bans.reduce((sum, hash) => sum + +(hash !== 0), 0);
    const seq = place.seq + count;
    // The page belongs to this log if its last row does.
    const last = place.first + place.rows - 1;
    if (this.#log.seqAt(last) !== seq) return undefined;
    if (seq > this.#into.seq) {
      const changes = pages.changes(place);
      if (changes?.length !== count) return undefined;
      this.#into.catchUpAll(changes, place.seq, {
        jail: (id) => jails.nameOf(id),
        node: (id) => nodes.nameOf(id),
      });
    }
    indexes.notePage(place.first, hashes);
    return seq;
  }

  /**
   * Reads the rows before `end` that no page has.
   *
   * @returns The number of their last change.
   */
  #readUnpaged(first: number, end: number, seq: number): number {
    const rest = this.#readRows(first, end, seq);
    if (rest.rows > 0) this.#missing.push(rest);
    return rest.lastSeq;
  }

  /** @returns The page of the last rows, which is not full. */
  #readRows(first: number, end: number, before: number): LogPage {
    const { names, indexes, pageRows, rowsFrom } = this.#log;
    let page = new LogPage(first, before, pageRows);
    let seq = before;
    for (let from = first; from < end; from += READ_ROWS) {
      const max = Math.min(READ_ROWS, end - from);
      const rows = rowsFrom(from, max);
      for (let at = 0; at < max; at++) {
        const { position, ...read } = readLogRow(rows[at] ?? {}, names);
        const { change } = read;
        if (change !== undefined) seq++;
        if (position !== from + at || read.seq !== seq) {
          throw missingChange(seq);
        }
        if (seq > this.#into.seq && change) this.#into.catchUp(change);
        page.add(indexes.noteRow(position, read), change, names);
        if (!page.isFull) continue;
        this.#missing.push(page);
        page = new LogPage(position + 1, seq, pageRows);
      }
    }
    return page;
  }
}
