/**
 * The publisher's database.
 *
 * | table      | holds                                                             |
 * | ---------- | ----------------------------------------------------------------- |
 * | `meta`     | one row: the epoch, and up to which number history is forgotten   |
 * | `changes`  | what happened, in order; the last `keephistory` of it             |
 * | `bans`     | every ban that stands, or that a change in `changes` is about     |
 * | `reports`  | their reports: a ban stands as long as it has one                 |
 * | `events`   | the names of events that were taken, by which repetitions are told |
 * | `receipts` | what nodes did about a ban                                        |
 *
 * @module
 */

import type { StoreSchema } from "./store_schema.ts";
import { BANS_WITHOUT_INDEX, STORED_BANS_SCHEMA } from "./stored_bans.ts";

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
  ${STORED_BANS_SCHEMA}
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
  CREATE INDEX receipts_at ON receipts (at_ms);`;

/** Never changed in what was released; a new version is one more migration. */
export const BAN_STORE_SCHEMA: StoreSchema = {
  applicationId: 0x46324250, // "F2BP"
  migrations: [VERSION_1],
  vital: ["meta", "bans", "reports"],
  questions: [BANS_WITHOUT_INDEX],
};
