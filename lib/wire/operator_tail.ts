/**
 * What happens in the cluster, as an operator watches it.
 *
 * Times are as in `operator_bans.ts`.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  integer,
  oneOf,
  orNull,
  type Shape,
  variants,
} from "../base/json_shape.ts";
import { address, jail, node, words } from "./operator_bans.ts";
import { WHY_ENDS, type WhyEnd } from "./operator_why.ts";

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
