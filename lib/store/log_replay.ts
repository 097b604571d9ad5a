/**
 * What a start reads of a log, its pages and the rows that are in none, and what
 * is found in it: events by their names, and the last row of each ban.
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

/** Pages whose hashes go into the indexes together. */
const MAX_UNNOTED = 512;

/** Indexes in memory: a hash only says where to look. */
export class LogIndexes {
  readonly events: PositionIndex;
  /** Of each ban its last row. */
  readonly bans: PositionIndex;
  readonly #hash: SeededHash;
  readonly #first: number;
  /** They have the rows up to this position. */
  #noted: number;
  /** Those of pages that are not in them yet. */
  #unnoted: { readonly events: HashRun; readonly bans: HashRun }[] = [];

  /**
   * @param hash With the database's seed.
   * @param first Position of the first row.
   */
  constructor(hash: SeededHash, first: number) {
    this.#hash = hash;
    this.#first = first;
    this.#noted = first - 1;
    this.events = new PositionIndex(first - 1);
    this.bans = new PositionIndex(first - 1);
  }

  /** Makes room for so many rows, and about so many bans that stand. */
  expect(rows: number, bans: number): void {
    if (this.#noted >= this.#first) return;
    this.events.expect(rows);
    // About as many have ended, and are known yet.
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

  /** Notes a row, unless it is noted. The rows come in their order. */
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

  /** Notes those rows of a page that are not; {@link LogIndexes.noteAll} is called in the end. */
  notePage(first: number, { events, bans }: PageHashes): void {
    const from = Math.max(0, this.#noted + 1 - first);
    this.#unnoted.push({
      events: { first: first + from, hashes: events.subarray(from) },
      bans: { first: first + from, hashes: bans.subarray(from) },
    });
    this.#noted = Math.max(this.#noted, first + events.length - 1);
    if (this.#unnoted.length >= MAX_UNNOTED) this.noteAll();
  }

  /** Has all in the indexes. */
  noteAll(): void {
    if (this.#unnoted.length === 0) return;
    this.events.noteAll(this.#unnoted.map(({ events }) => events), false);
    this.bans.noteAll(this.#unnoted.map(({ bans }) => bans), true);
    this.#unnoted = [];
  }

  /** Forgets the rows before one. */
  forgetBefore(first: number): void {
    this.events.forgetBefore(first);
    this.bans.forgetBefore(first);
  }
}

/** Takes the changes. */
export type ReplayTarget = Pick<BanTable, "catchUp" | "catchUpAll" | "seq">;

/** What is read. */
export interface ReplayedLog {
  readonly names: LogNames;
  readonly pages: LogPages;
  readonly indexes: LogIndexes;
  /** Position of its first row, and of its last one. */
  readonly first: number;
  readonly last: number;
  /** Number of the change before the first row. */
  readonly keptSince: number;
  /** Rows of a page. */
  readonly pageRows: number;
  /** Rows from a position on. */
  rowsFrom(position: number, max: number): readonly SqlRow[];
  /** Number of the last change at a row; `undefined`: there is none. */
  seqAt(position: number): number | undefined;
}

/** What was found. */
export interface ReplayedPages extends LackingPages {
  /** Has the rows after the last page. */
  readonly next: LogPage;
}

/** Rows that are read at once. */
const READ_ROWS = 2_048;

/**
 * Applies the changes that a table lacks, and makes the indexes.
 *
 * @throws {UnusableStoreError} when a row is damaged or missing.
 */
export function replayLog(log: ReplayedLog, into: ReplayTarget): ReplayedPages {
  return new LogReplay(log, into).run();
}

/** The error for a log without a change. */
export function missingChange(seq: number): UnusableStoreError {
  return new UnusableStoreError("damaged", `change ${seq} is missing`);
}

/** Whether a page ends within the rows that are left. */
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

  /** @returns Number of its last change; `undefined`: it can't be relied on. */
  #readPage(place: PagePlace): number | undefined {
    const { pages, indexes, names: { jails, nodes } } = this.#log;
    const hashes = pages.hashes(place);
    if (hashes === undefined || place.seq > this.#into.seq) return undefined;
    const count = hashes.bans.reduce((sum, hash) => sum + +(hash !== 0), 0);
    const seq = place.seq + count;
    // It is of this log if its last row is.
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
   * Reads rows up to the one before `end`, which pages lack.
   *
   * @returns Number of their last change.
   */
  #readUnpaged(first: number, end: number, seq: number): number {
    const rest = this.#readRows(first, end, seq);
    if (rest.rows > 0) this.#missing.push(rest);
    return rest.lastSeq;
  }

  /** @returns The page of the last ones, which is not full. */
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
