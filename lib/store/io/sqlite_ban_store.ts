/**
 * The publisher's store in SQLite.
 *
 * A lock file beside the database keeps a second program out. Others may read
 * the database meanwhile (`readOnly`), because it is in WAL mode. While in use,
 * the database is opened only through SQLite: closing another descriptor would
 * release SQLite's locks.
 *
 * @see {@link https://www.sqlite.org/wal.html | SQLite, Write-Ahead Logging}
 * @see {@link https://www.sqlite.org/howtocorrupt.html | SQLite, How To Corrupt}
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { asidePath, oddKind } from "../../base/aside.ts";
import type { Address } from "../../base/address.ts";
import type { JailName } from "../../base/jail_name.ts";
import type { BanKey, Change } from "../../ban/ban.ts";
import type { BanTable, TableStep } from "../../ban/ban_table.ts";
import { BanDatabase } from "../ban_database.ts";
import { BAN_STORE_PRAGMAS, BAN_STORE_SCHEMA } from "../ban_store_schema.ts";
import type { Epoch, EventId } from "../../base/ids.ts";
import type {
  CopyStore,
  Durability,
  KeptReceipts,
  RecordMark,
  StoredReceipt,
  StoreEntry,
  StoreTime,
} from "../../ban/ban_store.ts";
import {
  decodeSeqMark,
  encodeSeqMark,
  epochOf,
  SEQ_MARK_BYTES,
} from "../epoch_row.ts";
import type { ImportRecords } from "../../ban/import_records.ts";
import type { HostName } from "../../base/host_name.ts";
import type { NodeRecords } from "../../members/node_records.ts";
import { openFailure, UnusableStoreError } from "../../sqlite/store_errors.ts";
import { DatabaseFiles } from "../../sqlite/database_files.ts";
import { takeStoreLock } from "../../sqlite/store_lock.ts";
import {
  inspectStore,
  migrateStore,
  type StoreSchema,
} from "../../sqlite/migrations.ts";
import type { SnapshotPace } from "../snapshots.ts";
import { MetaTables, NEW_DATABASE_BYTES } from "../meta_tables.ts";

/** Path of the publisher's store. */
export function banStorePath(stateDir: string): string {
  return `${stateDir}/publisher.sqlite3`;
}

/** Size of the store's files, in bytes. */
export function banStoreBytes(path: string): number {
  return ["", "-wal"].reduce(
    (sum, end) => sum + (FILES.sizeOf(`${path}${end}`) ?? 0),
    0,
  );
}

/** Options for {@link SqliteBanStore.open}. */
export interface SqliteBanStoreOptions {
  /** Absolute path. Its folder exists; the file is created if missing. */
  readonly path: string;
  /** @default {"power"} */
  readonly durability?: Durability;
  /**
   * Whether a shared log has all changes that the file may lack: the store then
   * keeps its epoch. Otherwise it stops following a log. @default {false}
   */
  readonly isCopy?: boolean;
  /** The schema and its migrations. @default {BAN_STORE_SCHEMA} */
  readonly schema?: StoreSchema;
  /** How snapshots are written. @default {SNAPSHOT_PACE} */
  readonly pace?: SnapshotPace;
}

/** Values of SQLite's `synchronous`: FULL and NORMAL. */
const SYNCHRONOUS: Readonly<Record<Durability, number>> = {
  power: 2,
  process: 1,
};
/**
 * Size in bytes above which a start checks only the essential tables, unless
 * the last run was killed. Data that a start reads has its own checksums, as
 * has each row that is read later.
 */
const FULL_CHECK_BYTES = 64 * 1024 * 1024;
/** Longest wait for another process's lock; it blocks this process. */
const BUSY_TIMEOUT_MS = 250;
const READING = { readOnly: true, timeout: BUSY_TIMEOUT_MS };
const FILES = new DatabaseFiles(Deno);
const EPOCH_BYTES = 16;
/**
 * The first bytes of a write-ahead log; the last bit is the byte order.
 *
 * @see {@link https://www.sqlite.org/fileformat2.html#the_write_ahead_log}
 */
const WAL_MAGIC = 0x377f0682;
const WAL_MAGIC_BYTES = 4;

/**
 * A {@link CopyStore} in a file. Before it returns, `append` writes, and with
 * `power` syncs to the disk; it blocks the process meanwhile.
 *
 * @example
 * ```ts ignore
 * using store = SqliteBanStore.open({ path: banStorePath(stateDir) });
 * await store.append([{ event, change }], Date.now());
 * ```
 */
export class SqliteBanStore implements CopyStore, Disposable {
  /**
   * How many changes the file lost since it was closed or its program killed.
   * After a loss the store has a new epoch, so that subscribers fetch its
   * table.
   */
  readonly lostChanges: number;
  readonly #database: DatabaseSync;
  readonly #lock: Deno.FsFile;
  readonly #memory: BanDatabase;

  private constructor(
    database: DatabaseSync,
    lock: Deno.FsFile,
    { pace, isCopy = false }: SqliteBanStoreOptions,
  ) {
    this.#database = database;
    this.#lock = lock;
    this.#memory = new BanDatabase(database, pace);
    this.lostChanges = isCopy ? 0 : settleLoss(this.#memory, lock);
    if (!isCopy) this.#memory.unfollow();
    this.#note();
  }

  /**
   * Opens a store, or creates one. A file of an older version is migrated; a
   * copy of it stays beside it, such as `publisher.sqlite3.v1`.
   *
   * @param options See {@link SqliteBanStoreOptions}.
   * @throws {UnusableStoreError} when the file is damaged or newer; it stays
   *   unchanged.
   * @throws {RuntimeError} when it can't be opened, or another program uses it.
   */
  static open(options: SqliteBanStoreOptions): SqliteBanStore {
    const { path, schema = BAN_STORE_SCHEMA } = options;
    const lock = takeStoreLock(path, FILES);
    try {
      refuseOdd(path);
      if (FILES.sizeOf(path) === undefined) create(path, schema);
      // Stays open until the other connection is closed, in case of a refusal:
      // the last connection to close may write the log back.
      using reader = new DatabaseSync(path, READING);
      const version = inspect(path, reader, schema);
      if (version < schema.migrations.length) copy(path, version);
      return SqliteBanStore.#openInspected(options, lock);
    } catch (error) {
      lock.close();
      const isThere = (name: string) => FILES.see(name) !== undefined;
      throw openFailure(path, error, { isThere });
    }
  }

  static #openInspected(
    options: SqliteBanStoreOptions,
    lock: Deno.FsFile,
  ): SqliteBanStore {
    const { path, schema = BAN_STORE_SCHEMA, durability = "power" } = options;
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`);
      database.exec(BAN_STORE_PRAGMAS);
      migrateStore(database, schema);
      Deno.chmodSync(path, 0o600);
      return new SqliteBanStore(database, lock, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get epoch(): Epoch {
    return this.#memory.epoch;
  }

  get seq(): number {
    return this.#memory.seq;
  }

  get keptSince(): number {
    return this.#memory.keptSince;
  }

  get table(): BanTable {
    return this.#memory.table;
  }

  /** Damage to its last snapshot, which is not essential; `undefined`: none. */
  get damage(): string | undefined {
    return this.#memory.damage;
  }

  get time(): StoreTime | undefined {
    return this.#memory.time;
  }

  get applied(): RecordMark | undefined {
    return this.#memory.applied;
  }

  follow(epoch: Epoch, mark: RecordMark): void {
    this.#memory.follow(epoch, mark);
    this.#note();
  }

  apply<T>(mark: RecordMark, work: () => Promise<T>): Promise<T> {
    return this.#memory.apply(mark, work);
  }

  get records(): NodeRecords {
    return this.#memory.records;
  }

  get imports(): ImportRecords {
    return this.#memory.imports;
  }

  keepTime(time: StoreTime): Promise<void> {
    return settled(() => this.#memory.keepTime(time));
  }

  /** The durability of its connection. */
  get durability(): Durability {
    const row = this.#database.prepare("PRAGMA synchronous").get();
    return row?.["synchronous"] === SYNCHRONOUS.power ? "power" : "process";
  }

  append(
    entries: readonly StoreEntry[],
    nowMs: number,
  ): Promise<readonly TableStep[]> {
    return settled(() => {
      const steps = this.#memory.append(entries, nowMs);
      this.#note();
      return steps;
    });
  }

  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#memory.hasEvent({ origin, id });
  }

  since(seq: number, max: number): readonly Change[] {
    return this.#memory.since(seq, max);
  }

  jailsOf(address: Address): readonly JailName[] {
    return this.#memory.jailsOf(address);
  }

  history(key: BanKey, max: number): readonly Change[] {
    return this.#memory.history(key, max);
  }

  keepReceipts(receipts: readonly StoredReceipt[]): Promise<KeptReceipts> {
    return settled(() => this.#memory.keepReceipts(receipts));
  }

  receipts(key: BanKey): readonly StoredReceipt[] {
    return this.#memory.receipts(key);
  }

  liftedMs(key: BanKey): number | undefined {
    return this.#memory.liftedMs(key);
  }

  settle(): Promise<boolean> {
    return settled(() => this.#memory.settle());
  }

  prune(beforeMs: number, nowMs: number): Promise<boolean> {
    return settled(() => this.#memory.prune(beforeMs, nowMs));
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.#lock.close();
  }

  /** Notes the last change's number. A failure only weakens loss detection. */
  #note(): void {
    try {
      this.#lock.seekSync(0, Deno.SeekMode.Start);
      this.#lock.writeSync(encodeSeqMark(this.#memory));
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}

/**
 * Compares a database with its noted mark. If changes were lost, it begins a
 * new epoch: their numbers must not be given to other changes.
 *
 * @returns How many changes are lost.
 */
function settleLoss(memory: BanDatabase, noted: Deno.FsFile): number {
  const bytes = new Uint8Array(SEQ_MARK_BYTES);
  noted.seekSync(0, Deno.SeekMode.Start);
  noted.readSync(bytes);
  const mark = decodeSeqMark(bytes);
  const lost = mark?.epoch === memory.epoch ? mark.seq - memory.seq : 0;
  if (lost <= 0) return 0;
  memory.beginEpoch(newEpoch());
  return lost;
}

function newEpoch(): Epoch {
  return epochOf(crypto.getRandomValues(new Uint8Array(EPOCH_BYTES)));
}

/** Refuses files that SQLite itself would accept. */
function refuseOdd(path: string): void {
  // It holds nothing permanent: SQLite creates a new one.
  const shared = FILES.see(`${path}-shm`);
  if (shared !== undefined && oddKind(shared) !== undefined) {
    FILES.move(`${path}-shm`, `${asidePath(path)}-shm`);
  }
  FILES.refuseOdd(path);
  if (FILES.see(path) !== undefined) refuseOtherWal(`${path}-wal`);
}

/** With an invalid log, SQLite would lose the last acknowledged changes. */
function refuseOtherWal(path: string): void {
  if ((FILES.sizeOf(path) ?? 0) < WAL_MAGIC_BYTES) return;
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(WAL_MAGIC_BYTES);
  file.readSync(bytes);
  const magic = new DataView(bytes.buffer).getUint32(0);
  if (magic >>> 1 === WAL_MAGIC >>> 1) return;
  throw new UnusableStoreError("damaged", `${path} is none of SQLite's`);
}

/** Runs synchronous work and returns its result as a promise. */
function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

/**
 * Creates the database under another name and renames it, so that the path
 * never has an unfinished one.
 */
function create(path: string, schema: StoreSchema): void {
  if (FILES.sizeOf(`${path}-wal`) !== undefined) {
    throw new UnusableStoreError("damaged", `${path}-wal is without its file`);
  }
  const beside = FILES.empty(`${path}.new`);
  const random = crypto.getRandomValues(new Uint8Array(NEW_DATABASE_BYTES));
  const database = new DatabaseSync(beside);
  try {
    migrateStore(database, schema, () => {
      new MetaTables(database).begin(random, 0);
    });
  } finally {
    database.close();
  }
  FILES.putInPlace(beside, path);
}

/** Checks a file. @returns Its version. */
function inspect(
  path: string,
  reader: DatabaseSync,
  schema: StoreSchema,
): number {
  const bytes = FILES.sizeOf(path);
  if (bytes === 0) throw new UnusableStoreError("damaged", "it is empty");
  const endedUncleanly = FILES.sizeOf(`${path}-wal`) !== undefined;
  const isSmall = bytes !== undefined && bytes <= FULL_CHECK_BYTES;
  return inspectStore(
    reader,
    schema,
    isSmall || endedUncleanly ? "all" : "vital",
  );
}

/** Copies a database of an older version that nobody else writes to. */
function copy(path: string, version: number): void {
  const database = new DatabaseSync(path);
  // After this the file has everything from its log.
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const beside = FILES.empty(`${path}.new`);
  Deno.copyFileSync(path, beside);
  FILES.putInPlace(beside, `${path}.v${version}`);
}
