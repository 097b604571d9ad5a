/**
 * Everything known about an address, for an operator.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
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
} from "../base/json_shape.ts";
import {
  address,
  type EnforcementDetail,
  enforcementDetail,
  jail,
  node,
  type OperatorBan,
  operatorBan,
  words,
} from "./operator_bans.ts";
import { MAX_MEMBERS } from "../members/member_list_form.ts";

/** Why a network is banned that no node reported. */
export interface WhyWidened {
  /** Number of different addresses required. */
  readonly after: number;
  /** Number of its addresses that are banned now. */
  readonly members: number;
  /** Some of these addresses. */
  readonly some: readonly Address[];
}

/** Why a ban holds longer than its nodes reported. */
export interface WhyGrown {
  /** How often the ban has recurred. */
  readonly times: number;
  /** Longest time from the end of one ban to the next, in milliseconds. */
  readonly withinMs: number;
  /** Factor for each recurrence, up to `maxMs`. */
  readonly factor: number;
  /** Longest duration that results, in milliseconds. */
  readonly maxMs: number;
}

/** A ban that concerns an address. */
export interface WhyBan {
  readonly ban: OperatorBan;
  /** The change of each report, in order; `null`: no longer known. */
  readonly changes: readonly (number | null)[];
  /** Its state at the nodes. */
  readonly enforcement: readonly EnforcementDetail[];
  /** `null`: nodes reported it. */
  readonly widened: WhyWidened | null;
  /** `null`: it has the reported duration. */
  readonly grown: WhyGrown | null;
}

/** How a ban ended. */
export type WhyEnd = typeof WHY_ENDS[number];

/**
 * Every {@link WhyEnd}: its time was over, its last report was withdrawn, or it
 * was lifted by an operator, the allowlist, or a node with that right.
 */
export const WHY_ENDS = [
  "expiry",
  "withdraw",
  "operator",
  "allowlist",
  "node",
] as const;

/** A ban that has ended. */
export interface WhyLast {
  readonly jail: JailName;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly end: WhyEnd;
  /** The node or user; empty if nobody ended it, or nobody is known. */
  readonly by: string;
  /** The nodes that reported it. */
  readonly nodes: readonly HostName[];
}

/** Everything known about an address. */
export interface WhyAnswer {
  readonly address: Address;
  /** Bans of the address, and of prefixes that contain it. */
  readonly bans: readonly WhyBan[];
  /** Known bans of it that have ended. */
  readonly times: number;
  /** How many of these an operator made. */
  readonly timesByOperator: number;
  /** When the first of them began; `null`: there was none. */
  readonly firstMs: number | null;
  /** How far back the history reaches, in milliseconds. */
  readonly knownMs: number;
  /** The last ended ban. */
  readonly last: WhyLast | null;
  /** What would refuse a ban of it. */
  readonly refusal: WhyRefusal | null;
}

/** What refuses a ban: the rule, the network, and its note in the allowlist. */
export interface WhyRefusal {
  readonly rule: string;
  readonly because: string;
  readonly note: string;
}

/** Most bans in an answer. */
export const MAX_WHY_BANS = 100;
const MAX_ORIGINS = 1_000;
/** A node may have several actions. */
const MAX_DETAILS = MAX_MEMBERS * 8;

const count = (name: string) => integer(name, 0);
const time = (name: string) => integer(name, -Number.MAX_SAFE_INTEGER);

const factor: Shape<number> = {
  read: (value, reading) => {
    if (typeof value === "number" && value >= 1 && value < 100) return value;
    reading.reason = "factor";
    return undefined;
  },
};

/** Most addresses of a network in an answer. */
const MAX_NAMED_ADDRESSES = 16;

const whyWidened = record<WhyWidened>({
  after: count("after"),
  members: count("members"),
  some: list("some", address, 0, MAX_NAMED_ADDRESSES),
});

const whyGrown = record<WhyGrown>({
  times: count("times"),
  withinMs: count("withinMs"),
  factor,
  maxMs: count("maxMs"),
});

const whyBan = record<WhyBan>({
  ban: operatorBan,
  changes: list("changes", orNull(count("changes")), 1, MAX_ORIGINS),
  enforcement: list("enforcement", enforcementDetail, 0, MAX_DETAILS),
  widened: orNull(whyWidened),
  grown: orNull(whyGrown),
});

const whyLast = record<WhyLast>({
  jail,
  beganMs: time("beganMs"),
  endedMs: time("endedMs"),
  end: oneOf("end", WHY_ENDS),
  by: words("by"),
  nodes: list("nodes", node, 0, MAX_ORIGINS),
});

/** The form of a {@link WhyRefusal}. */
export const whyRefusal = record<WhyRefusal>({
  rule: words("rule"),
  because: words("because"),
  note: words("note"),
});

/** The members of a {@link WhyAnswer}. */
export const WHY_MEMBERS: Members<WhyAnswer> = {
  address,
  bans: list("bans", whyBan, 0, MAX_WHY_BANS),
  times: count("times"),
  timesByOperator: count("timesByOperator"),
  firstMs: orNull(time("firstMs")),
  knownMs: count("knownMs"),
  last: orNull(whyLast),
  refusal: orNull(whyRefusal),
};
