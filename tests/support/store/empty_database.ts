/**
 * A publisher's database in memory.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { migrateStore } from "../../../lib/sqlite/migrations.ts";
import { BAN_STORE_SCHEMA } from "../../../lib/store/ban_store_schema.ts";
import {
  MetaTables,
  NEW_DATABASE_BYTES,
} from "../../../lib/store/meta_tables.ts";

/** Creates an empty database. */
export function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const random = crypto.getRandomValues(new Uint8Array(NEW_DATABASE_BYTES));
  migrateStore(database, BAN_STORE_SCHEMA, () => {
    new MetaTables(database).begin(random, 0);
  });
  return database;
}
