/**
 * Events in the cluster and changes of bans, for an operator who watches.
 *
 * Times are as in `operator_bans.ts`.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Epoch } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
  variants,
} from "../base/json_shape.ts";
import {
  address,
  jail,
  node,
  type OperatorBan,
  operatorBan,
  words,
} from "./operator_bans.ts";
import { WHY_ENDS, type WhyEnd } from "./operator_why.ts";
import { parseEpoch } from "./v2_ids.ts";

/** Time and ban of an event. */
interface LiveBase {
  readonly atMs: number;
  readonly address: Address;
  readonly jail: JailName;
}

/** An event in the cluster. */
export type LiveEvent =
  /** A ban came into force, reported by a node. */
  | (LiveBase & {
    readonly kind: "ban";
    readonly node: HostName;
    /** Nodes that have it in force by now, and nodes that should. */
    readonly enforced: number;
    readonly expected: number;
    /** Delay of the last of them, in milliseconds; `null`: not reported. */
    readonly afterMs: number | null;
  })
  /** A node reported a ban that waits for its quorum. */
  | (LiveBase & { readonly kind: "wait"; readonly node: HostName })
  /** Another node reported a ban that is in force. */
  | (LiveBase & { readonly kind: "report"; readonly node: HostName })
  /** A ban ended. */
  | (LiveBase & {
    readonly kind: "end";
    readonly end: WhyEnd;
    /** The node that withdrew or lifted it; `null`: none. */
    readonly node: HostName | null;
  })
  /** A rule refused a report. */
  | (LiveBase & {
    readonly kind: "refuse";
    readonly node: HostName;
    readonly rule: string;
  })
  /** A number of events is missing here: they were read too slowly. */
  | { readonly kind: "lost"; readonly count: number };

/** Start of the streamed changes. */
export interface Following {
  /** The store's epoch; in another epoch numbers mean other changes. */
  readonly epoch: Epoch;
  /** Number of the last change before the streamed ones. */
  readonly change: number;
}

/** Identifies a ban. */
export interface ToldKey {
  readonly address: Address;
  readonly jail: JailName;
}

/** The result of some changes. */
export interface ToldChanges {
  /** Number of the last of these changes. */
  readonly to: number;
  /** The changed bans, in their current state. */
  readonly bans: readonly OperatorBan[];
  /** Bans that were removed; expired bans are not included. */
  readonly gone: readonly ToldKey[];
}

/** Most changes in one line of an answer. */
export const MAX_LINE_CHANGES = 200;

/** Most events in one line of an answer. */
export const MAX_LINE_EVENTS = 200;

const time = integer("atMs", -Number.MAX_SAFE_INTEGER);
const count = (name: string) => integer(name, 0);
const base = { atMs: time, address, jail };

/** The form of a {@link LiveEvent}. */
export const liveEvent: Shape<LiveEvent> = variants<LiveEvent>({
  ban: {
    ...base,
    node,
    enforced: count("enforced"),
    expected: count("expected"),
    afterMs: orNull(count("afterMs")),
  },
  wait: { ...base, node },
  report: { ...base, node },
  end: { ...base, end: oneOf("end", WHY_ENDS), node: orNull(node) },
  refuse: { ...base, node, rule: words("rule") },
  lost: { count: integer("count", 1) },
});

/** The members of a {@link Following}. */
export const FOLLOWING: Members<Following> = {
  epoch: text("epoch", parseEpoch),
  change: count("change"),
};

/** The members of {@link ToldChanges}. */
export const TOLD_CHANGES: Members<ToldChanges> = {
  to: count("to"),
  bans: list("bans", operatorBan, 0, MAX_LINE_CHANGES),
  gone: list(
    "gone",
    record<ToldKey>({ address, jail }),
    0,
    MAX_LINE_CHANGES,
  ),
};
