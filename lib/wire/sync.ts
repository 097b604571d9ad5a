/**
 * What a copy of the bans asks the publisher for, and what it is answered.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { PublisherMessage } from "./v2_messages.ts";

/** What the copy asks the publisher for. */
export interface SyncQuestion {
  /** The epoch of the copy; `null`: there is none yet. */
  readonly epoch: Epoch | null;
  /** The last number that the copy has taken. */
  readonly since: number;
  /** The part of the snapshot that is wanted next; 0 unless one is under way. */
  readonly part: number;
}

/** An answer to a question. */
export type SyncAnswer = Extract<
  PublisherMessage,
  { readonly kind: "SNAPSHOT" | "CHANGES" }
>;
