/**
 * Takes copies of the publisher's store while it is in use, and restores them.
 *
 * A restored store starts a new epoch: numbers given after the copy was taken
 * must not be given to other changes.
 *
 * It can't use `VACUUM INTO`: without all permissions, Deno lets a database
 * attach no other.
 *
 * @see {@link https://www.sqlite.org/backup.html | SQLite, Online Backup}
 * @module
 */

import { lchown } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { DATABASE_ENDS } from "../../base/aside.ts";
import type { RecordMark } from "../../ban/ban_store.ts";
import type { Epoch } from "../../base/ids.ts";
import { BAN_STORE_SCHEMA } from "../ban_store_schema.ts";
import { BanDatabase } from "../ban_database.ts";
import { epochOf } from "../epoch_row.ts";
import { MetaTables, NEW_DATABASE_BYTES } from "../meta_tables.ts";
import { Snapshots } from "../snapshots.ts";
import { inspectStore, migrateStore } from "../../sqlite/migrations.ts";
import { REPLICA_SCHEMA } from "../replica_schema.ts";
import { readReplica } from "../replica_tables.ts";
import { openFailure, UnusableStoreError } from "../../sqlite/store_errors.ts";
import { DatabaseFiles, folderOf } from "../../sqlite/database_files.ts";
import { takeStoreLock } from "../../sqlite/store_lock.ts";

const FILES = new DatabaseFiles(Deno);
/** Longest wait for another process's lock; it blocks this process. */
const BUSY_TIMEOUT_MS = 250;
const EPOCH_BYTES = 16;
/** Changes read at a time. */
const PAGE = 2_000;

/** Contents of a copy. */
export interface StoreContents {
  /** Bans in force. */
  readonly bans: number;
  /** Number of the last change. */
  readonly seq: number;
}

/** Options for {@link returnStore}. */
export interface StoreReturn {
  /** The file to restore from. */
  readonly from: string;
  /**
   * `store`: another complete store; `replica`: a subscriber's copy, which has
   * only the bans.
   */
  readonly kind: "store" | "replica";
  /** Path of the store. */
  readonly path: string;
  /**
   * Milliseconds since 1970, system clock: bans that ended by then are left
   * out.
   */
  readonly nowMs: number;
}

/** The result of restoring a store. */
export interface ReturnedStore extends StoreContents {
  /** Where the previous store is now; `undefined`: there was none. */
  readonly before: string | undefined;
}

/**
 * Copies a store as it is at one moment. Writers do not wait.
 *
 * @param path The store.
 * @param to The copy, which does not exist yet; it gets mode 0600.
 * @param nowMs Milliseconds since 1970, by the system's clock.
 * @throws {UnusableStoreError} when the store is damaged, or newer.
 * @throws {RuntimeError} when it can't read the store or write the copy.
 */
export async function copyStore(
  path: string,
  to: string,
  nowMs: number,
): Promise<StoreContents> {
  try {
    await copyDatabase(path, FILES.empty(to));
    FILES.force(to);
    using reader = reading(to);
    inspectStore(reader, BAN_STORE_SCHEMA, "all");
    return contentsOf(reader, nowMs);
  } catch (error) {
    throw openFailure(path, error);
  }
}

/**
 * Copies a store that follows a shared log, as {@link copyStore} does, but
 * checks nothing in it: with a million bans that would block the process.
 *
 * @returns The last record applied in the copy; `undefined`: it follows no log.
 * @throws {RuntimeError} when it can't read the store or write the copy.
 */
export async function copyImage(
  path: string,
  to: string,
): Promise<RecordMark | undefined> {
  try {
    await copyDatabase(path, FILES.empty(to));
    using reader = reading(to);
    return new MetaTables(reader).followed;
  } catch (error) {
    throw openFailure(path, error);
  }
}

/** A store's position in a shared log. */
export interface FollowedLog {
  readonly epoch: Epoch;
  /** The last applied record; `undefined`: it follows no log. */
  readonly applied: RecordMark | undefined;
  /** Whether it has no change and no event. */
  readonly isEmpty: boolean;
}

/**
 * Reads a store's position in a shared log, while nobody has it open.
 *
 * @returns `undefined`: there is no store.
 * @throws {RuntimeError} when it can't be read.
 */
export function followedLog(path: string): FollowedLog | undefined {
  if (FILES.see(path) === undefined) return undefined;
  try {
    FILES.refuseOdd(path);
    using reader = reading(path);
    const { mark: { epoch, seq }, followed: applied } = new MetaTables(reader);
    const isEmpty = seq === 0 &&
      reader.prepare("SELECT 1 FROM log LIMIT 1").get() === undefined;
    return { epoch, applied, isEmpty };
  } catch (error) {
    throw openFailure(path, error);
  }
}

/** Copies the current content of a database into an empty file. */
async function copyDatabase(path: string, to: string): Promise<void> {
  FILES.refuseOdd(path);
  using reader = reading(path);
  // One transaction: otherwise a busy writer would make the backup start over
  // for ever.
  reader.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
  await backup(reader, to);
  // Makes the copy readable in a folder that is read-only.
  using copied = new DatabaseSync(to);
  copied.exec("PRAGMA journal_mode = DELETE");
}

/**
 * Restores a store while the publisher is stopped. The previous store is kept
 * beside it.
 *
 * @throws {StoreInUseError} when the publisher runs.
 * @throws {UnusableStoreError} when the source is damaged, or newer.
 * @throws {RuntimeError} when it can't read the source or write the store; the
 *   previous store then stays in place.
 */
export async function returnStore(
  { from, kind, path, nowMs }: StoreReturn,
): Promise<ReturnedStore> {
  const beside = `${path}.new`;
  for (const end of DATABASE_ENDS) removeLink(`${beside}${end}`);
  return await locked(path, async () => {
    try {
      await makeFrom(from, kind, FILES.empty(beside), nowMs);
    } catch (error) {
      for (const end of DATABASE_ENDS) FILES.removeIfThere(`${beside}${end}`);
      throw error;
    }
    return await putStore(beside, path, (before) => {
      using reader = reading(path);
      return { ...contentsOf(reader, nowMs), before };
    });
  });
}

/**
 * Replaces the store of this host by another copy of the shared log that it
 * follows, with epoch and position; the previous store is kept beside it. Only
 * the file's pages are checked here: the program that opens it reads all of it.
 *
 * @param from The copy, a file beside the store; it is moved.
 * @returns Where the previous store is now; `undefined`: there was none.
 * @throws as {@link returnStore}.
 */
export async function returnImage(
  from: string,
  path: string,
): Promise<string | undefined> {
  return await locked(path, async () => {
    try {
      FILES.refuseOdd(from);
      using reader = reading(from);
      inspectStore(reader, BAN_STORE_SCHEMA, "all");
    } catch (error) {
      throw openFailure(from, error);
    }
    return await putStore(from, path, (before) => before);
  });
}

/** Does work while no publisher has the store. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  removeLink(`${path}.lock`);
  const lock = takeStoreLock(path, FILES);
  try {
    return await work();
  } finally {
    await giveTo(`${path}.lock`, folderOf(path));
    lock.close();
  }
}

async function makeFrom(
  from: string,
  kind: StoreReturn["kind"],
  beside: string,
  nowMs: number,
): Promise<void> {
  try {
    FILES.refuseOdd(from);
    if (kind === "replica") makeOfReplica(from, beside, nowMs);
    else await makeOfStore(from, beside);
  } catch (error) {
    throw openFailure(from, error);
  }
}

async function putStore<T>(
  beside: string,
  path: string,
  told: (before: string | undefined) => T,
): Promise<T> {
  try {
    await giveTo(beside, folderOf(path));
    const before = keepBefore(path);
    try {
      FILES.putInPlace(beside, path);
    } catch (error) {
      if (before !== undefined) moveAll(before, path);
      throw error;
    }
    return told(before);
  } catch (error) {
    throw openFailure(path, error);
  }
}

async function makeOfStore(from: string, beside: string): Promise<void> {
  {
    using reader = reading(from);
    inspectStore(reader, BAN_STORE_SCHEMA, "all");
  }
  await copyDatabase(from, beside);
  using database = new DatabaseSync(beside);
  migrateStore(database, BAN_STORE_SCHEMA);
  const store = new BanDatabase(database);
  // Reads every change once, so that damaged data is not restored.
  for (let seq = store.keptSince; seq < store.seq; seq += PAGE) {
    store.since(seq, PAGE);
  }
  store.beginEpoch(newEpoch());
}

function makeOfReplica(from: string, beside: string, nowMs: number): void {
  using reader = reading(from);
  inspectStore(reader, REPLICA_SCHEMA, "all");
  // Its subscriber may be running: one transaction reads a single moment.
  reader.exec("BEGIN");
  const copy = readReplica(reader, nowMs);
  if (copy === undefined) {
    throw new UnusableStoreError("damaged", "there is no whole copy in it");
  }
  const { seq, table } = copy;
  const random = crypto.getRandomValues(new Uint8Array(NEW_DATABASE_BYTES));
  using database = new DatabaseSync(beside);
  migrateStore(database, BAN_STORE_SCHEMA, () => {
    new MetaTables(database).begin(random, seq);
    const snapshots = new Snapshots(database);
    snapshots.begin(table, seq);
    while (snapshots.step(seq) === undefined);
  });
}

function reading(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

function newEpoch(): Epoch {
  return epochOf(crypto.getRandomValues(new Uint8Array(EPOCH_BYTES)));
}

/** Moves a database away, to a free name. */
function keepBefore(path: string): string | undefined {
  if (!DATABASE_ENDS.some((end) => FILES.see(`${path}${end}`))) {
    return undefined;
  }
  const before = FILES.freeName(`${path}.before`);
  moveAll(path, before);
  return before;
}

function moveAll(from: string, to: string): void {
  for (const end of DATABASE_ENDS) {
    if (FILES.see(`${from}${end}`) === undefined) continue;
    Deno.renameSync(`${from}${end}`, `${to}${end}`);
  }
}

/** Gives a file that root made to the owner of the service's folder. */
async function giveTo(path: string, folder: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(folder);
  await lchown(path, uid ?? 0, gid ?? 0);
}

/**
 * Removes a symlink: with it, a user of the folder could redirect root's
 * writes.
 */
function removeLink(path: string): void {
  try {
    if (Deno.lstatSync(path).isSymlink) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Counts the bans, by the store's own clock. */
function contentsOf(reader: DatabaseSync, nowMs: number): StoreContents {
  const { table, seq, time } = new BanDatabase(reader);
  table.expire(nowMs - (time?.aheadMs ?? 0));
  return { bans: table.size, seq };
}
