/**
 * The schema of the publisher's database.
 *
 * | table            | holds                                                                       |
 * | ---------------- | --------------------------------------------------------------------------- |
 * | `log`            | accepted changes, and events that changed nothing, in order; those of the last `keephistory` |
 * | `log_pages`      | column pages: what a start needs of many rows of `log`; derived from them   |
 * | `jails`, `nodes` | the names that rows of `log` refer to by number                             |
 * | `snapshots`      | the last two snapshots of the table of bans: a start reads one, and the log after it |
 * | `snapshot_parts` | the snapshots' bans, as columns                                             |
 * | `meta`           | one row: the epoch, and the number up to which the log was pruned           |
 * | `hashing`        | one row: the secret seed of the hashes in `log_pages`                       |
 * | `receipts`       | what nodes did about a ban                                                  |
 * | `followed`       | one row, where several publishers share a log: its last applied record      |
 * | `clock`          | one row: the relation between the clock of these times and the system's     |
 * | `audit`          | who did what and when; by the system's clock                                |
 * | `breakers`       | nodes whose reports are set aside; by the system's clock                    |
 * | `presence`       | when each program of a node was last connected                              |
 * | `lifts`          | when operators lifted bans: earlier detections do not bring them back       |
 * | `imports`        | lists of addresses that operators banned under a name                       |
 * | `listed`         | the entries of the lists; a list without an import was never accepted       |
 *
 * @module
 */

import type { StoreSchema } from "../sqlite/migrations.ts";
import { IMPORT_TABLES_SCHEMA } from "./import_tables.ts";
import { LIFT_TABLE_SCHEMA } from "./lift_table.ts";
import { LOG_PAGES_SCHEMA } from "./log_pages.ts";
import { LOG_SCHEMA } from "./log_rows.ts";
import { META_TABLES_SCHEMA } from "./meta_tables.ts";
import { nameTableSchema } from "./name_table.ts";
import { RECEIPT_TABLE_SCHEMA } from "./receipt_table.ts";
import { SNAPSHOT_TABLES_SCHEMA } from "./snapshots.ts";

const VERSION_1 = `
  ${META_TABLES_SCHEMA}
  ${LOG_SCHEMA}
  ${LOG_PAGES_SCHEMA}
  ${nameTableSchema("jails")}
  ${nameTableSchema("nodes")}
  ${SNAPSHOT_TABLES_SCHEMA}
  ${RECEIPT_TABLE_SCHEMA}
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER,
    at_ms REAL NOT NULL,
    by_whom TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX audit_of_journal ON audit (revision, at_ms)
    WHERE revision IS NOT NULL;
  CREATE TABLE breakers (
    node TEXT PRIMARY KEY,
    since_ms REAL NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE presence (
    node TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('monitor', 'subscriber')),
    seen_ms REAL NOT NULL,
    version TEXT NOT NULL,
    is_away INTEGER NOT NULL,
    PRIMARY KEY (node, role)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX audit_of_subject ON audit (subject);
  ${LIFT_TABLE_SCHEMA}
  ${IMPORT_TABLES_SCHEMA}`;

/** Released migrations never change; a new version adds one. */
export const BAN_STORE_SCHEMA: StoreSchema = {
  applicationId: 0x46324250, // "F2BP"
  migrations: [VERSION_1],
  vital: [
    "meta",
    "followed",
    "hashing",
    "clock",
    "jails",
    "nodes",
    "snapshots",
  ],
  questions: [],
};

/** Size to which a larger write-ahead log is truncated. */
const WAL_BYTES = 64 * 1024 * 1024;
/** Cache size: receipts are spread over the whole table. */
const CACHE_KIB = 16 * 1024;
/**
 * Pages between checkpoints: 16 MiB. With more, fewer pages are written twice.
 */
const CHECKPOINT_PAGES = 4_096;

/** Settings of a writing connection, except its durability. */
export const BAN_STORE_PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA cache_size = -${CACHE_KIB};
  PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
  PRAGMA journal_size_limit = ${WAL_BYTES};
  PRAGMA cell_size_check = ON`;
