/**
 * What happens in the cluster, and which bans change, as an operator watches it.
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

/** When something happened, and with which ban. */
interface LiveBase {
  readonly atMs: number;
  readonly address: Address;
  readonly jail: JailName;
}

/** Something that happened. */
export type LiveEvent =
  /** A ban came to be in force, by the word of a node. */
  | (LiveBase & {
    readonly kind: "ban";
    readonly node: HostName;
    /** Nodes that have it in force by now, of those that should. */
    readonly enforced: number;
    readonly expected: number;
    /** How long it took the last of them, in milliseconds; `null`: none said so. */
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
    /** The node that took it back or lifted it; `null`: none did. */
    readonly node: HostName | null;
  })
  /** A report was refused, by a rule. */
  | (LiveBase & {
    readonly kind: "refuse";
    readonly node: HostName;
    readonly rule: string;
  })
  /** So many events are left out here: they were read too slowly. */
  | { readonly kind: "lost"; readonly count: number };

/** From where changes are told. */
export interface Following {
  /** Of the publisher's store: in another one numbers mean others. */
  readonly epoch: Epoch;
  /** The number of the last change before those that follow. */
  readonly change: number;
}

/** Which ban it is. */
export interface ToldKey {
  readonly address: Address;
  readonly jail: JailName;
}

/** What changes have led to. */
export interface ToldChanges {
  /** The number of the last of them. */
  readonly to: number;
  /** Bans that changed, as they are now. */
  readonly bans: readonly OperatorBan[];
  /** Bans that are no more; those whose time is over are not told of. */
  readonly gone: readonly ToldKey[];
}

/** Most changes in a line of an answer. */
export const MAX_LINE_CHANGES = 200;

/** Most events in a line of an answer. */
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
