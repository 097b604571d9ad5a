/**
 * How a program of a node stands, as it tells the publisher.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { ReceiverChoice } from "../choice/receiver_choice.ts";

/** How an action of a subscriber stands: numbers of bans. */
export interface ActionState {
  /** Its word in `subscriberaction`. */
  readonly name: string;
  /** Bans that should be in force. */
  readonly wanted: number;
  /** Bans that are, as far as it knows. */
  readonly inForce: number;
  /** Bans that failed, and are tried again. */
  readonly failing: number;
  /** Bans that were refused: by a protection or by the host's fail2ban. */
  readonly refused: number;
}

/** What a subscriber would have done about bans that it only observes: numbers of bans. */
export interface ObservedState {
  /** Bans that would be in force now. */
  readonly wanted: number;
  /** Bans that would have been put in force since its start. */
  readonly banned: number;
  /** Bans that would have been lifted, or have ended, since its start. */
  readonly lifted: number;
  /** Bans that a protection of the host would have refused since its start. */
  readonly refused: number;
}

/** How a program of a node stands. */
export type NodeCondition =
  | {
    readonly kind: "monitor";
    /** Age of the last line that was read; `null`: none was yet. */
    readonly logReadAgoMs: number | null;
    /** Reports without an answer. */
    readonly unacknowledged: number;
    /** Age of the oldest of them; `null`: there is none. */
    readonly oldestAgoMs: number | null;
  }
  | {
    readonly kind: "subscriber";
    /** Of which epoch its copy is; `null`: it has none. */
    readonly epoch: Epoch | null;
    /** The last number that its copy has taken. */
    readonly seq: number;
    /** Whether it follows the stream, without a gap. */
    readonly isFollowing: boolean;
    /** Its actions that keep bans in force. */
    readonly actions: readonly ActionState[];
    /** What it takes of the table. */
    readonly choice: ReceiverChoice;
    /** What it only observes. */
    readonly observed: ObservedState;
  };
