/**
 * The history in the publisher's database: changes, event ids, receipts, and
 * the clock of their times.
 *
 * @module
 */

import type { BanKey, Change } from "../ban/ban.ts";
import {
  CHANGE_COLUMNS,
  changeRow,
  hasItsSum,
  notAsWritten,
  numberOf,
  readChange,
  summed,
} from "./ban_rows.ts";
import { clockRow, readClockRow } from "./clock_row.ts";
import type { EventId } from "../base/ids.ts";
import type { StoredReceipt, StoreEntry, StoreTime } from "../ban/ban_store.ts";
import { type EpochMark, epochRow, readEpochRow } from "./epoch_row.ts";
import type { HostName } from "../base/host_name.ts";
import { readReceipt, receiptRow } from "./receipt_rows.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlStatement,
  valuesOf,
} from "./sql.ts";
import { UnusableStoreError } from "./store_errors.ts";

/** Identifies an event. */
export type EventName = NonNullable<StoreEntry["event"]>;

const STATEMENTS = {
  putMeta: "INSERT OR REPLACE INTO meta VALUES (?, ?, ?, ?)",
  meta: "SELECT epoch, kept_since, sum FROM meta",
  putClock: "INSERT OR REPLACE INTO clock VALUES (?, ?, ?, ?)",
  clock: "SELECT ahead_ms, seen_ms, sum FROM clock",
  lastSeq: "SELECT max(seq) FROM changes",
  putChange: `
    INSERT INTO changes (ban, ${CHANGE_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  since: `
    SELECT ${CHANGE_COLUMNS} FROM changes WHERE seq > ? ORDER BY seq LIMIT ?`,
  history: `
    SELECT ${CHANGE_COLUMNS} FROM changes
    WHERE ban = (SELECT id FROM bans WHERE address = ? AND jail = ?)
    ORDER BY seq DESC LIMIT ?`,
  putLift: "INSERT OR REPLACE INTO lifts VALUES (?, ?, ?, ?)",
  lift:
    "SELECT address, jail, at_ms, sum FROM lifts WHERE address = ? AND jail = ?",
  anyLift: "SELECT 1 FROM lifts LIMIT 1",
  isOfChange: "SELECT 1 FROM changes WHERE ban = ? LIMIT 1",
  putEvent: "INSERT OR IGNORE INTO events VALUES (?, ?, ?)",
  findEvent: "SELECT 1 FROM events WHERE origin = ? AND id = ?",
  putReceipt: `
    INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms,
      outcome = excluded.outcome, detail = excluded.detail, sum = excluded.sum
    WHERE excluded.at_ms >= at_ms`,
  dropReceipts: "DELETE FROM receipts WHERE jail = ? AND address = ?",
  receipts: `
    SELECT jail, address, node, action, at_ms, outcome, detail, sum
    FROM receipts WHERE jail = ? AND address = ? ORDER BY node, action`,
} as const;

/**
 * Reads and writes the history. Methods that write are called within a
 * transaction.
 */
export class HistoryTables {
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;
  /** Whether operators lifted anything; `undefined`: not looked yet. */
  #hasLifts: boolean | undefined;

  /** @param database Of `BAN_STORE_SCHEMA`. */
  constructor(database: SqlDatabase) {
    this.#statements = prepareAll(database, STATEMENTS);
  }

  /** The epoch, and the number up to which changes may be pruned. */
  get mark(): EpochMark {
    return readEpochRow(this.#statements.meta.get());
  }

  /** Sequence number of the last change, even if it was pruned. */
  get seq(): number {
    const row = this.#statements.lastSeq.get();
    const last = row === undefined ? 0 : Number(valuesOf(row)[0]);
    return Math.max(this.mark.seq, last);
  }

  /** Stores epoch and number. */
  setMark(mark: EpochMark): void {
    this.#statements.putMeta.run(...epochRow(mark));
  }

  /**
   * Relation between the clock of all times here and the system's; `undefined`:
   * unknown.
   */
  get time(): StoreTime | undefined {
    const row = this.#statements.clock.get();
    return row && readClockRow(row);
  }

  /** Stores that relation. */
  setTime(time: StoreTime): void {
    this.#statements.putClock.run(...clockRow(time));
  }

  /**
   * Stores the id of an event.
   *
   * @throws {RangeError} when it is stored already.
   */
  putEvent({ origin, id }: EventName, nowMs: number): void {
    const { changes } = this.#statements.putEvent.run(origin, id, nowMs);
    if (Number(changes) === 0) {
      throw new RangeError(`Cannot keep event ${id} of ${origin} twice`);
    }
  }

  /**
   * Stores a change.
   *
   * @param ban The id of its ban.
   */
  putChange(ban: number, change: Change): void {
    this.#statements.putChange.run(ban, ...changeRow(change));
  }

  /** Whether a change is about the ban with that id. */
  isAbout(ban: number): boolean {
    return this.#statements.isOfChange.get(ban) !== undefined;
  }

  /** Whether an event with that id is stored. */
  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#statements.findEvent.get(origin, id) !== undefined;
  }

  /**
   * The changes after a number.
   *
   * @throws {UnusableStoreError} when one is missing.
   */
  since(seq: number, max: number): readonly Change[] {
    const changes = this.#statements.since.all(seq, limit(max)).map(
      readChange,
    );
    const gap = changes.findIndex((each, index) =>
      each.seq !== seq + 1 + index
    );
    if (gap >= 0) {
      throw new UnusableStoreError(
        "damaged",
        `change ${seq + 1 + gap} is missing`,
      );
    }
    return changes;
  }

  /** The last changes of a ban, oldest first. */
  history({ jail, address }: BanKey, max: number): readonly Change[] {
    return this.#statements.history.all(address, jail, limit(max)).map(
      readChange,
    )
      .reverse();
  }

  /** Stores that an operator lifted a ban. */
  putLift({ address, jail, atMs }: Change): void {
    this.#statements.putLift.run(...summed(address, jail, atMs));
    this.#hasLifts = true;
  }

  /** When an operator lifted a ban last; `undefined`: that is not stored. */
  liftedMs({ jail, address }: BanKey): number | undefined {
    // Hardly any ban was ever lifted so.
    this.#hasLifts ??= this.#statements.anyLift.get() !== undefined;
    if (!this.#hasLifts) return undefined;
    const row = this.#statements.lift.get(address, jail);
    if (row === undefined) return undefined;
    const values = valuesOf(row);
    if (!hasItsSum(values)) throw notAsWritten("lifts");
    return numberOf(values[2], "lifts");
  }

  /** Stores a receipt, unless a later one of its node and action is stored. @returns Whether it did. */
  putReceipt(receipt: StoredReceipt): boolean {
    const { changes } = this.#statements.putReceipt.run(...receiptRow(receipt));
    return Number(changes) > 0;
  }

  /** Deletes the receipts of a ban. */
  dropReceipts({ jail, address }: BanKey): void {
    this.#statements.dropReceipts.run(jail, address);
  }

  /** The receipts of a ban. */
  receipts({ jail, address }: BanKey): readonly StoredReceipt[] {
    return this.#statements.receipts.all(jail, address).map(readReceipt);
  }
}

/** SQLite has no infinite limit. */
function limit(max: number): number {
  return Math.min(max, Number.MAX_SAFE_INTEGER);
}
