/**
 * The bodies of the messages of protocol 2: their members, in the order of the
 * wire, and the rules that span several of them.
 *
 * @module
 */

import {
  LOCAL_UNBAN_OUTCOMES,
  MOVE_OUTCOMES,
  type NodeMessage,
  type PublisherFacts,
  type PublisherMessage,
  type StreamMessage,
} from "./v2_messages.ts";
import { BanBlock } from "../ban/ban_block.ts";
import { parseHostName } from "../base/host_name.ts";
import { MAX_EVENTS, MAX_PART, MAX_SPAN_MS } from "./v2_limits.ts";
import { MAX_IGNORE } from "../base/bounds.ts";
import type { ByteBody } from "./v2_byte_fields.ts";
import { C_BODY, CHANGES_BODY } from "./v2_change_block.ts";
import { RECEIPTS_BODY } from "./v2_receipt_block.ts";
import {
  address,
  batch,
  condition,
  epoch,
  errorCode,
  event,
  eventResult,
  jail,
  limits,
  order,
  seq,
  session,
  spoken,
  spokenRevisions,
} from "./v2_fields.ts";
import { DRILL_WORD, holdMs, PROBE_VERDICT } from "./v2_probes.ts";
import {
  parsePlace,
  parseSecret,
  parseUrl,
  parseVersion,
  parseWords,
} from "./v2_ids.ts";
import {
  flag,
  integer,
  list,
  oneOf,
  orNull,
  record,
  recordAndMore,
  type Shape,
  text,
  where,
} from "../base/json_shape.ts";

/** The body of a message: without kind and block, which are frames. */
export type Body<M extends { readonly kind: string }, K extends M["kind"]> =
  Omit<Extract<M, { readonly kind: K }>, "kind" | "block">;

/** The bodies of one side's messages; most are JSON. */
export type Bodies<M extends { readonly kind: string }> = {
  readonly [K in M["kind"]]: Shape<Body<M, K>> | ByteBody<Body<M, K>>;
};

const url = (name: "controlUrl" | "streamUrl") => text(name, parseUrl);
const part = integer("part", 0, MAX_PART);
const revision = integer("revision", 0);
const ignore = list("ignore", address, 0, MAX_IGNORE);

/** Messages of nodes. */
export const NODE_BODIES: Bodies<NodeMessage> = {
  HELLO: recordAndMore({
    node: text("node", parseHostName),
    role: oneOf("role", ["monitor", "subscriber"]),
    token: text("token", parseSecret),
    version: text("version", parseVersion),
  }, {
    speaks: spokenRevisions,
    place: text("place", parsePlace),
  }),
  STATE: record<Body<NodeMessage, "STATE">>({ session, state: condition }),
  BYE: record<Body<NodeMessage, "BYE">>({ session }),
  UNBANNED: where(
    record<Body<NodeMessage, "UNBANNED">>({
      session,
      order,
      outcome: oneOf("outcome", LOCAL_UNBAN_OUTCOMES),
      detail: text("detail", parseWords),
    }),
    ["detail", ({ outcome, detail }) => detail === "" || outcome === "failed"],
  ),
  PROBED: record<Body<NodeMessage, "PROBED">>({
    session,
    order,
    ...PROBE_VERDICT,
    state: condition,
  }),
  DRILLED: where(
    record<Body<NodeMessage, "DRILLED">>({ session, order, ...DRILL_WORD }),
    [
      "detail",
      ({ actions, detail }) => (actions.length === 0) === (detail !== ""),
    ],
  ),
  MOVED: where(
    record<Body<NodeMessage, "MOVED">>({
      session,
      order,
      outcome: oneOf("outcome", MOVE_OUTCOMES),
      detail: text("detail", parseWords),
    }),
    [
      "detail",
      ({ outcome, detail }) =>
        detail === "" || outcome === "configured" || outcome === "failed",
    ],
  ),
  EVENTS: record<Body<NodeMessage, "EVENTS">>({
    session,
    batch,
    events: list("events", event, 1, MAX_EVENTS),
  }),
  SYNC: where(
    record<Body<NodeMessage, "SYNC">>({
      session,
      epoch: orNull(epoch),
      since: integer("since", 0),
      part,
    }),
    // A node without a copy can't have a number.
    ["since", ({ epoch, since }) => epoch !== null || since === 0],
  ),
  RECEIPTS: RECEIPTS_BODY,
};

/** A SNAPSHOT without its block, which is a separate frame. */
export type SnapshotHeader = Body<PublisherMessage, "SNAPSHOT">;

/** Messages of the publisher. */
export const PUBLISHER_BODIES: Bodies<PublisherMessage> = {
  WELCOME: recordAndMore({
    session,
    speaks: spoken,
    epoch,
    seq,
    limits,
    revision,
    ignore,
  }, {
    publisher: record<PublisherFacts>({
      version: text("version", parseVersion),
      nowMs: integer("nowMs", 0),
    }),
  }),
  IGNORE: record<Body<PublisherMessage, "IGNORE">>({ revision, ignore }),
  ASK: record<Body<PublisherMessage, "ASK">>({}),
  UNBAN: record<Body<PublisherMessage, "UNBAN">>({ order, jail, address }),
  PROBE: record<Body<PublisherMessage, "PROBE">>({ order, address }),
  DRILL: record<Body<PublisherMessage, "DRILL">>({ order, address, holdMs }),
  MOVE: record<Body<PublisherMessage, "MOVE">>({
    order,
    controlUrl: url("controlUrl"),
    streamUrl: url("streamUrl"),
  }),
  HEARD: record<Body<PublisherMessage, "HEARD">>({}),
  ACK: record<Body<PublisherMessage, "ACK">>({
    batch,
    results: list("results", eventResult, 0, MAX_EVENTS),
  }),
  SNAPSHOT: record<SnapshotHeader>({
    epoch,
    seq,
    part,
    isLast: flag("isLast"),
    nowMs: integer("nowMs", 0),
  }),
  CHANGES: CHANGES_BODY,
  ERROR: record<Body<PublisherMessage, "ERROR">>({
    code: errorCode,
    message: text("message", parseWords),
  }),
};

/** Messages of the stream. */
export const STREAM_BODIES: Bodies<StreamMessage> = {
  C: C_BODY,
  P: record<Body<StreamMessage, "P">>({
    epoch,
    order,
    address,
    node: orNull(text("node", parseHostName)),
  }),
  H: record<Body<StreamMessage, "H">>({ epoch, seq, revision }),
};

/**
 * Reads the block frame of a SNAPSHOT.
 *
 * @param header The decoded header.
 * @param frame The bytes of the block.
 * @returns `undefined`: it is not a valid block for that header.
 */
export function readSnapshotBlock(
  { isLast, nowMs }: SnapshotHeader,
  frame: Uint8Array,
): BanBlock | undefined {
  const block = BanBlock.read(frame);
  if (!block.ok) return undefined;
  const { spans, firstMs, lastMs, expiresMs } = block.value.columns;
  // The next request must advance.
  if (spans.length === 0 && !isLast) return undefined;
  const mostMs = nowMs + MAX_SPAN_MS;
  const isGood = firstMs.every((ms) => ms <= nowMs) &&
    lastMs.every((ms) => ms <= nowMs) &&
    expiresMs.every((ms) => ms === Infinity || ms <= mostMs);
  return isGood ? block.value : undefined;
}
