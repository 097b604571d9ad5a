/**
 * The questions that a browser may ask: a subset of the operator command's
 * requests, in the same form, and the allowlist.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import {
  integer,
  list,
  orNull,
  record,
  type Shape,
  variants,
} from "../base/json_shape.ts";
import { text } from "../base/json_shape.ts";
import { type AllowedNetwork } from "../members/member.ts";
import { MAX_ALLOWED, parseNote } from "../members/member_list_form.ts";
import { pageActor, type PageVisit } from "../members/page_visit.ts";
import { address } from "../wire/operator_bans.ts";
import {
  type OperatorRequest,
  readOperatorRequest,
} from "../wire/operator_messages.ts";

/**
 * Allowlist questions. Only the page asks them: the operator's command edits
 * the list itself.
 */
export type AllowQuestion =
  | { readonly kind: "allowlist" }
  | {
    readonly kind: "allowAdd";
    readonly network: Address;
    /** `null` for no end. */
    readonly forMs: number | null;
    readonly note: string;
  }
  | { readonly kind: "allowRemove"; readonly network: Address };

/** The allowlist, as an answer. */
export interface AllowAnswer {
  readonly kind: "allowlist";
  readonly allowed: readonly AllowedNetwork[];
}

const READING = ["status", "nodes", "audit", "bans", "why", "imports"] as const;
const WRITING = ["ban", "unban", "release"] as const;
type AskedKind = typeof READING[number] | typeof WRITING[number];

/** A question for the operators' service. */
export type ServedQuestion = Extract<OperatorRequest, { kind: AskedKind }>;
/** Maximum number of bans in an answer. */
export const MAX_PAGE_BANS = 500;
const MAX_FOR_MS = 3_155_760_000_000;

const allowQuestion: Shape<AllowQuestion> = variants<AllowQuestion>({
  allowlist: {},
  allowAdd: {
    network: address,
    forMs: orNull(integer("forMs", 1, MAX_FOR_MS)),
    note: text("note", parseNote),
  },
  allowRemove: { network: address },
});

/** The form of an {@link AllowAnswer}. */
export const ALLOW_ANSWER: Shape<AllowAnswer> = variants<AllowAnswer>({
  allowlist: {
    allowed: list(
      "allowed",
      record<AllowedNetwork>({
        network: address,
        untilMs: orNull(integer("untilMs", 0)),
        note: text("note", parseNote),
        addedMs: integer("addedMs", 0),
      }),
      0,
      MAX_ALLOWED,
    ),
  },
});

/** A question after it was read. */
export type ReadQuestion =
  | { readonly is: "served"; readonly question: ServedQuestion }
  | { readonly is: "allow"; readonly question: AllowQuestion }
  | "malformed"
  /** The user may only read. */
  | "not-allowed";

/**
 * Reads a question. The login decides who asks; the question itself must not
 * name an operator.
 *
 * @param value The JSON that the browser sent.
 * @param visit The login.
 */
export function readQuestion(
  value: unknown,
  { by, isReadOnly }: PageVisit,
): ReadQuestion {
  const kind = kindOf(value);
  const allow = allowQuestion.read(value, { isExact: true, reason: undefined });
  if (allow !== undefined) {
    return isReadOnly && allow.kind !== "allowlist"
      ? "not-allowed"
      : { is: "allow", question: allow };
  }
  if (READING.some((each) => each === kind)) {
    return served(readOperatorRequest(value));
  }
  if (!WRITING.some((each) => each === kind)) return "malformed";
  if (isReadOnly) return "not-allowed";
  if (Object.hasOwn(Object(value), "by")) return "malformed";
  const actor = pageActor(by);
  return served(readOperatorRequest({ ...Object(value), by: actor }));
}

function served(request: OperatorRequest | undefined): ReadQuestion {
  if (request === undefined) return "malformed";
  switch (request.kind) {
    case "bans": {
      const isBounded = request.limit !== null &&
        request.limit <= MAX_PAGE_BANS;
      return isBounded ? { is: "served", question: request } : "malformed";
    }
    case "unban":
      // Only the operator's command lifts many bans at once: it asks for
      // confirmation.
      return request.address === null
        ? "malformed"
        : { is: "served", question: request };
    case "status":
    case "nodes":
    case "audit":
    case "why":
    case "imports":
    case "ban":
    case "release":
      return { is: "served", question: request };
    default:
      return "malformed";
  }
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value
    ? value.kind
    : undefined;
}
