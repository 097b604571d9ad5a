/**
 * The schema of the publisher's database.
 *
 * | table      | holds                                                                       |
 * | ---------- | --------------------------------------------------------------------------- |
 * | `meta`     | one row: the epoch, and the number up to which history was pruned           |
 * | `changes`  | the history, in order; the last `keephistory` of it                         |
 * | `bans`     | every ban in force, or that a row of `changes` is about                     |
 * | `reports`  | their reports: a ban lasts as long as one of them                           |
 * | `events`   | ids of accepted events, by which repetitions are recognized                 |
 * | `receipts` | what nodes did about a ban                                                  |
 * | `clock`    | one row: the relation between the clock of all these times and the system's |
 * | `audit`    | who did what and when; by the system's clock                                |
 * | `breakers` | nodes whose reports are set aside, likewise                                 |
 * | `presence` | when each program of a node was last there                                  |
 * | `lifts`    | when operators lifted bans: what was detected before does not bring them back |
 * | `imports`  | lists that operators have banned under a name                               |
 * | `listed`   | their entries; those of a list that no import has were never taken          |
 *
 * @module
 */

import type { StoreSchema } from "./migrations.ts";
import { BAN_TABLES_SCHEMA, BANS_WITHOUT_INDEX } from "./ban_tables.ts";
import { IMPORT_TABLES_SCHEMA } from "./import_tables.ts";

const VERSION_1 = `
  CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    kept_since INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    ban INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('report', 'withdraw', 'lift')),
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    node TEXT NOT NULL,
    expires_ms REAL,
    is_pending INTEGER,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX changes_of_ban ON changes (ban);
  CREATE INDEX changes_at ON changes (at_ms);
  ${BAN_TABLES_SCHEMA}
  CREATE TABLE events (
    origin TEXT NOT NULL,
    id TEXT NOT NULL,
    at_ms REAL NOT NULL,
    PRIMARY KEY (origin, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_at ON events (at_ms);
  CREATE TABLE receipts (
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    node TEXT NOT NULL,
    action TEXT NOT NULL,
    at_ms REAL NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (jail, address, node, action)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipts_at ON receipts (at_ms);
  CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ahead_ms REAL NOT NULL,
    seen_ms REAL NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
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
  CREATE TABLE lifts (
    address TEXT NOT NULL,
    jail TEXT NOT NULL,
    at_ms REAL NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (address, jail)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lifts_at ON lifts (at_ms);
  ${IMPORT_TABLES_SCHEMA}`;

/** Released migrations are never changed; a new version adds one. */
export const BAN_STORE_SCHEMA: StoreSchema = {
  applicationId: 0x46324250, // "F2BP"
  migrations: [VERSION_1],
  vital: ["meta", "clock", "bans", "reports"],
  questions: [BANS_WITHOUT_INDEX],
};

/** Size to which a larger write-ahead log is truncated. */
const WAL_BYTES = 64 * 1024 * 1024;
/**
 * Cache size: the changes of a batch are spread over the index of bans, which
 * should stay in memory.
 */
const CACHE_KIB = 32 * 1024;
/**
 * Pages between checkpoints, 16 MiB: with more, fewer pages are written twice.
 */
const CHECKPOINT_PAGES = 4_096;

/** Settings of a writing connection, without its durability. */
export const BAN_STORE_PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA cache_size = -${CACHE_KIB};
  PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
  PRAGMA journal_size_limit = ${WAL_BYTES};
  PRAGMA cell_size_check = ON`;
