/**
 * Requests of a copy of the bans to the publisher, and the answers.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { PublisherMessage } from "./v2_messages.ts";

/** A copy's request. */
export interface SyncQuestion {
  /** The epoch of the copy; `null`: there is none yet. */
  readonly epoch: Epoch | null;
  /** The last number that the copy has taken. */
  readonly since: number;
  /** The next part of the snapshot; 0 unless one is under way. */
  readonly part: number;
}

/** An answer to a request. */
export type SyncAnswer = Extract<
  PublisherMessage,
  { readonly kind: "SNAPSHOT" | "CHANGES" }
>;
