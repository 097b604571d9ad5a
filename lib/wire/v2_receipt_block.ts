/**
 * Receipts as bytes: the body of RECEIPTS. Bytes, because a subscriber that
 * joins a cluster sends one receipt for each ban. For names and addresses see
 * `v2_byte_fields.ts`.
 *
 * ```abnf
 * receipts = session batch 1*1000receipt
 * session  = 16OCTET
 * batch    = varint
 * receipt  = outcome jail action whom ago [detail]
 * outcome  = OCTET             ; 0 applied, 1 lifted, 2 refused, 3 failed; add 16 if whom is a text
 * jail     = name
 * action   = name
 * ago      = varint
 * detail   = text              ; only if refused or failed
 * ```
 *
 * A body extends to the end of its frame. It has exactly one form: no jail and
 * no action is written as text twice.
 *
 * @module
 */

import type { Receipt } from "../ban/receipt.ts";
import type { SessionId } from "../base/ids.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { rememberNames } from "../base/name_cache.ts";
import {
  type ByteBody,
  FieldWriter,
  IS_TEXT,
  NameReader,
  readWhom,
} from "./v2_byte_fields.ts";
import type { ByteReader } from "./v2_bytes.ts";
import { parseSessionId, parseWord, parseWords } from "./v2_ids.ts";
import { MAX_RECEIPTS, MAX_SPAN_MS } from "./v2_limits.ts";
import type { NodeMessage } from "./v2_messages.ts";

type Body = Omit<Extract<NodeMessage, { readonly kind: "RECEIPTS" }>, "kind">;

const SESSION_BYTES = 16;
const OUTCOMES = ["applied", "lifted", "refused", "failed"] as const;
const OUTCOME_BITS = 3;

const readJail = rememberNames(parseJailName);
const readAction = rememberNames(parseWord);

const WRITER = new FieldWriter();

/** The body of RECEIPTS. */
export const RECEIPTS_BODY: ByteBody<Body> = {
  write({ session, batch, results }) {
    WRITER.clear();
    WRITER.id("session", session, parseSessionId(session) === session);
    WRITER.number("batch", batch);
    const names = { jails: new Map(), actions: new Map() };
    for (const receipt of results) writeReceipt(receipt, names);
    const isBounded = results.length > 0 && results.length <= MAX_RECEIPTS;
    return WRITER.body("RECEIPTS", isBounded ? undefined : "results");
  },
  read(bytes) {
    const session = bytes.bytes(SESSION_BYTES).toHex() as SessionId;
    const batch = bytes.number("batch");
    const results: Receipt[] = [];
    const names: Names = {
      jails: new NameReader(readJail),
      actions: new NameReader(readAction),
    };
    while (!bytes.isAtEnd && bytes.refused === undefined) {
      if (results.length === MAX_RECEIPTS) bytes.refuse("results");
      results.push(readReceipt(bytes, names));
    }
    if (results.length === 0) bytes.refuse("results");
    return { session, batch, results };
  },
};

function writeReceipt(
  { jail, address, action, outcome, detail, agoMs }: Receipt,
  { jails, actions }: {
    readonly jails: Map<string, number>;
    readonly actions: Map<string, number>;
  },
): void {
  const outcomeAt = WRITER.bytes.length;
  WRITER.bytes.byte(0);
  WRITER.name("jail", jail, jails, readJail);
  WRITER.name("action", action, actions, readAction);
  const code = OUTCOMES.indexOf(outcome);
  if (code === -1) WRITER.refuse("outcome");
  WRITER.bytes.set(outcomeAt, code | WRITER.whom(address));
  WRITER.number("agoMs", agoMs, MAX_SPAN_MS);
  if (hasDetail(code) && parseWords(detail) === detail) {
    WRITER.bytes.text(detail);
  } else if (hasDetail(code) || detail !== "") WRITER.refuse("detail");
}

interface Names {
  readonly jails: NameReader<JailName>;
  readonly actions: NameReader<string>;
}

function readReceipt(bytes: ByteReader, { jails, actions }: Names): Receipt {
  const octet = bytes.byte();
  if ((octet & ~(OUTCOME_BITS | IS_TEXT)) !== 0) bytes.refuse("outcome");
  const code = octet & OUTCOME_BITS;
  const outcome = OUTCOMES[code] ?? "failed";
  const jail = jails.read(bytes, "jail");
  const action = actions.read(bytes, "action");
  const address = readWhom(bytes, octet);
  const agoMs = bytes.number("agoMs", MAX_SPAN_MS);
  const detail = hasDetail(code) ? bytes.text() : "";
  if (parseWords(detail) === undefined) bytes.refuse("detail");
  return { jail, address, action, outcome, detail, agoMs };
}

function hasDetail(code: number): boolean {
  return code >= OUTCOMES.indexOf("refused");
}
