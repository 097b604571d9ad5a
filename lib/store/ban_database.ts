/**
 * The publisher's database: combines the log, the table, snapshots and records,
 * and keeps them consistent.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  type Ban,
  type BanKey,
  type Change,
  isOperatorsLift,
  keyOf,
} from "../ban/ban.ts";
import { evolve } from "../ban/ban_decision.ts";
import type { BanTable, TableStep } from "../ban/ban_table.ts";
import type { Epoch } from "../base/ids.ts";
import type {
  KeptReceipts,
  RecordMark,
  StoredReceipt,
  StoreEntry,
  StoreTime,
} from "../ban/ban_store.ts";
import { SeededHash } from "../base/checksum.ts";
import { ChangeLog } from "./change_log.ts";
import { ImportTables } from "./import_tables.ts";
import { LiftTable } from "./lift_table.ts";
import type { EventName } from "./log_rows.ts";
import { MetaTables } from "./meta_tables.ts";
import { Pruning } from "./pruning.ts";
import { ReceiptTable } from "./receipt_table.ts";
import { RecordTables } from "./record_tables.ts";
import { SNAPSHOT_PACE, Snapshots, SnapshotWriter } from "./snapshots.ts";
import type { SqlDatabase } from "../sqlite/sql.ts";
import { storeFailure } from "../sqlite/store_errors.ts";
import { loadTable } from "./stored_table.ts";
import { Transactions } from "./transactions.ts";

/** The methods of a `BanStore` over a connection; all are synchronous. */
export class BanDatabase {
  /** The bans. */
  readonly table: BanTable;
  /** Damage to the last snapshot or a page of the log; `undefined`: none. */
  readonly damage: string | undefined;
  /** The audit and the quarantines. */
  readonly records: RecordTables;
  /** The lists that operators imported. */
  readonly imports: ImportTables;
  readonly #transactions: Transactions;
  readonly #meta: MetaTables;
  readonly #log: ChangeLog;
  readonly #lifts: LiftTable;
  readonly #receipts: ReceiptTable;
  readonly #writer: SnapshotWriter;
  readonly #pruning: Pruning;
  #epoch: Epoch;
  #keptSince: number;
  #time: StoreTime | undefined;
  #applied: RecordMark | undefined;

  /**
   * Reads the table of bans.
   *
   * @param database With `BAN_STORE_SCHEMA`; nothing else writes to it.
   * @param pace See {@link SnapshotPace}. @default {SNAPSHOT_PACE}
   * @throws {UnusableStoreError} when data that a start needs is damaged.
   */
  constructor(database: SqlDatabase, pace = SNAPSHOT_PACE) {
    this.#transactions = new Transactions(database);
    this.records = new RecordTables(database, this.#transactions);
    this.imports = new ImportTables(database, this.#transactions);
    this.#meta = new MetaTables(database);
    const { epoch, seq: keptSince } = this.#meta.mark;
    this.#epoch = epoch;
    this.#keptSince = keptSince;
    this.#time = this.#meta.time;
    this.#applied = this.#meta.followed;
    const hash = new SeededHash(this.#meta.seed);
    const { pageRows } = pace;
    const log = new ChangeLog(database, { hash, keptSince, pageRows });
    const snapshots = new Snapshots(database, pace);
    const { table, from, damage } = loadTable({
      ...{ log, snapshots, keptSince },
      hashSeed: this.#meta.seed >>> 0,
    });
    const hashOf = (key: BanKey) => log.hashOf(key);
    this.table = table;
    this.damage = damage;
    this.#log = log;
    this.#lifts = new LiftTable(database, hashOf);
    this.#receipts = new ReceiptTable(database, hashOf);
    this.#writer = new SnapshotWriter(snapshots, table, from.fromSeq);
    const [lifts, receipts] = [this.#lifts, this.#receipts];
    this.#pruning = new Pruning({ log, lifts, receipts, table });
  }

  /** Identifies the database. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /**
   * Begins a new epoch, whose numbers mean other changes; leaves a shared log.
   */
  beginEpoch(epoch: Epoch): void {
    const mark = { epoch, seq: this.#keptSince };
    this.#write("the epoch", () => {
      this.#meta.setMark(mark);
      this.#meta.dropFollowed();
    });
    this.#epoch = epoch;
    this.#applied = undefined;
  }

  /** The last record of the shared log that the database has applied. */
  get applied(): RecordMark | undefined {
    return this.#applied;
  }

  /** Begins to follow a shared log. */
  follow(epoch: Epoch, applied: RecordMark): void {
    if (epoch !== this.#epoch && this.seq > 0) {
      throw new RangeError(`Cannot follow ${epoch}: it has ${this.#epoch}`);
    }
    const mark = { epoch, seq: this.#keptSince };
    this.#write("the place in the shared log", () => {
      this.#meta.setMark(mark);
      this.#meta.setFollowed(applied);
    });
    this.#epoch = epoch;
    this.#applied = applied;
  }

  /** Stops following a shared log: later changes are in none. */
  unfollow(): void {
    if (this.#applied === undefined) return;
    this.#write("that it is alone", () => this.#meta.dropFollowed());
    this.#applied = undefined;
  }

  /** Stores the effects of a shared log's record, and marks it as applied. */
  apply<T>(mark: RecordMark, work: () => Promise<T>): Promise<T> {
    const beside = () => this.#meta.setFollowed(mark);
    const result = this.#transactions.runWith(beside, work);
    return result.then((value) => {
      this.#applied = mark;
      return value;
    });
  }

  /** Sequence number of the last change. */
  get seq(): number {
    return this.#log.seq;
  }

  /** All changes after this number are stored. */
  get keptSince(): number {
    return this.#keptSince;
  }

  /** Relation between its clock and the system's clock. */
  get time(): StoreTime | undefined {
    return this.#time;
  }

  /** Stores the relation of the clocks. */
  keepTime(time: StoreTime): void {
    this.#write("the time", () => this.#meta.setTime(time));
    this.#time = time;
  }

  /** Stores entries, all or none, and applies their changes to the table. */
  append(entries: readonly StoreEntry[], nowMs: number): readonly TableStep[] {
    let isKept = false;
    try {
      this.#write("changes", () => {
        this.#log.append(entries, nowMs);
        // Receipts of an earlier ban say nothing about a new one.
        const mayHave = (key: BanKey) => this.#receipts.mayHave(key);
        for (const key of newBans(entries, this.table, mayHave)) {
          this.#receipts.drop(key);
        }
        for (const { change } of entries) {
          if (change && isOperatorsLift(change)) this.#lifts.put(change);
        }
      });
      isKept = true;
    } finally {
      this.#log.settle(isKept);
    }
    return entries.flatMap(({ change }) =>
      change === undefined ? [] : [this.table.apply(change)]
    );
  }

  /** Whether an event with that id is stored. */
  hasEvent(event: EventName): boolean {
    return this.#read("events", () => this.#log.hasEvent(event));
  }

  /** The changes after a number. */
  since(seq: number, max: number): readonly Change[] {
    if (seq < this.#keptSince) {
      throw new RangeError(
        `Cannot tell what follows ${seq}: kept since ${this.#keptSince}`,
      );
    }
    return this.#read("changes", () => this.#log.since(seq, max));
  }

  /** The jails in which an address is banned, or was. */
  jailsOf(address: Address): readonly JailName[] {
    const jails = new Set(this.#read("bans", () => this.#log.jailsOf(address)));
    for (const { jail } of this.table.ofAddress(address)) jails.add(jail);
    return [...jails].sort();
  }

  /** The last changes of a ban. */
  history(key: BanKey, max: number): readonly Change[] {
    return this.#read("changes", () => this.#log.history(key, max));
  }

  /**
   * Stores receipts, all or none. It leaves out receipts of unknown bans, and
   * receipts that are not the latest.
   */
  keepReceipts(receipts: readonly StoredReceipt[]): KeptReceipts {
    return this.#write("receipts", () => {
      const known = receipts.filter((receipt) =>
        this.table.find(receipt) !== undefined || this.#log.knows(receipt)
      );
      const kept = known.filter((each) => this.#receipts.put(each));
      return { kept, unknown: receipts.length - known.length };
    });
  }

  /** When an operator lifted a ban last. */
  liftedMs(key: BanKey): number | undefined {
    return this.#read("lifts", () => this.#lifts.liftedMs(key));
  }

  /** The receipts of a ban. */
  receipts(key: BanKey): readonly StoredReceipt[] {
    if (!this.#receipts.mayHave(key)) return [];
    return this.#read("receipts", () => this.#receipts.of(key));
  }

  /** Does one step of background work. @returns Whether there is more to do. */
  settle(): boolean {
    const reads = this.#read("what is known", () => {
      const hasMoreLifts = this.#lifts.filter.readOn();
      return this.#receipts.filter.readOn() || hasMoreLifts;
    });
    // The log can be pruned once there is a snapshot, even if a page fails.
    const isWriting = this.#writeSnapshot();
    return this.#repairPage() || isWriting || reads;
  }

  /**
   * Deletes a bounded number of old rows. @returns Whether there is more to
   * delete.
   */
  prune(beforeMs: number, nowMs: number): boolean {
    const step = this.#write("what is left", () => {
      const upTo = this.#writer.coveredSeq;
      const step = this.#pruning.step({ beforeMs, nowMs, upTo });
      const seq = Math.max(this.#keptSince, step.log.seq);
      if (seq > this.#keptSince) this.#meta.setMark({ epoch: this.epoch, seq });
      return step;
    });
    this.#keptSince = Math.max(this.#keptSince, step.log.seq);
    this.#log.forget(step.log.first);
    // Rows are deleted only after a snapshot has their changes.
    if (step.log.isHeld) {
      this.#writer.want();
      this.#writeSnapshot();
    }
    return step.hasMore;
  }

  #repairPage(): boolean {
    const { repair } = this.#log;
    if (!repair.isNeeded) return false;
    this.#write("a page of the log", () => repair.step());
    repair.noteKept();
    return repair.isNeeded;
  }

  #writeSnapshot(): boolean {
    if (!this.#writer.isDue) return false;
    try {
      return this.#write("a snapshot", () => this.#writer.step());
    } catch (error) {
      this.#writer.abandon();
      throw error;
    }
  }

  #write<T>(what: string, work: () => T): T {
    try {
      return this.#transactions.run(work);
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

/**
 * The bans that begin: those with a report while no other report is in force.
 *
 * @param entries With consecutive changes.
 * @param table The bans before these entries.
 * @param isWanted Selects the bans to check.
 */
function newBans(
  entries: readonly StoreEntry[],
  table: Pick<BanTable, "find">,
  isWanted: (key: BanKey) => boolean,
): readonly BanKey[] {
  const begun: BanKey[] = [];
  const bans = new Map<string, Ban | undefined>();
  for (const { change } of entries) {
    if (change === undefined || !isWanted(change)) continue;
    const key = keyOf(change);
    const ban = bans.has(key) ? bans.get(key) : table.find(change);
    if (begins(ban, change)) begun.push(change);
    bans.set(key, evolve(ban, change));
  }
  return begun;
}

function begins(ban: Ban | undefined, { kind, atMs }: Change): boolean {
  return kind === "report" &&
    ban?.reports.some(({ expiresMs }) => expiresMs > atMs) !== true;
}
