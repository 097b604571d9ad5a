/**
 * What a copy of the cluster's bans asks, hears and says; see `replica.ts`.
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { StoredReplica } from "../ban/ban_store.ts";
import type { SyncQuestion } from "../wire/sync.ts";

/** What follows from an event. */
export type ReplicaEffect =
  /** Ask the publisher. */
  | { readonly kind: "ask"; readonly question: SyncQuestion }
  /** The copy took changes. */
  | {
    readonly kind: "changed";
    readonly changes: readonly Change[];
    readonly steps: readonly BanStep[];
  }
  /** The copy is another one now. */
  | {
    readonly kind: "replaced";
    readonly replica: StoredReplica;
    readonly steps: readonly BanStep[];
  };
