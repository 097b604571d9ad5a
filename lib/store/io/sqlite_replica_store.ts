/**
 * A subscriber's copy of the cluster's bans, in SQLite.
 *
 * A copy that can't be read is moved away, and the subscriber fetches
 * everything from the publisher again.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { asidePath, DATABASE_ENDS } from "../../base/aside.ts";
import type { Change } from "../../ban/ban.ts";
import type { BanBlock } from "../../ban/ban_block.ts";
import type {
  ReplicaMark,
  ReplicaStore,
  StoredReplica,
} from "../../ban/ban_store.ts";
import { REPLICA_SCHEMA } from "../replica_schema.ts";
import { ReplicaTables, type StoredCopy } from "../replica_tables.ts";
import { atOnce } from "../../sqlite/sql.ts";
import {
  openFailure,
  storeFailure,
  UnusableStoreError,
} from "../../sqlite/store_errors.ts";
import { DatabaseFiles } from "../../sqlite/database_files.ts";
import { takeStoreLock } from "../../sqlite/store_lock.ts";
import { inspectStore, migrateStore } from "../../sqlite/migrations.ts";

/** Path of a subscriber's copy. */
export function replicaPath(stateDir: string): string {
  return `${stateDir}/replica.sqlite3`;
}

/** A file that could not be used. */
export interface QuarantinedFile {
  /** Its new path; an earlier file there was replaced. */
  readonly path: string;
  /** What is wrong with it. */
  readonly reason: string;
}

const BUSY_TIMEOUT_MS = 250;
const FILES = new DatabaseFiles(Deno);
const CACHE_KIB = 16 * 1024;

/**
 * A {@link ReplicaStore} in a file. Stored changes survive any end of the
 * process. A power loss may lose the last changes, which are then fetched
 * again.
 *
 * @example
 * ```ts ignore
 * using store = SqliteReplicaStore.open(replicaPath(stateDir));
 * const replica = new Replica(store.load());
 * if (store.quarantine !== undefined) log.record("warning", "the copy can't be read");
 * ```
 */
export class SqliteReplicaStore implements ReplicaStore, Disposable {
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  #quarantine: QuarantinedFile | undefined;
  #opened: Opened;
  /** `undefined`: not read yet. */
  #known: Copies | undefined;

  private constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
    this.#opened = this.#open();
  }

  /**
   * Opens a copy, or creates an empty one. A damaged file, or one of a newer
   * program, is moved away.
   *
   * @param path Absolute path; its folder exists.
   * @throws {RuntimeError} when it can't be opened, or another program uses it.
   */
  static open(path: string): SqliteReplicaStore {
    const lock = takeStoreLock(path, FILES);
    try {
      return new SqliteReplicaStore(path, lock);
    } catch (error) {
      lock.close();
      throw openFailure(path, error);
    }
  }

  /** The file that this opening moved away; `undefined`: none. */
  get quarantine(): QuarantinedFile | undefined {
    return this.#quarantine;
  }

  load(byMs = 0): StoredReplica | undefined {
    try {
      this.#known = undefined;
      const { whole } = this.#copies;
      return whole && this.#opened.tables.read(whole, byMs);
    } catch (error) {
      const failure = storeFailure("cannot read bans", error);
      if (!(failure instanceof UnusableStoreError)) throw failure;
      this.#opened.database.close();
      this.#putQuarantine(failure);
      this.#opened = this.#open();
      this.#known = undefined;
      return undefined;
    }
  }

  append(changes: readonly Change[]): void {
    const [first] = changes;
    if (first === undefined) return;
    for (const [at, { seq }] of changes.entries()) {
      if (seq !== first.seq + at) {
        throw new RangeError(`Cannot take change ${seq} as ${first.seq + at}`);
      }
    }
    const { whole, begun } = this.#copies;
    if (![whole, begun].some((copy) => copy && copy.last + 1 === first.seq)) {
      throw new RangeError(`Cannot take change ${first.seq}: it follows none`);
    }
    this.#write(({ tables }) => {
      const put = (copy: StoredCopy | undefined) =>
        copy && copy.last + 1 === first.seq
          ? tables.putChanges(copy, changes)
          : copy;
      return { whole: put(whole), begun: put(begun) };
    });
  }

  begin(mark: ReplicaMark): void {
    this.#write(({ tables }, { whole }) => ({
      whole,
      begun: tables.begin(mark, whole),
    }));
  }

  stage(block: BanBlock, byMs: number): void {
    this.#write(({ tables }, { whole, begun }) => ({
      whole,
      begun: tables.putBlock(begunOf(begun), block, byMs),
    }));
  }

  commit(): void {
    this.#write(({ tables }, { begun }) => {
      tables.finish(begunOf(begun));
      return { whole: begun, begun: undefined };
    });
  }

  [Symbol.dispose](): void {
    this.#opened.database.close();
    this.#lock.close();
  }

  /** The copy in use, and the unfinished one. */
  get #copies(): Copies {
    const { tables } = this.#opened;
    return this.#known ??= { whole: tables.whole(), begun: undefined };
  }

  #write(work: (opened: Opened, copies: Copies) => Copies): void {
    const opened = this.#opened;
    try {
      this.#known = atOnce(opened.database, () => {
        const copies = work(opened, this.#copies);
        opened.tables.sweep(copies.whole, copies.begun);
        return copies;
      });
    } catch (error) {
      throw storeFailure("cannot keep bans", error);
    }
  }

  #open(): Opened {
    try {
      inspect(this.#path);
    } catch (error) {
      const failure = openFailure(this.#path, error);
      if (!(failure instanceof UnusableStoreError)) throw failure;
      this.#putQuarantine(failure);
    }
    return openDatabase(this.#path);
  }

  #putQuarantine({ message }: UnusableStoreError): void {
    const quarantined = asidePath(this.#path);
    for (const end of DATABASE_ENDS) {
      FILES.removeIfThere(`${quarantined}${end}`);
      if (FILES.see(`${this.#path}${end}`) === undefined) continue;
      Deno.renameSync(`${this.#path}${end}`, `${quarantined}${end}`);
    }
    this.#quarantine = { path: quarantined, reason: message };
  }
}

interface Opened {
  readonly database: DatabaseSync;
  readonly tables: ReplicaTables;
}

interface Copies {
  readonly whole: StoredCopy | undefined;
  readonly begun: StoredCopy | undefined;
}

function begunOf(copy: StoredCopy | undefined): StoredCopy {
  if (copy === undefined) throw new RangeError("Cannot go on: none was begun");
  return copy;
}

function openDatabase(path: string): Opened {
  if (FILES.sizeOf(path) === undefined) {
    Deno.writeFileSync(path, new Uint8Array(), { mode: 0o600 });
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA cell_size_check = ON`);
    migrateStore(database, REPLICA_SCHEMA);
    return { database, tables: new ReplicaTables(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Checks a file. Read-only: a file that is moved away stays unchanged. */
function inspect(path: string): void {
  FILES.refuseOdd(path);
  const bytes = FILES.sizeOf(path);
  if (bytes === undefined) {
    if (FILES.sizeOf(`${path}-wal`) === undefined) return;
    throw new UnusableStoreError("damaged", `${path}-wal is without its file`);
  }
  if (bytes === 0) throw new UnusableStoreError("damaged", "it is empty");
  using reader = new DatabaseSync(path, {
    readOnly: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  inspectStore(reader, REPLICA_SCHEMA, "all");
}
