/**
 * A copy without a file, for a dry run.
 *
 * @module
 */

import type { ReplicaStore } from "../ban/ban_store.ts";

/** Stores nothing. */
export const NULL_REPLICA_STORE: ReplicaStore = {
  load: () => undefined,
  append: () => {},
  begin: () => {},
  stage: () => {},
  commit: () => {},
};
