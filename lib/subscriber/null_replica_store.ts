/**
 * A copy that is on no disk, for a dry run.
 *
 * @module
 */

import type { ReplicaStore } from "../ban/ban_store.ts";

/** Keeps nothing. */
export const NULL_REPLICA_STORE: ReplicaStore = {
  load: () => undefined,
  append: () => {},
  begin: () => {},
  stage: () => {},
  commit: () => {},
};
