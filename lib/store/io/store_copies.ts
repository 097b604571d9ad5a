/**
 * Copies of the publisher's store: taken while it is in use, and put back.
 *
 * What is put back counts anew, in an epoch of its own: the numbers that were
 * given after the copy was taken must not be given again to other changes.
 *
 * Not by `VACUUM INTO`: without every permission Deno lets a database attach no other.
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
/** Changes that are read at once. */
const PAGE = 2_000;

/** What is in a copy. */
export interface StoreContents {
  /** Bans in force. */
  readonly bans: number;
  /** Number of the last change. */
  readonly seq: number;
}

/** How a store is put back. */
export interface StoreReturn {
  /** The file that it is made from. */
  readonly from: string;
  /**
   * `store`: another store, whole; `replica`: a subscriber's copy, which has the
   * bans and nothing else.
   */
  readonly kind: "store" | "replica";
  /** Where it belongs. */
  readonly path: string;
  /** Milliseconds since 1970, by the system's clock: bans that are over by then are left out. */
  readonly nowMs: number;
}

/** What became of a store that was put back. */
export interface ReturnedStore extends StoreContents {
  /** Where the store is that was there before; `undefined`: there was none. */
  readonly before: string | undefined;
}

/**
 * Copies a store as it is at a moment, whoever writes to it: no writer waits.
 *
 * @param path The store.
 * @param to The copy, which is not there yet; of mode 0600.
 * @param nowMs Milliseconds since 1970, by the system's clock.
 * @throws {UnusableStoreError} when it is damaged, or newer.
 * @throws {RuntimeError} when it can't be read, or the copy not be written.
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
 * Copies a store that follows a shared log, as {@link copyStore} does, but looks
 * at nothing in it: whoever has a million bans would be held up by that.
 *
 * @returns The last record that the copy has; `undefined`: it follows no log.
 * @throws {RuntimeError} when it can't be read, or the copy not be written.
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

/** How a store stands to a shared log. */
export interface FollowedLog {
  readonly epoch: Epoch;
  /** The last record that it has; `undefined`: it follows no log. */
  readonly applied: RecordMark | undefined;
  /** Whether it has no change of any kind. */
  readonly isEmpty: boolean;
}

/**
 * Looks how a store stands to a shared log, while nobody has it open.
 *
 * @returns `undefined`: there is none.
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

/** Copies all that a database has by now into an empty file. */
async function copyDatabase(path: string, to: string): Promise<void> {
  FILES.refuseOdd(path);
  using reader = reading(path);
  // All pages are of one moment, or a busy writer would have it begin anew for ever.
  reader.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
  await backup(reader, to);
  // So it can be read from where nothing can be written.
  using copied = new DatabaseSync(to);
  copied.exec("PRAGMA journal_mode = DELETE");
}

/**
 * Puts a store back; the publisher does not run meanwhile. What was in its
 * place is kept beside it.
 *
 * @throws {StoreInUseError} when the publisher runs.
 * @throws {UnusableStoreError} when what it is made from is damaged, or newer.
 * @throws {RuntimeError} when it can't be read, or the store not be written;
 * what was there is there still.
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
 * Puts another copy of the shared log that this host follows in the place of its
 * store, with epoch and place; what was there is kept beside. Whoever opens it
 * reads all of it: here only its pages are looked at.
 *
 * @param from The copy, a file beside the store, which is not there any more then.
 * @returns Where the store is that was there before; `undefined`: there was none.
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

/** Does something while no publisher has the store. */
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
  // Every change is read once: what is damaged is not put in place.
  for (let seq = store.keptSince; seq < store.seq; seq += PAGE) {
    store.since(seq, PAGE);
  }
  store.beginEpoch(newEpoch());
}

function makeOfReplica(from: string, beside: string, nowMs: number): void {
  using reader = reading(from);
  inspectStore(reader, REPLICA_SCHEMA, "all");
  // Its subscriber may run: all that is read is of one moment.
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

/** Moves a database out of its place, to a name that is free. */
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

/** What root makes in a service's folder is the service's. */
async function giveTo(path: string, folder: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(folder);
  await lchown(path, uid ?? 0, gid ?? 0);
}

/** Who may write to the folder could have root write elsewhere. */
function removeLink(path: string): void {
  try {
    if (Deno.lstatSync(path).isSymlink) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Its bans by its own clock. */
function contentsOf(reader: DatabaseSync, nowMs: number): StoreContents {
  const { table, seq, time } = new BanDatabase(reader);
  table.expire(nowMs - (time?.aheadMs ?? 0));
  return { bans: table.size, seq };
}
