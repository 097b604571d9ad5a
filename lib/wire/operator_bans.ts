/**
 * Bans as an operator asks for them and sees them.
 *
 * Times are in milliseconds since 1970 by the publisher's system clock: whoever
 * asks is on its host.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import {
  flag,
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import { MAX_REPORTS } from "../ban/ban_decision.ts";
import { MAX_NOTE_LENGTH, parseNote } from "../members/member_list_form.ts";

/** Which bans are of concern; `null`: whatever it is. */
export interface SubjectFilter {
  readonly jail: JailName | null;
  /** It reported the ban. */
  readonly node: HostName | null;
  /** The ban is of this address or prefix, or of one around it. */
  readonly at: Address | null;
  /** The ban is of this prefix, or of a part of it. */
  readonly within: Address | null;
}

/** Which bans are asked for. */
export interface BanFilter extends SubjectFilter {
  /** The ban was reported first at this time or later. */
  readonly sinceMs: number | null;
  /** Some node that should have it in force has not. */
  readonly notEnforced: boolean;
}

/** By what bans are sorted: the newest, the first to end, the lowest comes first. */
export type BanSort = typeof BAN_SORTS[number];

/** Every {@link BanSort}. */
export const BAN_SORTS = ["since", "ends", "address", "jail"] as const;

/** A node's word. */
export interface OperatorReport {
  readonly node: HostName;
  readonly firstMs: number;
  readonly lastMs: number;
  /** `null`: never. */
  readonly endsMs: number | null;
}

/** How a ban stands at a node that should have it in force. */
export type NodeEnforcement = typeof NODE_ENFORCEMENTS[number];

/**
 * Every {@link NodeEnforcement}; `unknown`: the node said nothing of it yet;
 * `left-out`: it takes nothing of it; `observed`: it only counts it.
 */
export const NODE_ENFORCEMENTS = [
  "applied",
  "lifted",
  "refused",
  "failed",
  "unknown",
  "left-out",
  "observed",
] as const;

/** A node's word about a ban, with its reason. */
export interface EnforcementDetail {
  readonly node: HostName;
  /** As in `subscriberaction`; empty: it said nothing. */
  readonly action: string;
  readonly state: NodeEnforcement;
  /** The rule that refused it, or why it failed. */
  readonly detail: string;
}

/** A ban as an operator sees it. */
export interface OperatorBan {
  readonly address: Address;
  readonly jail: JailName;
  readonly reports: readonly OperatorReport[];
  /** Too few nodes reported it: it is in force nowhere yet. */
  readonly isPending: boolean;
  /** The number of the last change of it. */
  readonly change: number;
  /** Nodes that have it in force, of those that should. */
  readonly enforced: number;
  readonly expected: number;
  /** Nodes that only observe it; they are none of these. */
  readonly observed: number;
  /** What the others say, the first of them. */
  readonly missing: readonly EnforcementDetail[];
}

/** Most nodes in {@link OperatorBan.missing}. */
export const MAX_MISSING = 16;
/** Most bans in a line of an answer. */
export const MAX_LINE_BANS = 200;
/** Most bans of a sorted answer: the publisher holds as many at a time. */
export const MAX_SORTED_BANS = 10_000;

const MAX_ACTION_LENGTH = 64;

const count = (name: string) => integer(name, 0);
/** Time of a store whose clock was wrong may be before 1970. */
const time = (name: string) => integer(name, -Number.MAX_SAFE_INTEGER);

/** An address or prefix. */
export const address: Shape<Address> = text("address", parseAddress);
/** A jail. */
export const jail: Shape<JailName> = text("jail", parseJailName);
/** A node, or whoever else reports. */
export const node: Shape<HostName> = text("node", parseOrigin);
/** Words of an operator or a rule. */
export const words = (name: string): Shape<string> => text(name, parseNote);

/** Makes any text fit for {@link words}: `?` for what is not printable ASCII, and 200 characters at most. */
export function wordsOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_NOTE_LENGTH);
}

const SUBJECT_MEMBERS: Members<SubjectFilter> = {
  jail: orNull(jail),
  node: orNull(node),
  at: orNull(address),
  within: orNull(address),
};

/** The form of a {@link SubjectFilter}. */
export const subjectFilter: Shape<SubjectFilter> = record<SubjectFilter>(
  SUBJECT_MEMBERS,
);

/** The form of a {@link BanFilter}. */
export const banFilter: Shape<BanFilter> = record<BanFilter>({
  ...SUBJECT_MEMBERS,
  sinceMs: orNull(count("sinceMs")),
  notEnforced: flag("notEnforced"),
});

const report = record<OperatorReport>({
  node,
  firstMs: time("firstMs"),
  lastMs: time("lastMs"),
  endsMs: orNull(time("endsMs")),
});

/** The form of an {@link EnforcementDetail}. */
export const enforcementDetail: Shape<EnforcementDetail> = record<
  EnforcementDetail
>({
  node,
  action: text(
    "action",
    (text) => text.length <= MAX_ACTION_LENGTH ? text : undefined,
  ),
  state: oneOf("state", NODE_ENFORCEMENTS),
  detail: words("detail"),
});

/** The form of an {@link OperatorBan}. */
export const operatorBan: Shape<OperatorBan> = record<OperatorBan>({
  address,
  jail,
  reports: list("reports", report, 1, MAX_REPORTS),
  isPending: flag("isPending"),
  change: count("change"),
  enforced: count("enforced"),
  expected: count("expected"),
  observed: count("observed"),
  missing: list("missing", enforcementDetail, 0, MAX_MISSING),
});
