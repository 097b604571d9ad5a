/**
 * Requests of an operator to the running publisher of this host, and its
 * answers. A request is a line of JSON; an answer is some lines of it, of which
 * the last is of a kind that says so.
 *
 * @module
 */

import { type BadKind } from "../members/breaker.ts";
import type { NodeRole } from "../base/ids.ts";
import type { Address } from "../base/address.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { MAX_MEMBERS, parseNote } from "../members/member_list_form.ts";
import { type AuditEntry, BAD_KINDS } from "../members/node_records.ts";
import { lineForm, type StoredForm } from "../base/json_form.ts";
import {
  integer,
  list,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
  variants,
  where,
} from "../base/json_shape.ts";
import {
  BAN_ORDER,
  type BanOrder,
  STEERED,
  type Steered,
  UNBAN_ORDER,
  type UnbanOrder,
} from "./operator_steering.ts";
import { WHY_MEMBERS, type WhyAnswer } from "./operator_why.ts";
import {
  address,
  BAN_SORTS,
  type BanFilter,
  banFilter,
  type BanSort,
  MAX_LINE_BANS,
  MAX_SORTED_BANS,
  type OperatorBan,
  operatorBan,
} from "./operator_bans.ts";

/** A request; `by` is the user who asks. */
export type OperatorRequest =
  /** Take back what a node reported, or what it said since a time, in milliseconds since 1970. */
  | {
    readonly kind: "withdraw";
    readonly by: string;
    readonly node: HostName;
    readonly sinceMs: number | null;
  }
  /** Take its reports again. */
  | { readonly kind: "release"; readonly by: string; readonly node: HostName }
  /** List the members with their counters. */
  | { readonly kind: "nodes" }
  /** Give the last entries of the audit log. */
  | { readonly kind: "audit"; readonly max: number }
  /** List bans; sorted ones have a limit, and `null` is none. */
  | {
    readonly kind: "bans";
    readonly filter: BanFilter;
    readonly sort: BanSort | null;
    readonly limit: number | null;
  }
  /** Tell all that is known of an address or prefix. */
  | { readonly kind: "why"; readonly address: Address }
  | ({ readonly kind: "ban" } & BanOrder)
  | ({ readonly kind: "unban" } & UnbanOrder);

/** A connection of a node. */
export interface LiveSession {
  /** Whether a monitor or a subscriber has it. */
  readonly role: NodeRole;
  /** The program's version. */
  readonly version: string;
}

/** Why and since when a node's reports are set aside. */
export interface LiveQuarantine {
  /** The kind of the last bad report. */
  readonly reason: BadKind;
  /** Bad reports that led to it. */
  readonly count: number;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A member's state; its counters begin with the publisher's start. */
export interface LiveNode {
  /** The member's name. */
  readonly node: HostName;
  /** Its connections that said HELLO. */
  readonly sessions: readonly LiveSession[];
  /** Events that were accepted. */
  readonly accepted: number;
  /** Events that were known before, or changed nothing. */
  readonly known: number;
  /** Events that were refused. */
  readonly refused: number;
  /** Reports of it that stand. */
  readonly reports: number;
  /** `null`: its reports are accepted. */
  readonly aside: LiveQuarantine | null;
}

/** An answer. */
export type OperatorAnswer =
  /** It is done; `count` is how much there was to do. */
  | { readonly kind: "done"; readonly count: number }
  | { readonly kind: "nodes"; readonly nodes: readonly LiveNode[] }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  /** Some bans; more lines follow. */
  | { readonly kind: "bans"; readonly bans: readonly OperatorBan[] }
  /** There are so many bans of those asked for, and no more lines. */
  | { readonly kind: "listed"; readonly matched: number }
  /** All that is known of an address. */
  | ({ readonly kind: "why" } & WhyAnswer)
  /** What came of a ban or an unban. */
  | ({ readonly kind: "steered" } & Steered)
  /** It could not be done. */
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly hint: string;
  };

/** Most entries of the audit log in an answer. */
export const MAX_AUDIT_ANSWER = 1_000;
/** Longest request, in bytes. */
export const MAX_OPERATOR_REQUEST_BYTES = 4_096;
/** Longest line of an answer, in bytes. */
export const MAX_OPERATOR_ANSWER_BYTES = 4_194_304;

/** Whether another line follows this one of an answer. */
export function isContinued({ kind }: OperatorAnswer): boolean {
  return kind === "bans";
}

const MAX_SESSIONS = 64;
const VERSION = /^[\x21-\x7e]{1,64}$/;

const node = text("node", parseHostName);
const count = (name: string) => integer(name, 0);
const words = (name: string) => text(name, parseNote);

const plainRequest = variants<OperatorRequest>({
  withdraw: { by: words("by"), node, sinceMs: orNull(count("sinceMs")) },
  release: { by: words("by"), node },
  nodes: {},
  audit: { max: integer("max", 1, MAX_AUDIT_ANSWER) },
  bans: {
    filter: banFilter,
    sort: orNull(oneOf("sort", BAN_SORTS)),
    limit: orNull(count("limit")),
  },
  why: { address },
  ban: BAN_ORDER,
  unban: UNBAN_ORDER,
});

/** The publisher holds all of a sorted answer. */
const request: Shape<OperatorRequest> = where(plainRequest, [
  "limit",
  (request) =>
    request.kind !== "bans" || request.sort === null ||
    request.limit !== null && request.limit <= MAX_SORTED_BANS,
]);

const session = record<LiveSession>({
  role: oneOf<NodeRole>("role", ["monitor", "subscriber"]),
  version: text(
    "version",
    (text) => VERSION.test(text) ? text : undefined,
  ),
});

const liveNode = record<LiveNode>({
  node,
  sessions: list("sessions", session, 0, MAX_SESSIONS),
  accepted: count("accepted"),
  known: count("known"),
  refused: count("refused"),
  reports: count("reports"),
  aside: orNull(record<LiveQuarantine>({
    reason: oneOf("reason", BAD_KINDS),
    count: count("count"),
    sinceMs: count("sinceMs"),
  })),
});

const entry = record<AuditEntry>({
  atMs: count("atMs"),
  by: words("by"),
  action: words("action"),
  subject: words("subject"),
  detail: words("detail"),
});

const answer: Shape<OperatorAnswer> = variants<OperatorAnswer>({
  done: { count: count("count") },
  nodes: { nodes: list("nodes", liveNode, 0, MAX_MEMBERS) },
  audit: { entries: list("entries", entry, 0, MAX_AUDIT_ANSWER) },
  bans: { bans: list("bans", operatorBan, 1, MAX_LINE_BANS) },
  listed: { matched: count("matched") },
  why: WHY_MEMBERS,
  steered: STEERED,
  failed: { message: words("message"), hint: words("hint") },
});

/** A request as a line. */
export const OPERATOR_REQUEST: StoredForm<OperatorRequest> = lineForm(
  "the request",
  request,
);

/** An answer as a line. */
export const OPERATOR_ANSWER: StoredForm<OperatorAnswer> = lineForm(
  "the answer",
  answer,
);
