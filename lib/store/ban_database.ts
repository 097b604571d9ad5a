/**
 * The publisher's database: joins the tables of bans, history and records, and
 * keeps them consistent.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";
import type { BanKey, Change } from "../ban/ban.ts";
import type { Epoch, EventId } from "../base/ids.ts";
import type {
  KeptReceipts,
  StoredReceipt,
  StoreEntry,
  StoreTime,
} from "../ban/ban_store.ts";
import { isOperatorsLift } from "../ban/ban.ts";
import type { HostName } from "../base/host_name.ts";
import { atOnce, type SqlDatabase } from "./sql.ts";
import { storeFailure } from "./store_errors.ts";
import { Pruning } from "./pruning.ts";
import { BanTables } from "./ban_tables.ts";
import { RecordTables } from "./record_tables.ts";
import { HistoryTables } from "./history_tables.ts";
import { ImportTables } from "./import_tables.ts";

/** The methods of a `BanStore` over a connection; all are synchronous. */
export class BanDatabase {
  /** Identifies the database. */
  readonly epoch: Epoch;
  /** The audit and the quarantines. */
  readonly records: RecordTables;
  /** The lists that operators imported. */
  readonly imports: ImportTables;
  readonly #database: SqlDatabase;
  readonly #history: HistoryTables;
  readonly #bans: BanTables;
  readonly #pruning: Pruning;
  #seq: number;
  #keptSince: number;
  #time: StoreTime | undefined;

  /**
   * @param database Of `BAN_STORE_SCHEMA`; nothing else writes to it.
   * @throws {UnusableStoreError} when its row in `meta` or `clock` is damaged.
   */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.records = new RecordTables(database);
    this.imports = new ImportTables(database);
    this.#history = new HistoryTables(database);
    this.#bans = new BanTables(database, (id) => this.#history.isAbout(id));
    this.#pruning = new Pruning(database, this.#bans);
    const { epoch, seq } = this.#history.mark;
    this.epoch = epoch;
    this.#keptSince = seq;
    this.#seq = this.#history.seq;
    this.#time = this.#history.time;
  }

  /** Sequence number of the last change. */
  get seq(): number {
    return this.#seq;
  }

  /** All changes after this number are stored. */
  get keptSince(): number {
    return this.#keptSince;
  }

  /** Relation between its clock and the system's clock. */
  get time(): StoreTime | undefined {
    return this.#time;
  }

  /** Stores that relation. */
  keepTime(time: StoreTime): void {
    this.#write("the time", () => this.#history.setTime(time));
    this.#time = time;
  }

  /** Stores entries, all or none. */
  append(entries: readonly StoreEntry[], nowMs: number): void {
    let seq = this.#seq;
    this.#write("changes", () => {
      for (const { event, change } of entries) {
        if (change !== undefined && change.seq !== ++seq) {
          throw new RangeError(`Cannot keep change ${change.seq} as ${seq}`);
        }
        if (event !== undefined) this.#history.putEvent(event, nowMs);
        if (change === undefined) continue;
        const { ban, begins } = this.#bans.apply(change);
        // What became of a ban before says nothing of this one.
        if (begins) this.#history.dropReceipts(change);
        this.#history.putChange(ban, change);
        if (isOperatorsLift(change)) this.#history.putLift(change);
      }
    });
    this.#seq = seq;
  }

  /** Whether an event with that id is stored. */
  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#read("events", () => this.#history.hasEvent(origin, id));
  }

  /** The changes after a number. */
  since(seq: number, max: number): readonly Change[] {
    if (seq < this.#keptSince) {
      throw new RangeError(
        `Cannot tell what follows ${seq}: kept since ${this.#keptSince}`,
      );
    }
    return this.#read("changes", () => this.#history.since(seq, max));
  }

  /** The jails in which an address is banned, or was. */
  jailsOf(address: Address): readonly JailName[] {
    return this.#read("bans", () => this.#bans.jailsOf(address));
  }

  /** The last changes of a ban. */
  history(key: BanKey, max: number): readonly Change[] {
    return this.#read("changes", () => this.#history.history(key, max));
  }

  /**
   * Stores receipts, all or none, except those of unknown bans, and those that
   * are not the latest.
   */
  keepReceipts(receipts: readonly StoredReceipt[]): KeptReceipts {
    return this.#write("receipts", () => {
      const known = receipts.filter((each) => this.#bans.knows(each));
      const kept = known.filter((each) => this.#history.putReceipt(each));
      return { kept, unknown: receipts.length - known.length };
    });
  }

  /** When an operator lifted a ban last. */
  liftedMs(key: BanKey): number | undefined {
    return this.#read("lifts", () => this.#history.liftedMs(key));
  }

  /** The receipts of a ban. */
  receipts(key: BanKey): readonly StoredReceipt[] {
    return this.#read("receipts", () => this.#history.receipts(key));
  }

  /**
   * Deletes a bounded number of old rows. @returns Whether there is more to
   * delete.
   */
  prune(beforeMs: number, nowMs: number): boolean {
    let keptSince = this.#keptSince;
    const hasMore = this.#write("what is left", () => {
      const step = this.#pruning.step({ beforeMs, nowMs });
      keptSince = Math.max(keptSince, step.forgotten);
      if (keptSince > this.#keptSince) {
        this.#history.setMark({ epoch: this.epoch, seq: keptSince });
      }
      return step.hasMore;
    });
    this.#keptSince = keptSince;
    return hasMore;
  }

  #write<T>(what: string, work: () => T): T {
    try {
      return atOnce(this.#database, work);
    } catch (error) {
      throw storeFailure(`cannot keep ${what}`, error);
    }
  }

  #read<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeFailure(`cannot read ${what}`, error);
    }
  }
}
