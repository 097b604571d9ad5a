/**
 * What a copy of the cluster's bans asks, hears and says; see `replica.ts`.
 *
 * @module
 */

import type { Change } from "./ban.ts";
import type { BanStep } from "./ban_table.ts";
import type { Epoch, PublisherMessage } from "./cluster_messages.ts";
import type { StoredReplica } from "./cluster_ports.ts";

/** What the copy asks the publisher for. */
export interface SyncQuestion {
  /** The epoch of the copy; `null`: there is none yet. */
  readonly epoch: Epoch | null;
  /** The last number that the copy has taken. */
  readonly since: number;
  /** The part of the snapshot that is wanted next; 0 unless one is under way. */
  readonly part: number;
}

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

/** An answer to a question. */
export type SyncAnswer = Extract<
  PublisherMessage,
  { readonly kind: "SNAPSHOT" | "CHANGES" }
>;
