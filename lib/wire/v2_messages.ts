/**
 * The messages of protocol 2, as values. `v2.ts` has their form on the wire,
 * `docs/PROTOCOL.md` their meaning.
 *
 * Times are relative on the wire: a ban carries its remaining time, so that
 * the clocks of two hosts need not agree.
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
    /** How long ago the node's fail2ban made it, in whole milliseconds: what an operator lifted since then stays lifted. */
    readonly agoMs: number;
  }
  | {
    readonly kind: "unban";
    readonly id: EventId;
    readonly jail: JailName;
    readonly address: Address;
    /** `lifted` lifts what others reported as well, where the node has the right to. */
    readonly why: UnbanReason;
  };

/** What a publisher says of itself. */
export interface PublisherFacts {
  /** Its version. */
  readonly version: string;
  /** Its clock, in milliseconds since 1970: to tell of one that is wrong, never to reckon with. */
  readonly nowMs: number;
}

/** Revisions of protocol 2 that a program speaks: `from` to `to`, both included. */
export interface SpokenRevisions {
  /** The first one. */
  readonly from: number;
  /** The last one. */
  readonly to: number;
}

/**
 * What a node's own fail2ban did when it was asked to unban: `lifted`; `absent`:
 * it had no such ban; `off`: the node's configuration does not allow it;
 * `failed`: see the detail.
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
 * What a node made of a publisher's new address: `taken`: it goes there once
 * nobody answers where the publisher is; `known`: it had it already;
 * `configured`: its configuration names the publisher, and has to be changed by
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
    /** The shared or the node's own secret; empty where none is asked for. */
    readonly token: string;
    /** The program's version. */
    readonly version: string;
    /** What it speaks. Absent: revision 1, and `place` is absent, too. */
    readonly speaks?: SpokenRevisions;
    /** Where it runs: the same for the same host, until that is started anew. */
    readonly place?: PlaceId;
  }
  /** How the node is; every 30 seconds, when something changes, and when it is asked. */
  | {
    readonly kind: "STATE";
    readonly session: SessionId;
    readonly state: NodeCondition;
  }
  /** The program ends, or connects with other keys: nothing more will come. */
  | { readonly kind: "BYE"; readonly session: SessionId }
  /** What became of an UNBAN. */
  | {
    readonly kind: "UNBANNED";
    readonly session: SessionId;
    /** As in UNBAN. */
    readonly order: number;
    readonly outcome: LocalUnbanOutcome;
    /** Why it failed; empty for the others. */
    readonly detail: string;
  }
  /** What it would do with a ban: answers PROBE, and P on the stream. */
  | ({
    readonly kind: "PROBED";
    readonly session: SessionId;
    /** As in what it answers. */
    readonly order: number;
    readonly state: NodeCondition;
  } & ProbeVerdict)
  /** What became of a DRILL. */
  | ({
    readonly kind: "DRILLED";
    readonly session: SessionId;
    /** As in DRILL. */
    readonly order: number;
  } & DrillWord)
  /** What became of a MOVE. */
  | {
    readonly kind: "MOVED";
    readonly session: SessionId;
    /** As in MOVE. */
    readonly order: number;
    readonly outcome: MoveOutcome;
    /** What is configured, or why it failed; empty for the others. */
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
    /** The epoch of the copy; `null`: there is none yet. */
    readonly epoch: Epoch | null;
    /** The last number that the copy has taken. */
    readonly since: number;
    /** The next part of the snapshot; 0 unless one is under way. */
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
   * `accepted`: it counts, and is stored. `known`: it was taken before, or
   * changes nothing. `refused`: never, see `rule`.
   */
  readonly outcome: "accepted" | "known" | "refused";
  /** The rule that refused it; empty for the others. */
  readonly rule: string;
  /** The number of the change that it made; `null`: it was not accepted. */
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

/** The reason of a refusal. */
export type ErrorCode =
  /** The message is invalid, or not allowed here; the sender has a bug. */
  | "protocol"
  /** No such session, or no longer: say HELLO again. */
  | "session"
  /** The token is not valid. */
  | "token"
  /** The node lacks the right, which an operator can give. */
  | "rights"
  /** There is no revision of the protocol that both speak. */
  | "version"
  /** Another host runs with the same join code, and is there. */
  | "twin"
  /** The node's reports are set aside until an operator releases it. */
  | "aside"
  /** Try again later. */
  | "busy"
  /** It could not be stored, so nothing was accepted. Try again later. */
  | "store";

/** Bounds that the publisher announces; a node keeps to them. */
export interface SessionLimits {
  /** Events in a batch at most. */
  readonly maxEvents: number;
  /** Receipts in a batch at most. */
  readonly maxReceipts: number;
}

/** The publisher's message on the control socket. */
export type PublisherMessage =
  | {
    readonly kind: "WELCOME";
    readonly session: SessionId;
    /** The revision that is spoken in this session. */
    readonly speaks: number;
    readonly epoch: Epoch;
    readonly seq: number;
    readonly limits: SessionLimits;
    /** Names the list that follows. */
    readonly revision: number;
    /** Who is never banned in the whole cluster: addresses and prefixes. */
    readonly ignore: readonly Address[];
    /** Absent: it does not tell. */
    readonly publisher?: PublisherFacts;
  }
  /** The allowlist has changed; sent to every session, unasked. */
  | {
    readonly kind: "IGNORE";
    readonly revision: number;
    readonly ignore: readonly Address[];
  }
  /** Asks for a STATE, at once. */
  | { readonly kind: "ASK" }
  /** An operator wants the node's own fail2ban to unban; said unasked. */
  | {
    readonly kind: "UNBAN";
    /** UNBANNED repeats it. */
    readonly order: number;
    readonly jail: JailName;
    readonly address: Address;
  }
  /** Asks what it would do with a ban of an address; said unasked. */
  | ({ readonly kind: "PROBE" } & Probe)
  /** An operator wants each action to ban for a moment, and to lift again; said unasked. */
  | ({ readonly kind: "DRILL" } & Drill)
  /** Where the publisher will be reached; said unasked. */
  | {
    readonly kind: "MOVE";
    /** MOVED repeats it; 0 where nobody waits for that. */
    readonly order: number;
    readonly controlUrl: string;
    readonly streamUrl: string;
  }
  /** Answers a STATE: who has nothing else to say knows by it that somebody listens. */
  | { readonly kind: "HEARD" }
  | {
    readonly kind: "ACK";
    readonly batch: number;
    /** One for each event, in their order. Empty for receipts. */
    readonly results: readonly EventResult[];
  }
  | {
    readonly kind: "SNAPSHOT";
    readonly epoch: Epoch;
    /** The number up to which the snapshot has everything; of later changes it has some. */
    readonly seq: number;
    /** Counts the parts, from 0. */
    readonly part: number;
    readonly isLast: boolean;
    /** Now, by the clock of the block's times. In milliseconds since 1970. */
    readonly nowMs: number;
    /** The bans; a frame of its own. */
    readonly block: BanBlock;
  }
  | {
    readonly kind: "CHANGES";
    readonly epoch: Epoch;
    /** The number that the changes follow. */
    readonly from: number;
    /** The number of the last of them; `from` when there are none. */
    readonly to: number;
    /** The publisher's number: where it is above `to`, ask on. */
    readonly seq: number;
    readonly changes: readonly WireChange[];
  }
  | {
    readonly kind: "ERROR";
    readonly code: ErrorCode;
    /** In words for a log: printable ASCII, 200 characters at most. */
    readonly message: string;
  };

/** The publisher's message on the stream. */
export type StreamMessage =
  | {
    readonly kind: "C";
    readonly epoch: Epoch;
    /** Changes that follow each other, at least one. */
    readonly changes: readonly WireChange[];
  }
  /** Asks what would be done with a ban of an address; nobody is banned. PROBED answers it. */
  | {
    readonly kind: "P";
    readonly epoch: Epoch;
    readonly order: number;
    readonly address: Address;
    /** Who is asked; `null`: everybody. */
    readonly node: HostName | null;
  }
  /** Every second, whether or not something changed. */
  | {
    readonly kind: "H";
    readonly epoch: Epoch;
    readonly seq: number;
    /** Names the list of who is never banned, as in WELCOME. */
    readonly revision: number;
  };

/** A copy's request. */
export interface SyncQuestion {
  /** The epoch of the copy; `null`: there is none yet. */
  readonly epoch: Epoch | null;
  /** The last number that the copy has taken. */
  readonly since: number;
  /** The next part of the snapshot; 0 unless one is under way. */
  readonly part: number;
}

/** An answer to a copy's request. */
export type SyncAnswer = Extract<
  PublisherMessage,
  { readonly kind: "SNAPSHOT" | "CHANGES" }
>;
