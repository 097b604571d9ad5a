/**
 * Parts of protocol 2's messages: ids, limits, states, events and their
 * results.
 *
 * @module
 */

import { parseAddress } from "../base/address.ts";
import type {
  ActionState,
  ErrorCode,
  EventResult,
  NodeCondition,
  NodeEvent,
  ObservedState,
  SessionLimits,
  SpokenRevisions,
} from "./v2_messages.ts";
import { isNamePattern, MAX_PATTERNS } from "../choice/pattern_list.ts";
import type { ReceiverChoice } from "../choice/receiver_choice.ts";
import { parseJailName } from "../base/jail_name.ts";
import {
  MAX_ACTIONS,
  MAX_EVENTS,
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_SPOKEN,
} from "./v2_limits.ts";
import {
  parseEpoch,
  parseEventId,
  parseSessionId,
  parseWord,
} from "./v2_ids.ts";
import {
  flag,
  integer,
  list,
  oneOf,
  orNull,
  record,
  text,
  variants,
  where,
} from "../base/json_shape.ts";

export const address = text("address", parseAddress);
export const epoch = text("epoch", parseEpoch);
export const jail = text("jail", parseJailName);
export const session = text("session", parseSessionId);
/** A number in the epoch; 0: before the first change. */
export const seq = integer("seq", 0);
export const batch = integer("batch", 0);
export const order = integer("order", 0);

const id = text("id", parseEventId);
const remainingMs = orNull(span("remainingMs"));

/** A duration in milliseconds. */
function span(name: string) {
  return integer(name, 0, MAX_SPAN_MS);
}

/** The revision of a session. */
export const spoken = integer("speaks", 1, MAX_SPOKEN);

export const spokenRevisions = where(
  record<SpokenRevisions>({
    from: integer("from", 1, MAX_SPOKEN),
    to: integer("to", 1, MAX_SPOKEN),
  }),
  ["to", ({ from, to }) => from <= to],
);

const count = (name: string) => integer(name, 0);

const actionState = record<ActionState>({
  name: text("name", parseWord),
  wanted: count("wanted"),
  inForce: count("inForce"),
  failing: count("failing"),
  refused: count("refused"),
});

/** A list of patterns. */
const patterns = (name: string) =>
  list(
    name,
    text(name, (text) => isNamePattern(text) ? text : undefined),
    0,
    MAX_PATTERNS,
  );

const choice = record<ReceiverChoice>({
  takeJails: patterns("takeJails"),
  ignoreJails: patterns("ignoreJails"),
  takeNodes: patterns("takeNodes"),
  ignoreNodes: patterns("ignoreNodes"),
  observeNodes: patterns("observeNodes"),
});

const observed = record<ObservedState>({
  wanted: count("wanted"),
  banned: count("banned"),
  lifted: count("lifted"),
  refused: count("refused"),
});

export const condition = where(
  variants<NodeCondition>({
    monitor: {
      logReadAgoMs: orNull(span("logReadAgoMs")),
      unacknowledged: count("unacknowledged"),
      oldestAgoMs: orNull(span("oldestAgoMs")),
    },
    subscriber: {
      epoch: orNull(epoch),
      seq,
      isFollowing: flag("isFollowing"),
      actions: list("actions", actionState, 0, MAX_ACTIONS),
      choice,
      observed,
    },
  }),
  // Without a copy there is no number.
  [
    "seq",
    (state) =>
      state.kind === "monitor" || state.epoch !== null || state.seq === 0,
  ],
  ["actions", (state) => state.kind === "monitor" || hasNoTwice(state.actions)],
);

function hasNoTwice(actions: readonly ActionState[]): boolean {
  return new Set(actions.map(({ name }) => name)).size === actions.length;
}

export const event = variants<NodeEvent>({
  ban: { id, jail, address, remainingMs, agoMs: span("agoMs") },
  unban: { id, jail, address, why: oneOf("why", ["lifted", "ended"]) },
});

export const eventResult = where(
  record<EventResult>({
    outcome: oneOf("outcome", ["accepted", "known", "refused"]),
    rule: text("rule", (text) => text === "" ? text : parseWord(text)),
    change: orNull(integer("change", 1)),
  }),
  ["rule", ({ outcome, rule }) => (rule !== "") === (outcome === "refused")],
  [
    "change",
    ({ outcome, change }) => (change !== null) === (outcome === "accepted"),
  ],
);

export const limits = record<SessionLimits>({
  maxEvents: integer("maxEvents", 1, MAX_EVENTS),
  maxReceipts: integer("maxReceipts", 1, MAX_RECEIPTS),
});

export const errorCode = oneOf<ErrorCode>("code", [
  "protocol",
  "session",
  "token",
  "rights",
  "version",
  "twin",
  "aside",
  "busy",
  "store",
]);
