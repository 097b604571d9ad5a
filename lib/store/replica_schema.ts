/**
 * The schema of a subscriber's copy: `meta` has the publisher's epoch and the
 * last sequence number; `bans` and `reports` are like the publisher's.
 *
 * @module
 */

import type { StoreSchema } from "./migrations.ts";
import { BAN_TABLES_SCHEMA, BANS_WITHOUT_INDEX } from "./ban_tables.ts";

const VERSION_1 = `
  CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  ${BAN_TABLES_SCHEMA}`;

/** Released migrations are never changed; a new version adds one. */
export const REPLICA_SCHEMA: StoreSchema = {
  applicationId: 0x46324252, // "F2BR"
  migrations: [VERSION_1],
  vital: ["meta", "bans", "reports"],
  questions: [BANS_WITHOUT_INDEX],
};
