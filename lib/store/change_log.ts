/**
 * The log of a publisher's database: what was accepted, in order, and what is
 * found in it.
 *
 * Two indexes in memory say where to look: the events by their names, and the
 * last row of each ban. From there the rows of a ban lead back one to the
 * other. They are made anew at each start, of the hashes in the rows.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey, Change } from "../ban/ban.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import type { JailName } from "../base/jail_name.ts";
import type { SeededHash } from "../base/checksum.ts";
import { hostOf, jailOf, notAsWritten, numberOf } from "./ban_rows.ts";
import {
  type EventName,
  KINDS,
  type LogNames,
  type LogRow,
  logRow,
  readLogRow,
} from "./log_rows.ts";
import { HASH_TEXT, readHashes } from "./hash_text.ts";
import { NameTable } from "./name_table.ts";
import { PositionIndex } from "./position_index.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";
import { UnusableStoreError } from "../sqlite/store_errors.ts";

const STATEMENTS = {
  ends: "SELECT min(position), max(position) FROM log",
  put: "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  row: "SELECT * FROM log WHERE position = ?",
  seqAt: "SELECT seq FROM log WHERE position = ?",
  changesFrom: `
    SELECT * FROM log WHERE position >= ? AND kind <> ${KINDS.unchanged}
    ORDER BY position LIMIT ?`,
  rowsFrom: `
    SELECT * FROM log WHERE position >= ? ORDER BY position LIMIT ?`,
  hashes: `
    SELECT count(*), ${HASH_TEXT} FROM log WHERE position BETWEEN ? AND ?`,
  oldest: "SELECT seq, at_ms FROM log WHERE position >= ? LIMIT ?",
  drop: "DELETE FROM log WHERE position < ?",
} as const;

/** Rows that are read at once. */
const PAGE_ROWS = 8_192;

/** Limits of what is deleted. Times are in milliseconds since 1970. */
export interface PruneLimits {
  /** Rows of the log, and receipts of ended bans, from before this time. */
  readonly beforeMs: number;
  /** Bans that ended by this time have. */
  readonly nowMs: number;
  /** Number of the last change whose row may be deleted. */
  readonly upTo: number;
}

/** What was pruned. */
export interface PrunedRows {
  /** How many rows. */
  readonly rows: number;
  /** Number of the last change among them or before them; 0: there is no row. */
  readonly seq: number;
  /** Position of the first row that is kept. */
  readonly first: number;
  /** Whether another is old enough, but may not be deleted. */
  readonly isHeld: boolean;
}

/** What an open transaction did to the indexes. */
interface Unsettled {
  readonly position: number;
  readonly seq: number;
  /** Hash and position of each event. */
  readonly events: number[];
  /** Hash of each change's ban, and the position that it replaced. */
  readonly bans: number[];
}

/** Methods that write are called within a transaction. */
export class ChangeLog {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  readonly #hash: SeededHash;
  readonly #names: LogNames;
  readonly #events: PositionIndex;
  readonly #bans: PositionIndex;
  /** The first row that is kept, or the next one if none is. */
  #first: number;
  #last: number;
  #seq: number;
  /** The indexes have the rows up to this position. */
  #indexed: number;
  #unsettled: Unsettled | undefined;

  /**
   * Finds its ends; the indexes are made by {@link ChangeLog.replay}, which is
   * called before anything else is asked.
   *
   * @param database Of `BAN_STORE_SCHEMA`.
   * @param hash With the database's seed.
   * @param keptSince Number of the last change that was pruned.
   * @throws {UnusableStoreError} when it is damaged.
   */
  constructor(database: SqlDatabase, hash: SeededHash, keptSince: number) {
    this.#statements = prepareAll(database, STATEMENTS);
    this.#hash = hash;
    this.#names = {
      jails: new NameTable(database, "jails", jailOf),
      nodes: new NameTable(database, "nodes", hostOf),
    };
    const [first, last] = valuesOf(this.#statements.ends.get() ?? {});
    this.#first = typeof first === "number" ? first : 1;
    this.#last = typeof last === "number" ? last : 0;
    this.#seq = Math.max(keptSince, this.#seqAt(this.#last) ?? 0);
    const rows = this.#last - this.#first + 1;
    this.#events = new PositionIndex(this.#first - 1, rows);
    this.#bans = new PositionIndex(this.#first - 1);
    this.#indexed = this.#first - 1;
  }

  /** Number of the last change. */
  get seq(): number {
    return this.#seq;
  }

  /** Hashes what identifies a ban. */
  hashOf({ jail, address }: BanKey): number {
    return this.#hash.of(jail, address);
  }

  /**
   * Appends entries; {@link ChangeLog.settle} is called when the transaction
   * has ended.
   *
   * @throws {RangeError} when a number does not follow, or an event is known.
   */
  append(entries: readonly StoreEntry[], nowMs: number): void {
    let [position, seq] = [this.#last, this.#seq];
    const events: number[] = [];
    const bans: number[] = [];
    this.#unsettled = { position, seq, events, bans };
    const names = new Set<string>();
    for (const entry of entries) {
      const { event, change } = entry;
      position++;
      if (change !== undefined && change.seq !== ++seq) {
        throw new RangeError(`Cannot keep change ${change.seq} as ${seq}`);
      }
      const banHash = change && this.hashOf(change);
      let eventHash: number | undefined;
      if (event !== undefined) {
        eventHash = this.#hash.of(event.origin, event.id);
        this.#refuseKnown(event, eventHash, names);
        events.push(eventHash, position);
      }
      let previous = 0;
      if (banHash !== undefined) {
        previous = this.#bans.replace(banHash, position);
        bans.push(banHash, previous);
      }
      const atMs = change?.atMs ?? nowMs;
      this.#statements.put.run(...logRow(entry, {
        ...{ position, seq, atMs, eventHash, banHash, previous },
      }, this.#names));
    }
    this.#unsettled = { position, seq, events, bans };
  }

  /**
   * Reads the changes after a number up to the last one, and makes the indexes.
   * May be called again where it did not come to its end.
   *
   * @throws {UnusableStoreError} when a row is damaged or missing.
   */
  *replay(fromSeq: number): Generator<Change, void, undefined> {
    let [position, seq] = [this.#positionAfter(fromSeq), fromSeq];
    this.#readHashes(position - 1);
    while (position <= this.#last) {
      const page = this.#statements.rowsFrom.all(position, PAGE_ROWS);
      for (const row of page) {
        const read = readLogRow(row, this.#names);
        const isNext = read.position === position &&
          read.seq === seq + (read.change === undefined ? 0 : 1);
        if (!isNext) throw missingChange(seq + 1);
        this.#noteRow(read);
        ({ seq } = read);
        position++;
        if (read.change !== undefined) yield read.change;
      }
      if (page.length === 0) throw missingChange(seq + 1);
    }
  }

  /** The transaction of an append has ended: it is kept, or undone. */
  settle(isKept: boolean): void {
    if (this.#unsettled === undefined) return;
    const { position, seq, events, bans } = this.#unsettled;
    this.#unsettled = undefined;
    this.#names.jails.settle(isKept);
    this.#names.nodes.settle(isKept);
    if (!isKept) {
      for (let at = bans.length - 2; at >= 0; at -= 2) {
        this.#bans.replace(bans[at] ?? 0, bans[at + 1] ?? 0);
      }
      return;
    }
    for (let at = 0; at < events.length; at += 2) {
      this.#events.add(events[at] ?? 0, events[at + 1] ?? 0);
    }
    this.#last = position;
    this.#seq = seq;
  }

  /** Whether an event is in the log. */
  hasEvent(event: EventName): boolean {
    return this.#knows(event, this.#hash.of(event.origin, event.id));
  }

  /**
   * The changes after a number.
   *
   * @throws {UnusableStoreError} when one is damaged or missing.
   */
  since(seq: number, max: number): readonly Change[] {
    if (seq >= this.#seq) return [];
    const from = this.#positionAfter(seq);
    const limit = Math.min(max, Number.MAX_SAFE_INTEGER);
    const rows = this.#statements.changesFrom.all(from, limit);
    return rows.map((row, index) => {
      const { change } = readLogRow(row, this.#names);
      const expected = seq + 1 + index;
      if (change?.seq !== expected) throw missingChange(expected);
      return change;
    });
  }

  /** The last changes of a ban, oldest first. */
  history(key: BanKey, max: number): readonly Change[] {
    const changes: Change[] = [];
    let position = this.#bans.get(this.hashOf(key));
    while (position >= this.#first && changes.length < max) {
      const { change, previous } = this.#row(position);
      // Another ban may have the same hash.
      if (change?.jail === key.jail && change.address === key.address) {
        changes.push(change);
      }
      if (!(previous < position)) throw notAsWritten("log");
      position = previous;
    }
    return changes.reverse();
  }

  /** The jails that the log has an address in, in no order. */
  jailsOf(address: Address): readonly JailName[] {
    return [...this.#names.jails.names()].filter((jail) =>
      this.knows({ jail, address })
    );
  }

  /** Whether the log has a change of a ban. */
  knows(key: BanKey): boolean {
    return this.history(key, 1).length > 0;
  }

  /**
   * Deletes the oldest rows up to the first that is not old enough; {@link
   * ChangeLog.forget} is called when that is kept.
   *
   * @param limits Rows from before which time, and up to which number.
   * @param max How many at most.
   */
  prune({ upTo, ...times }: PruneLimits, max: number): PrunedRows {
    const old = this.#oldestRows(times, max);
    let rows = 0;
    let seq = 0;
    while (rows < old.length && (old[rows] ?? 0) <= upTo) {
      seq = old[rows++] ?? 0;
    }
    const first = this.#first + rows;
    if (rows > 0) this.#statements.drop.run(first);
    return { rows, seq, first, isHeld: rows < old.length };
  }

  /** Forgets what was pruned. @param first The first row that is kept. */
  forget(first: number): void {
    this.#first = first;
    this.#events.forgetBefore(first);
    this.#bans.forgetBefore(first);
  }

  /** Of the oldest rows, from before a time: the number of the last change at each. */
  #oldestRows(
    { beforeMs, nowMs }: Omit<PruneLimits, "upTo">,
    max: number,
  ): readonly number[] {
    const { oldest } = this.#statements;
    const mayBeOld = ([, atMs]: readonly unknown[]) =>
      Number(atMs) < beforeMs || Number(atMs) > nowMs;
    // Mostly none is.
    if (!oldest.all(this.#first, 1).map(valuesOf).some(mayBeOld)) return [];
    const rows = oldest.all(this.#first, max).map(valuesOf);
    const end = rows.findIndex((row) => !mayBeOld(row));
    const some = rows.slice(0, end < 0 ? rows.length : end);
    // What a clock that was ahead has dated is as old as a row after it.
    const last = some.findLastIndex(([, atMs]) => Number(atMs) < beforeMs);
    return some.slice(0, last + 1).map(([seq]) => Number(seq));
  }

  #refuseKnown(event: EventName, hash: number, names: Set<string>): void {
    const { origin, id } = event;
    const name = `${origin}|${id}`;
    if (names.has(name) || this.#knows(event, hash)) {
      throw new RangeError(`Cannot keep event ${id} of ${origin} twice`);
    }
    names.add(name);
  }

  #knows({ origin, id }: EventName, hash: number): boolean {
    return this.#events.at(hash).some((position) => {
      const { event } = this.#row(position);
      return event?.origin === origin && event.id === id;
    });
  }

  #row(position: number): LogRow {
    const row = this.#statements.row.get(position);
    if (row === undefined) {
      throw new UnusableStoreError("damaged", `row ${position} is missing`);
    }
    return readLogRow(row, this.#names);
  }

  #seqAt(position: number): number | undefined {
    const row = this.#statements.seqAt.get(position);
    return row && numberOf(valuesOf(row)[0], "log");
  }

  /** The first position with a change after a number; numbers only grow. */
  #positionAfter(seq: number): number {
    let [low, high] = [this.#first, this.#last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#seqAt(middle) ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #readHashes(upTo: number): void {
    for (let from = this.#indexed + 1; from <= upTo; from += PAGE_ROWS) {
      const to = Math.min(upTo, from + PAGE_ROWS - 1);
      const row = this.#statements.hashes.get(from, to);
      const [count, text] = valuesOf(row ?? {});
      if (count !== to - from + 1) {
        throw new UnusableStoreError("damaged", "a row of log is missing");
      }
      readHashes(String(text), from, this.#events, this.#bans);
      this.#indexed = to;
    }
  }

  #noteRow({ position, eventHash, banHash }: LogRow): void {
    if (position <= this.#indexed) return;
    if (eventHash !== undefined) this.#events.add(eventHash, position);
    if (banHash !== undefined) this.#bans.replace(banHash, position);
    this.#indexed = position;
  }
}

function missingChange(seq: number): UnusableStoreError {
  return new UnusableStoreError("damaged", `change ${seq} is missing`);
}
