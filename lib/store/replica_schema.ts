/**
 * The schema of a subscriber's copy.
 *
 * | table     | holds                                                                |
 * | --------- | -------------------------------------------------------------------- |
 * | `copies`  | epoch and number of each copy; its number of blocks, once it is complete |
 * | `blocks`  | bans in the form of `ban_block_bytes.ts`, and how far their clock is behind |
 * | `changes` | the changes after the blocks                                         |
 *
 * Each copy has a number, its `generation`: a new copy gets the next one. The
 * complete copy with the highest number counts; the rows of others are deleted,
 * some at a time.
 *
 * @module
 */

import type { StoreSchema } from "../sqlite/migrations.ts";

/**
 * Most blocks of a copy. A block's id is the copy's number times this + index.
 */
export const MOST_BLOCKS = 2 ** 20;

const VERSION_1 = `
  CREATE TABLE copies (
    generation INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    blocks INTEGER,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL,
    by_ms REAL NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE changes (
    generation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    kind TEXT NOT NULL,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    node TEXT NOT NULL,
    expires_ms REAL,
    is_pending INTEGER,
    sum INTEGER NOT NULL,
    PRIMARY KEY (generation, seq)
  ) STRICT, WITHOUT ROWID;`;

/** Released migrations never change; a new version adds one. */
export const REPLICA_SCHEMA: StoreSchema = {
  applicationId: 0x46324252, // "F2BR"
  migrations: [VERSION_1],
  vital: ["copies", "blocks", "changes"],
  questions: [],
};
