/**
 * What is found in a log: events by their names, and the last row of each ban.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import type { SeededHash } from "../base/checksum.ts";
import type { PageHashes, RowHashes } from "./log_pages.ts";
import type { EventName } from "./log_rows.ts";
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
