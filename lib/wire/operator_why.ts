/**
 * All that is known of an address, as an operator sees it.
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

/** Why a network is banned that nobody reported. */
export interface WhyWidened {
  /** Number of different addresses that it took. */
  readonly after: number;
  /** Number of those that are banned now. */
  readonly members: number;
  /** Some of them. */
  readonly some: readonly Address[];
}

/** Why a ban holds longer than its nodes say. */
export interface WhyGrown {
  /** How often it came again. */
  readonly times: number;
  /** Each time within this time after the one before ended, in milliseconds. */
  readonly withinMs: number;
  /** So many times as long, if that is not longer than may be. */
  readonly factor: number;
  /** The longest that it may hold for that, in milliseconds. */
  readonly maxMs: number;
}

/** A ban that concerns an address. */
export interface WhyBan {
  readonly ban: OperatorBan;
  /** The change of each report, in their order; `null`: it is forgotten. */
  readonly changes: readonly (number | null)[];
  /** What nodes say of it. */
  readonly enforcement: readonly EnforcementDetail[];
  /** `null`: nodes reported it. */
  readonly widened: WhyWidened | null;
  /** `null`: it holds as its nodes say. */
  readonly grown: WhyGrown | null;
}

/** How a ban ended. */
export type WhyEnd = typeof WHY_ENDS[number];

/** Every {@link WhyEnd}: by its time, with its last report, by an operator, the allowlist, or a node that may lift. */
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
  /** Which node, or which user; empty where nobody did, or nobody knows. */
  readonly by: string;
  /** Who reported it. */
  readonly nodes: readonly HostName[];
}

/** All that is known of an address. */
export interface WhyAnswer {
  readonly address: Address;
  /** Bans of it, and of prefixes around it. */
  readonly bans: readonly WhyBan[];
  /** Bans of it that have ended, as far as is known. */
  readonly times: number;
  /** Of these, how many an operator made. */
  readonly timesByOperator: number;
  /** When the first of them began; `null`: there was none. */
  readonly firstMs: number | null;
  /** How far back is known, in milliseconds. */
  readonly knownMs: number;
  /** The last of them. */
  readonly last: WhyLast | null;
  /** What would refuse a ban of it: the rule, the network, and why that is on the allowlist. */
  readonly refusal: WhyRefusal | null;
}

/** What refuses a ban. */
export interface WhyRefusal {
  readonly rule: string;
  readonly because: string;
  readonly note: string;
}

/** Most bans of one address that are told of. */
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

/** Addresses of a network that are named. */
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

/** What refuses a ban. */
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
