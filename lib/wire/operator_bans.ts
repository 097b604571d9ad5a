/**
 * Bans as an operator requests and sees them.
 *
 * Times are in milliseconds since 1970 by the publisher's system clock: the
 * operator's command runs on the same host.
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

/** Selects bans by their subject; `null`: any. */
export interface SubjectFilter {
  readonly jail: JailName | null;
  /** The node that reported the ban. */
  readonly node: HostName | null;
  /** The ban is of this address or prefix, or of one that contains it. */
  readonly at: Address | null;
  /** The ban is of this prefix, or of a part of it. */
  readonly within: Address | null;
}

/** Selects bans for a list. */
export interface BanFilter extends SubjectFilter {
  /** The ban was first reported at this time or later. */
  readonly sinceMs: number | null;
  /** Some node that should have the ban in force does not. */
  readonly notEnforced: boolean;
}

/** Sort order of bans: newest, first to end, or lowest first. */
export type BanSort = typeof BAN_SORTS[number];

/** Every {@link BanSort}. */
export const BAN_SORTS = ["since", "ends", "address", "jail"] as const;

/** A node's report. */
export interface OperatorReport {
  readonly node: HostName;
  readonly firstMs: number;
  readonly lastMs: number;
  /** `null`: never. */
  readonly endsMs: number | null;
}

/** The state of a ban at a node that should have it in force. */
export type NodeEnforcement = typeof NODE_ENFORCEMENTS[number];

/**
 * Every {@link NodeEnforcement}; `unknown`: no receipt yet; `left-out`: the
 * node leaves it out; `observed`: the node only counts it.
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

/** The state of a ban at a node's action, with the reason. */
export interface EnforcementDetail {
  readonly node: HostName;
  /** As in `subscriberaction`; empty: no receipt yet. */
  readonly action: string;
  readonly state: NodeEnforcement;
  /** The rule that refused the ban, or the failure. */
  readonly detail: string;
}

/** A ban as an operator sees it. */
export interface OperatorBan {
  readonly address: Address;
  readonly jail: JailName;
  readonly reports: readonly OperatorReport[];
  /** Too few nodes reported it, so it is not in force anywhere yet. */
  readonly isPending: boolean;
  /** Number of the ban's last change. */
  readonly change: number;
  /** Nodes that have it in force, and nodes that should. */
  readonly enforced: number;
  readonly expected: number;
  /** Nodes that only observe it; not counted in `expected`. */
  readonly observed: number;
  /** States at the nodes that do not have it in force; the first of them. */
  readonly missing: readonly EnforcementDetail[];
}

/** Most nodes in {@link OperatorBan.missing}. */
export const MAX_MISSING = 16;
/** Most bans in one line of an answer. */
export const MAX_LINE_BANS = 200;
/** Most bans in a sorted answer: the publisher holds all of them at once. */
export const MAX_SORTED_BANS = 10_000;

const MAX_ACTION_LENGTH = 64;

const count = (name: string) => integer(name, 0);
/** May be before 1970, from a store whose clock was wrong. */
const time = (name: string) => integer(name, -Number.MAX_SAFE_INTEGER);

/** An address or prefix. */
export const address: Shape<Address> = text("address", parseAddress);
/** A jail. */
export const jail: Shape<JailName> = text("jail", parseJailName);
/** A node, or another origin of reports. */
export const node: Shape<HostName> = text("node", parseOrigin);
/** Short text of an operator or a rule. */
export const words = (name: string): Shape<string> => text(name, parseNote);

/**
 * Makes any text valid for {@link words}: `?` for characters that are not
 * printable ASCII, and at most 200 characters.
 */
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
