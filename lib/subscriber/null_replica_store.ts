/**
 * A copy that is on no disk, for a dry run.
 *
 * @module
 */

import type { ReplicaStore } from "../ban/ban_store.ts";

/** Keeps nothing. */
export const UNKEPT_REPLICA: ReplicaStore = {
  load: () => undefined,
  append: () => {},
  replace: () => {},
};
