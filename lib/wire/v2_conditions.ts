/**
 * The state of a node's program, as it reports it to the publisher.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import type { ReceiverChoice } from "../choice/receiver_choice.ts";

/** The state of a subscriber's action, in numbers of bans. */
export interface ActionState {
  /** Its name in `subscriberaction`. */
  readonly name: string;
  /** Bans that should be in force. */
  readonly wanted: number;
  /** Bans that are in force, as far as it knows. */
  readonly inForce: number;
  /** Bans that failed, and are retried. */
  readonly failing: number;
  /** Bans that a protection or the host's fail2ban refused. */
  readonly refused: number;
}

/** What a subscriber would have done about observed bans: numbers of bans. */
export interface ObservedState {
  /** Bans that would be in force now. */
  readonly wanted: number;
  /** Bans that would have been put in force since its start. */
  readonly banned: number;
  /** Bans that would have been lifted or have ended since its start. */
  readonly lifted: number;
  /** Bans that a protection of the host would have refused since its start. */
  readonly refused: number;
}

/** The state of a node's program. */
export type NodeCondition =
  | {
    readonly kind: "monitor";
    /** Age of the last line read; `null`: none yet. */
    readonly logReadAgoMs: number | null;
    /** Reports without an acknowledgement. */
    readonly unacknowledged: number;
    /** Age of the oldest of these; `null`: there is none. */
    readonly oldestAgoMs: number | null;
  }
  | {
    readonly kind: "subscriber";
    /** Epoch of its copy; `null`: it has no copy. */
    readonly epoch: Epoch | null;
    /** Number of the last change in its copy. */
    readonly seq: number;
    /** Whether it follows the stream without a gap. */
    readonly isFollowing: boolean;
    /** Its actions that keep bans in force. */
    readonly actions: readonly ActionState[];
    /** Its choice of bans. */
    readonly choice: ReceiverChoice;
    /** The bans that it only observes. */
    readonly observed: ObservedState;
  };
