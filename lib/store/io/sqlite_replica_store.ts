/**
 * A subscriber's copy of the cluster's bans, in SQLite.
 *
 * A copy that can't be read is moved away, and everything is fetched from the
 * publisher again.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { asidePath, DATABASE_ENDS } from "../../base/aside.ts";
import type { Change } from "../../ban/ban.ts";
import type { ReplicaStore, StoredReplica } from "../../ban/ban_store.ts";
import { type EpochMark, epochRow, readEpochRow } from "../epoch_row.ts";
import { REPLICA_SCHEMA } from "../replica_schema.ts";
import { atOnce } from "../sql.ts";
import {
  openFailure,
  storeFailure,
  UnusableStoreError,
} from "../store_errors.ts";
import { DatabaseFiles } from "../database_files.ts";
import { takeStoreLock } from "../store_lock.ts";
import { inspectStore, migrateStore } from "../migrations.ts";
import { BanTables, readBanTables } from "../ban_tables.ts";

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
 * Expired reports deleted with a batch of changes, in addition to as many as it
 * has changes.
 */
const FORGET_REPORTS = 100;
const PUT_META = "INSERT OR REPLACE INTO meta VALUES (?, ?, ?, ?)";
const META = "SELECT epoch, seq, sum FROM meta";

/**
 * A {@link ReplicaStore} in a file. What it stored survives the end of the
 * process in any way; a loss of power may lose the last changes, which are then
 * fetched again.
 *
 * @example
 * ```ts ignore
 * using store = SqliteReplicaStore.open(replicaPath(stateDir));
 * const replica = new Replica(store.load());
 * if (store.setAside !== undefined) log.record("warning", "the copy can't be read");
 * ```
 */
export class SqliteReplicaStore implements ReplicaStore, Disposable {
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  #quarantine: QuarantinedFile | undefined;
  #opened: Opened;

  private constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
    this.#opened = this.#open();
  }

  /**
   * Opens a copy, or creates an empty one. A file that is damaged, or of a
   * newer program, is moved away.
   *
   * @param path Absolute path; its folder exists.
   * @throws {RuntimeError} when it can't be opened, or another program has it.
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

  /** The file that was moved away when this was opened; `undefined`: none. */
  get quarantine(): QuarantinedFile | undefined {
    return this.#quarantine;
  }

  load(): StoredReplica | undefined {
    try {
      const mark = this.#mark();
      return mark && {
        ...mark,
        bans: [...readBanTables(this.#opened.database, -Infinity)],
      };
    } catch (error) {
      const failure = storeFailure("cannot read bans", error);
      if (!(failure instanceof UnusableStoreError)) throw failure;
      this.#opened.database.close();
      this.#putQuarantine(failure);
      this.#opened = this.#open();
      return undefined;
    }
  }

  append(changes: readonly Change[], nowMs: number): void {
    this.#write(() => {
      const mark = this.#mark();
      if (mark === undefined) {
        throw new RangeError("Cannot take changes: there is no copy yet");
      }
      let { seq } = mark;
      for (const change of changes) {
        if (change.seq !== ++seq) {
          throw new RangeError(`Cannot take change ${change.seq} as ${seq}`);
        }
        const { bans } = this.#opened;
        bans.dropUnused(bans.apply(change).ban);
      }
      this.#opened.bans.dropExpired(nowMs, changes.length + FORGET_REPORTS);
      this.#opened.putMeta.run(...epochRow({ ...mark, seq }));
    });
  }

  replace({ epoch, seq, bans }: StoredReplica): void {
    this.#write(() => {
      const { database, putMeta } = this.#opened;
      database.exec("DELETE FROM reports; DELETE FROM bans");
      for (const ban of bans) this.#opened.bans.put(ban);
      putMeta.run(...epochRow({ epoch, seq }));
    });
  }

  [Symbol.dispose](): void {
    this.#opened.database.close();
    this.#lock.close();
  }

  #mark(): EpochMark | undefined {
    const row = this.#opened.meta.get();
    return row === undefined ? undefined : readEpochRow(row);
  }

  #write(work: () => void): void {
    try {
      atOnce(this.#opened.database, work);
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
  readonly bans: BanTables;
  readonly meta: StatementSync;
  readonly putMeta: StatementSync;
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
    return {
      database,
      bans: new BanTables(database),
      meta: database.prepare(META),
      putMeta: database.prepare(PUT_META),
    };
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
