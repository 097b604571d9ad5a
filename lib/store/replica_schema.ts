/**
 * The schema of a subscriber's copy.
 *
 * | table     | holds                                                                |
 * | --------- | -------------------------------------------------------------------- |
 * | `copies`  | of which epoch and number a copy is; how many blocks, once it is whole |
 * | `blocks`  | bans as `ban_block_bytes.ts` has them, and how far their clock is behind |
 * | `changes` | what follows the blocks                                              |
 *
 * A copy has a number, its `generation`: one that is written anew gets the
 * next. The one with the highest number that is whole counts; the rows of
 * others are deleted, some at a time.
 *
 * @module
 */

import type { StoreSchema } from "../sqlite/migrations.ts";

/** Blocks of a copy: the id of a block is its copy's number times this, and its place. */
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

/** Released migrations are never changed; a new version adds one. */
export const REPLICA_SCHEMA: StoreSchema = {
  applicationId: 0x46324252, // "F2BR"
  migrations: [VERSION_1],
  vital: ["copies", "blocks", "changes"],
  questions: [],
};
