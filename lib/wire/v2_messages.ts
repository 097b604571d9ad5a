/**
 * The messages of protocol 2 as values. `v2.ts` defines their form on the wire,
 * `docs/PROTOCOL.md` their meaning.
 *
 * Times on the wire are relative: a ban carries its remaining time, so that the
 * clocks of two hosts need not agree.
 *
 * @module
 */

import {
  type Epoch,
  type EventId,
  type NodeRole,
  type PlaceId,
  type SessionId,
} from "../base/ids.ts";
import { type Receipt } from "../ban/receipt.ts";

import type { BanBlock } from "../ban/ban_block.ts";
import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import type { UnbanReason } from "../ban/ban_event.ts";
import type { NodeCondition } from "./v2_conditions.ts";
import type { Drill, DrillWord, Probe, ProbeVerdict } from "./v2_probes.ts";

export type {
  ActionState,
  NodeCondition,
  ObservedState,
} from "./v2_conditions.ts";

/** How long a ban still holds, in whole milliseconds; `null`: without end. */
export type RemainingMs = number | null;

/** A ban or unban on a node. */
export type NodeEvent =
  | {
    readonly kind: "ban";
    readonly id: EventId;
    readonly jail: JailName;
    readonly address: Address;
    readonly remainingMs: RemainingMs;
    /**
     * Age of the fail2ban ban, in whole milliseconds: if an operator lifted it
     * since then, it stays lifted.
     */
    readonly agoMs: number;
  }
  | {
    readonly kind: "unban";
    readonly id: EventId;
    readonly jail: JailName;
    readonly address: Address;
    /** `lifted` also lifts other nodes' reports, if the node has the right. */
    readonly why: UnbanReason;
  };

/** Facts about a publisher. */
export interface PublisherFacts {
  /** Its version. */
  readonly version: string;
  /** Its clock, in milliseconds since 1970: only to detect a wrong clock. */
  readonly nowMs: number;
}

/** Revisions of protocol 2 that a program speaks, `from` to `to` inclusive. */
export interface SpokenRevisions {
  /** The first one. */
  readonly from: number;
  /** The last one. */
  readonly to: number;
}

/**
 * The result of asking a node's own fail2ban to unban: `lifted`; `absent`: it
 * had no such ban; `off`: the node's configuration does not allow it; `failed`:
 * see the detail.
 */
export type LocalUnbanOutcome = "lifted" | "absent" | "off" | "failed";

/** Every {@link LocalUnbanOutcome}. */
export const LOCAL_UNBAN_OUTCOMES = [
  "lifted",
  "absent",
  "off",
  "failed",
] as const satisfies readonly LocalUnbanOutcome[];

/**
 * How a node handled a publisher's new address: `taken`: it connects there once
 * the old address no longer answers; `known`: it had the address already;
 * `configured`: its configuration names the publisher and must be changed by
 * hand, see the detail; `failed`: see the detail.
 */
export type MoveOutcome = typeof MOVE_OUTCOMES[number];

/** Every {@link MoveOutcome}. */
export const MOVE_OUTCOMES = [
  "taken",
  "known",
  "configured",
  "failed",
] as const;

/** A node's message on the control socket. */
export type NodeMessage =
  | {
    readonly kind: "HELLO";
    readonly node: HostName;
    readonly role: NodeRole;
    /** The shared or the node's own secret; empty if none is required. */
    readonly token: string;
    /** The program's version. */
    readonly version: string;
    /** Revisions that it speaks. Absent: revision 1, and no `place` either. */
    readonly speaks?: SpokenRevisions;
    /** Where it runs: constant for a host until the host restarts. */
    readonly place?: PlaceId;
  }
  /** The program's state; every 30 seconds, on a change, and on request. */
  | {
    readonly kind: "STATE";
    readonly session: SessionId;
    readonly state: NodeCondition;
  }
  /** The program ends, or reconnects with other keys: nothing else follows. */
  | { readonly kind: "BYE"; readonly session: SessionId }
  /** The result of an UNBAN. */
  | {
    readonly kind: "UNBANNED";
    readonly session: SessionId;
    /** As in UNBAN. */
    readonly order: number;
    readonly outcome: LocalUnbanOutcome;
    /** Why it failed; empty for other outcomes. */
    readonly detail: string;
  }
  /** What it would do with a ban: answers PROBE, and P on the stream. */
  | ({
    readonly kind: "PROBED";
    readonly session: SessionId;
    /** As in the message that it answers. */
    readonly order: number;
    readonly state: NodeCondition;
  } & ProbeVerdict)
  /** The result of a DRILL. */
  | ({
    readonly kind: "DRILLED";
    readonly session: SessionId;
    /** As in DRILL. */
    readonly order: number;
  } & DrillWord)
  /** The result of a MOVE. */
  | {
    readonly kind: "MOVED";
    readonly session: SessionId;
    /** As in MOVE. */
    readonly order: number;
    readonly outcome: MoveOutcome;
    /** The configured address, or the failure; empty for other outcomes. */
    readonly detail: string;
  }
  | {
    readonly kind: "EVENTS";
    readonly session: SessionId;
    /** Counts the batches of a session; its ACK repeats it. */
    readonly batch: number;
    readonly events: readonly NodeEvent[];
  }
  | {
    readonly kind: "SYNC";
    readonly session: SessionId;
    /** The epoch of the copy; `null`: there is no copy yet. */
    readonly epoch: Epoch | null;
    /** Number of the last change in the copy. */
    readonly since: number;
    /** The next part of the snapshot; 0 if none is under way. */
    readonly part: number;
  }
  | {
    readonly kind: "RECEIPTS";
    readonly session: SessionId;
    readonly batch: number;
    readonly results: readonly Receipt[];
  };

/** The publisher's decision on an event. */
export interface EventResult {
  /**
   * `accepted`: it counts, and is stored. `known`: it was accepted before, or
   * changes nothing. `refused`: it will never be accepted, see `rule`.
   */
  readonly outcome: "accepted" | "known" | "refused";
  /** The rule that refused it; empty for other outcomes. */
  readonly rule: string;
  /** Number of the resulting change; `null`: it was not accepted. */
  readonly change: number | null;
}

/** A change in a message. */
export type WireChange =
  & {
    readonly seq: number;
    readonly agoMs: number;
    readonly jail: JailName;
    readonly address: Address;
  }
  & (
    | {
      readonly kind: "report";
      readonly origin: HostName;
      readonly remainingMs: RemainingMs;
      readonly isPending: boolean;
    }
    | { readonly kind: "withdraw"; readonly origin: HostName }
    | { readonly kind: "lift"; readonly by: HostName }
  );

/** Why the publisher refused a message. */
export type ErrorCode =
  /** The message is invalid, or not allowed here; the sender has a bug. */
  | "protocol"
  /** The session does not exist, or no longer: send HELLO again. */
  | "session"
  /** The token is not valid. */
  | "token"
  /** The node lacks the right, which an operator can give. */
  | "rights"
  /** There is no common revision of the protocol. */
  | "version"
  /** Another host runs with the same join code, and is connected. */
  | "twin"
  /** The node's reports are set aside until an operator releases it. */
  | "aside"
  /** Try again later. */
  | "busy"
  /** It could not be stored, so nothing was accepted. Try again later. */
  | "store";

/** Limits that the publisher announces; a node keeps to them. */
export interface SessionLimits {
  /** Most events in a batch. */
  readonly maxEvents: number;
  /** Most receipts in a batch. */
  readonly maxReceipts: number;
}

/** The publisher's message on the control socket. */
export type PublisherMessage =
  | {
    readonly kind: "WELCOME";
    readonly session: SessionId;
    /** The revision of this session. */
    readonly speaks: number;
    readonly epoch: Epoch;
    readonly seq: number;
    readonly limits: SessionLimits;
    /** Revision of the list that follows. */
    readonly revision: number;
    /** Addresses and prefixes that are never banned in the whole cluster. */
    readonly ignore: readonly Address[];
    /** Absent: the publisher does not say. */
    readonly publisher?: PublisherFacts;
  }
  /** The allowlist has changed; sent to every session, unrequested. */
  | {
    readonly kind: "IGNORE";
    readonly revision: number;
    readonly ignore: readonly Address[];
  }
  /** Requests a STATE at once. */
  | { readonly kind: "ASK" }
  /** Asks the node's own fail2ban to unban; unrequested. */
  | {
    readonly kind: "UNBAN";
    /** UNBANNED repeats it. */
    readonly order: number;
    readonly jail: JailName;
    readonly address: Address;
  }
  /** Asks what the node would do with a ban of an address; unrequested. */
  | ({ readonly kind: "PROBE" } & Probe)
  /** Asks each action to ban for a moment, and to lift again; unrequested. */
  | ({ readonly kind: "DRILL" } & Drill)
  /** The publisher's new address; unrequested. */
  | {
    readonly kind: "MOVE";
    /** MOVED repeats it; 0 if nobody waits for the answer. */
    readonly order: number;
    readonly controlUrl: string;
    readonly streamUrl: string;
  }
  /** Answers a STATE, so that an otherwise idle node knows that it is heard. */
  | { readonly kind: "HEARD" }
  | {
    readonly kind: "ACK";
    readonly batch: number;
    /** One for each event, in order. Empty for receipts. */
    readonly results: readonly EventResult[];
  }
  | {
    readonly kind: "SNAPSHOT";
    readonly epoch: Epoch;
    /** The snapshot has all changes up to this number, and some later ones. */
    readonly seq: number;
    /** Counts the parts, from 0. */
    readonly part: number;
    readonly isLast: boolean;
    /** The current time by the block's clock, in milliseconds since 1970. */
    readonly nowMs: number;
    /** The bans; a separate frame. */
    readonly block: BanBlock;
  }
  | {
    readonly kind: "CHANGES";
    readonly epoch: Epoch;
    /** The number that the changes follow. */
    readonly from: number;
    /** Number of the last change; `from` if there are none. */
    readonly to: number;
    /** The publisher's last number: if it is above `to`, ask again. */
    readonly seq: number;
    readonly changes: readonly WireChange[];
  }
  | {
    readonly kind: "ERROR";
    readonly code: ErrorCode;
    /** Text for a log: printable ASCII, at most 200 characters. */
    readonly message: string;
  };

/** The publisher's message on the stream. */
export type StreamMessage =
  | {
    readonly kind: "C";
    readonly epoch: Epoch;
    /** Consecutive changes, at least one. */
    readonly changes: readonly WireChange[];
  }
  /** Asks what would happen to a ban, without banning. PROBED answers it. */
  | {
    readonly kind: "P";
    readonly epoch: Epoch;
    readonly order: number;
    readonly address: Address;
    /** The node that is asked; `null`: all nodes. */
    readonly node: HostName | null;
  }
  /** Every second, whether or not something changed. */
  | {
    readonly kind: "H";
    readonly epoch: Epoch;
    readonly seq: number;
    /** Revision of the allowlist, as in WELCOME. */
    readonly revision: number;
  };

/** A copy's question. */
export interface SyncQuestion {
  /** The epoch of the copy; `null`: there is no copy yet. */
  readonly epoch: Epoch | null;
  /** Number of the last change in the copy. */
  readonly since: number;
  /** The next part of the snapshot; 0 if none is under way. */
  readonly part: number;
}

/** An answer to a copy's question. */
export type SyncAnswer = Extract<
  PublisherMessage,
  { readonly kind: "SNAPSHOT" | "CHANGES" }
>;
