/**
 * Requests of an operator to the running publisher on this host, and its
 * answers. A request is one line of JSON; an answer is one or more lines, and
 * the kind of the last one marks the end.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import {
  MAX_MEMBERS,
  parseNote,
  parseSubject,
} from "../members/member_list_form.ts";
import type { AuditEntry } from "../members/node_records.ts";
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
import {
  MOVE_TELLING,
  type MoveTelling,
  TOLD_NODES,
  type ToldNode,
} from "./operator_moves.ts";
import {
  PAGE_CODE,
  PAGE_LOGIN,
  PAGE_LOGOUT,
  PAGE_VISITS,
  type PageCode,
  type PageLogin,
  type PageLogout,
  type PageVisit,
} from "../members/page_visit.ts";
import {
  type ClusterStatus,
  type LiveNode,
  liveNode,
  STATUS_MEMBERS,
} from "./operator_status.ts";
import {
  FOLLOWING,
  type Following,
  type LiveEvent,
  liveEvent,
  MAX_LINE_EVENTS,
  TOLD_CHANGES,
  type ToldChanges,
} from "./operator_tail.ts";
import {
  TEST_ORDER,
  TESTED,
  type Tested,
  type TestOrder,
} from "./operator_testing.ts";
import { WHY_MEMBERS, type WhyAnswer } from "./operator_why.ts";
import {
  IMPORT_END,
  IMPORT_ORDER,
  IMPORT_OUTCOME,
  IMPORT_PART,
  IMPORT_REMOVAL,
  type ImportOrder,
  type ImportOutcome,
  type ImportPart,
  type LiveImport,
  liveImport,
  MAX_IMPORTS,
} from "./operator_imports.ts";
import type { ImportName } from "../base/operator_name.ts";
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
  type SubjectFilter,
  subjectFilter,
} from "./operator_bans.ts";

/** A request; `by` is the requesting user. */
export type OperatorRequest =
  /** Withdraw a node's reports; with `sinceMs` only those since then. */
  | {
    readonly kind: "withdraw";
    readonly by: string;
    readonly node: HostName;
    readonly sinceMs: number | null;
  }
  /** Accept the node's reports again. */
  | { readonly kind: "release"; readonly by: string; readonly node: HostName }
  /** Show the state of the whole cluster. */
  | { readonly kind: "status" }
  /** Stream events from now on. */
  | { readonly kind: "tail"; readonly filter: SubjectFilter }
  /** Stream changed bans, after a change or from now on. */
  | { readonly kind: "follow"; readonly since: number | null }
  | PageRequest
  /** List the members with their counters. */
  | { readonly kind: "nodes" }
  /** Show the last entries of the audit log. */
  | { readonly kind: "audit"; readonly max: number }
  /** List bans; a sorted list needs a limit, and `null` means no limit. */
  | {
    readonly kind: "bans";
    readonly filter: BanFilter;
    readonly sort: BanSort | null;
    readonly limit: number | null;
  }
  /** Show everything known about an address or prefix. */
  | { readonly kind: "why"; readonly address: Address }
  | ({ readonly kind: "ban" } & BanOrder)
  | ({ readonly kind: "unban" } & UnbanOrder)
  | ({ readonly kind: "readdress" } & MoveTelling)
  | ({ readonly kind: "importBegin" } & ImportOrder)
  | ({ readonly kind: "importPart" } & ImportPart)
  | { readonly kind: "importEnd"; readonly upload: number }
  /** Withdraw all bans of an import, and forget it. */
  | {
    readonly kind: "importRemove";
    readonly by: string;
    readonly name: ImportName;
  }
  /** List the imports. */
  | { readonly kind: "imports" }
  /** Test whether a ban would arrive everywhere. */
  | ({ readonly kind: "test" } & TestOrder);

/** Requests of the page's server. */
export type PageRequest =
  | ({ readonly kind: "pageLogin" } & PageLogin)
  | ({ readonly kind: "pageLogout" } & PageLogout)
  /** List the valid logins. */
  | { readonly kind: "pageVisits" };

/** Whether a request is one of the page's server. */
export function isPageRequest(
  request: OperatorRequest,
): request is PageRequest {
  const { kind } = request;
  return kind === "pageLogin" || kind === "pageLogout" || kind === "pageVisits";
}

/** An answer. */
export type OperatorAnswer =
  /** Done; `count` is how many items were affected. */
  | { readonly kind: "done"; readonly count: number }
  | ({ readonly kind: "status" } & ClusterStatus)
  | { readonly kind: "nodes"; readonly nodes: readonly LiveNode[] }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  /** Some bans; more lines follow. */
  | { readonly kind: "bans"; readonly bans: readonly OperatorBan[] }
  /** Number of matching bans; no more lines follow. */
  | { readonly kind: "listed"; readonly matched: number }
  /** Events since the last line; may be empty. More lines follow. */
  | { readonly kind: "events"; readonly events: readonly LiveEvent[] }
  /** Changes are streamed from here on; more lines follow. */
  | ({ readonly kind: "following" } & Following)
  /** Changes since the last line; may be empty. More lines follow. */
  | ({ readonly kind: "changed" } & ToldChanges)
  | ({ readonly kind: "pageCode" } & PageCode)
  | { readonly kind: "pageVisits"; readonly visits: readonly PageVisit[] }
  /** Everything known about an address. */
  | ({ readonly kind: "why" } & WhyAnswer)
  /** The result of a ban or unban. */
  | ({ readonly kind: "steered" } & Steered)
  /** The result of a test. */
  | ({ readonly kind: "tested" } & Tested)
  /** How nodes' programs handled the publisher's new address. */
  | { readonly kind: "readdressed"; readonly nodes: readonly ToldNode[] }
  /** A list may be sent under this number. */
  | { readonly kind: "upload"; readonly upload: number }
  /** Progress of a long operation. More lines follow. */
  | {
    readonly kind: "progress";
    readonly done: number;
    readonly total: number;
  }
  | ({ readonly kind: "imported" } & ImportOutcome)
  | { readonly kind: "imports"; readonly imports: readonly LiveImport[] }
  /** The request failed. */
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

const CONTINUED: readonly OperatorAnswer["kind"][] = [
  ...["bans", "events", "progress", "following", "changed"] as const,
];

/** Whether another line of the answer follows this one. */
export function isContinued({ kind }: OperatorAnswer): boolean {
  return CONTINUED.includes(kind);
}

const node = text("node", parseHostName);
const count = (name: string) => integer(name, 0);
const words = (name: string) => text(name, parseNote);
/** A message may contain names and paths. */
const MAX_SENTENCE_LENGTH = 2_000;
const PRINTABLE = /^[\x20-\x7e]*$/;
const parseSentence = (text: string) =>
  text.length <= MAX_SENTENCE_LENGTH && PRINTABLE.test(text) ? text : undefined;

const plainRequest = variants<OperatorRequest>({
  withdraw: { by: words("by"), node, sinceMs: orNull(count("sinceMs")) },
  release: { by: words("by"), node },
  status: {},
  tail: { filter: subjectFilter },
  follow: { since: orNull(count("since")) },
  pageLogin: PAGE_LOGIN,
  pageLogout: PAGE_LOGOUT,
  pageVisits: {},
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
  test: TEST_ORDER,
  readdress: MOVE_TELLING,
  importBegin: IMPORT_ORDER,
  importPart: IMPORT_PART,
  importEnd: IMPORT_END,
  importRemove: IMPORT_REMOVAL,
  imports: {},
});

/** Limits a sorted answer, because the publisher holds all of it. */
const request: Shape<OperatorRequest> = where(plainRequest, [
  "limit",
  (request) =>
    request.kind !== "bans" || request.sort === null ||
    request.limit !== null && request.limit <= MAX_SORTED_BANS,
]);

const entry = record<AuditEntry>({
  atMs: count("atMs"),
  by: words("by"),
  action: words("action"),
  subject: text("subject", parseSubject),
  detail: words("detail"),
});

const answer: Shape<OperatorAnswer> = variants<OperatorAnswer>({
  done: { count: count("count") },
  status: STATUS_MEMBERS,
  nodes: { nodes: list("nodes", liveNode, 0, MAX_MEMBERS) },
  audit: { entries: list("entries", entry, 0, MAX_AUDIT_ANSWER) },
  bans: { bans: list("bans", operatorBan, 1, MAX_LINE_BANS) },
  listed: { matched: count("matched") },
  events: { events: list("events", liveEvent, 0, MAX_LINE_EVENTS) },
  following: FOLLOWING,
  changed: TOLD_CHANGES,
  pageCode: PAGE_CODE,
  pageVisits: PAGE_VISITS,
  why: WHY_MEMBERS,
  steered: STEERED,
  tested: TESTED,
  readdressed: { nodes: TOLD_NODES },
  upload: { upload: count("upload") },
  progress: { done: count("done"), total: count("total") },
  imported: IMPORT_OUTCOME,
  imports: { imports: list("imports", liveImport, 0, MAX_IMPORTS) },
  failed: {
    message: text("message", parseSentence),
    hint: text("hint", parseSentence),
  },
});

/** Reads a request from a JSON value; `undefined`: it is not a request. */
export function readOperatorRequest(
  value: unknown,
): OperatorRequest | undefined {
  return request.read(value, { isExact: true, reason: undefined });
}

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
