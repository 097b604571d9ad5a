/**
 * What an operator asks a running publisher, on its own host, and what it
 * answers: a line of JSON each.
 *
 * @module
 */

import { type BadKind } from "../members/breaker.ts";
import type { NodeRole } from "../base/ids.ts";
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
} from "../base/json_shape.ts";

/** What is asked; `by` is the user who asks. */
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
  /** How the members stand. */
  | { readonly kind: "nodes" }
  /** Who did what: the last entries. */
  | { readonly kind: "audit"; readonly max: number };

/** A connection of a node. */
export interface LiveSession {
  /** What it is for. */
  readonly role: NodeRole;
  /** The program's version. */
  readonly version: string;
}

/** Why and since when a node's reports are set aside. */
export interface LiveQuarantine {
  /** What the last of them was. */
  readonly reason: BadKind;
  /** Bad ones that led to it. */
  readonly count: number;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
}

/** How a member stands; what is counted is counted since the publisher's start. */
export interface LiveNode {
  /** The member's name. */
  readonly node: HostName;
  /** Its connections that said HELLO. */
  readonly sessions: readonly LiveSession[];
  /** Events that were taken. */
  readonly accepted: number;
  /** Events that had been taken before, or changed nothing. */
  readonly known: number;
  /** Events that were refused. */
  readonly refused: number;
  /** Reports of it that stand. */
  readonly reports: number;
  /** `null`: they are taken. */
  readonly aside: LiveQuarantine | null;
}

/** What is answered. */
export type OperatorAnswer =
  /** It is done; `count` is how much there was to do. */
  | { readonly kind: "done"; readonly count: number }
  | { readonly kind: "nodes"; readonly nodes: readonly LiveNode[] }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  /** It can't be done. */
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly hint: string;
  };

/** Entries of the audit in an answer at most. */
export const MAX_AUDIT_ANSWER = 1_000;
/** Longest request, in bytes. */
export const MAX_OPERATOR_REQUEST_BYTES = 4_096;
/** Longest answer, in bytes. */
export const MAX_OPERATOR_ANSWER_BYTES = 4_194_304;

const MAX_SESSIONS = 64;
const VERSION = /^[\x21-\x7e]{1,64}$/;

const node = text("node", parseHostName);
const count = (name: string) => integer(name, 0);
const words = (name: string) => text(name, parseNote);

const request: Shape<OperatorRequest> = variants<OperatorRequest>({
  withdraw: { by: words("by"), node, sinceMs: orNull(count("sinceMs")) },
  release: { by: words("by"), node },
  nodes: {},
  audit: { max: integer("max", 1, MAX_AUDIT_ANSWER) },
});

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
