/**
 * Arbitrary messages of nodes of protocol 2, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type {
  ActionState,
  NodeCondition,
  NodeMessage,
  ObservedState,
} from "../../../lib/wire/v2_messages.ts";
import type { ReceiverChoice } from "../../../lib/choice/receiver_choice.ts";
import { parsePlace } from "../../../lib/wire/v2.ts";
import {
  DRILL_OUTCOMES,
  type DrilledAction,
} from "../../../lib/wire/v2_probes.ts";
import { anyHostName } from "./any_values.ts";
import {
  anyCount,
  anyEpoch,
  anyEvent,
  anyReceipt,
  anySession,
  anySpan,
  anyWord,
  DIGITS,
  LETTERS,
  parsed,
  PLAIN,
  record,
  textOf,
} from "./any_parts.ts";

export const anySpoken = fc.integer({ min: 1, max: 255 });

const anyPatterns = fc.array(
  textOf(`${LETTERS}0_.@:+*-`, 1, 253),
  { maxLength: 64 },
);

const anyCondition: fc.Arbitrary<NodeCondition> = fc.oneof(
  record<Extract<NodeCondition, { kind: "monitor" }>>({
    kind: fc.constant("monitor"),
    logReadAgoMs: fc.option(anySpan),
    unacknowledged: anyCount,
    oldestAgoMs: fc.option(anySpan),
  }),
  record<Extract<NodeCondition, { kind: "subscriber" }>>({
    kind: fc.constant("subscriber"),
    epoch: fc.option(anyEpoch),
    seq: anyCount,
    isFollowing: fc.boolean(),
    actions: fc.uniqueArray(
      record<ActionState>({
        name: anyWord,
        wanted: anyCount,
        inForce: anyCount,
        failing: anyCount,
        refused: anyCount,
      }),
      { maxLength: 8, selector: ({ name }) => name },
    ),
    choice: record<ReceiverChoice>({
      takeJails: anyPatterns,
      ignoreJails: anyPatterns,
      takeNodes: anyPatterns,
      ignoreNodes: anyPatterns,
      observeNodes: anyPatterns,
    }),
    observed: record<ObservedState>({
      wanted: anyCount,
      banned: anyCount,
      lifted: anyCount,
      refused: anyCount,
    }),
  }).map((state) => state.epoch === null ? { ...state, seq: 0 } : state),
);

const anyDetail = textOf(PLAIN, 0, 200);

const anyProbed = record<Extract<NodeMessage, { kind: "PROBED" }>>({
  kind: fc.constant("PROBED"),
  session: anySession,
  order: anyCount,
  refused: anyDetail,
  revision: anyCount,
  minPrefix4: fc.nat(32),
  minPrefix6: fc.nat(128),
  allowPrivate: fc.boolean(),
  state: anyCondition,
});

const anyDrilled = record<Extract<NodeMessage, { kind: "DRILLED" }>>({
  kind: fc.constant("DRILLED"),
  session: anySession,
  order: anyCount,
  actions: fc.array(
    record<DrilledAction>({
      name: anyWord,
      outcome: fc.constantFrom(...DRILL_OUTCOMES),
      isSeen: fc.boolean(),
      tookMs: anyCount,
      detail: anyDetail,
    }),
    { maxLength: 8 },
  ),
  detail: textOf(PLAIN, 1, 200),
}).map((drilled) =>
  drilled.actions.length === 0 ? drilled : { ...drilled, detail: "" }
);

/** Messages of nodes. */
export const anyNodeMessage: fc.Arbitrary<NodeMessage> = fc.oneof(
  record<Extract<NodeMessage, { kind: "HELLO" }>>({
    kind: fc.constant("HELLO"),
    node: anyHostName,
    role: fc.constantFrom("monitor", "subscriber"),
    token: textOf(PLAIN, 0, 256),
    version: textOf(`${DIGITS}.+_-`, 1, 64),
  }),
  record<Required<Extract<NodeMessage, { kind: "HELLO" }>>>({
    kind: fc.constant("HELLO"),
    node: anyHostName,
    role: fc.constantFrom("monitor", "subscriber"),
    token: textOf(PLAIN, 0, 256),
    version: textOf(`${DIGITS}.+_-`, 1, 64),
    speaks: fc.tuple(anySpoken, anySpoken).map(([left, right]) => ({
      from: Math.min(left, right),
      to: Math.max(left, right),
    })),
    place: parsed(textOf(DIGITS, 32, 32), parsePlace),
  }),
  record<Extract<NodeMessage, { kind: "STATE" }>>({
    kind: fc.constant("STATE"),
    session: anySession,
    state: anyCondition,
  }),
  record<Extract<NodeMessage, { kind: "BYE" }>>({
    kind: fc.constant("BYE"),
    session: anySession,
  }),
  fc.tuple(
    anySession,
    anyCount,
    fc.oneof(
      fc.constantFrom(...["lifted", "absent", "off"] as const).map((
        outcome,
      ) => ({ outcome, detail: "" })),
      textOf(PLAIN, 0, 200).map((detail) => ({
        outcome: "failed" as const,
        detail,
      })),
    ),
  ).map(([session, order, result]) => ({
    ...{ kind: "UNBANNED" as const, session, order },
    ...result,
  })),
  fc.tuple(
    anySession,
    anyCount,
    fc.oneof(
      fc.constantFrom(...["taken", "known"] as const).map((outcome) => ({
        outcome,
        detail: "",
      })),
      fc.record({
        outcome: fc.constantFrom(...["configured", "failed"] as const),
        detail: textOf(PLAIN, 0, 200),
      }),
    ),
  ).map(([session, order, result]) => ({
    ...{ kind: "MOVED" as const, session, order },
    ...result,
  })),
  anyProbed,
  anyDrilled,
  record<Extract<NodeMessage, { kind: "EVENTS" }>>({
    kind: fc.constant("EVENTS"),
    session: anySession,
    batch: anyCount,
    events: fc.array(anyEvent, { minLength: 1, maxLength: 8 }),
  }),
  record<Extract<NodeMessage, { kind: "SYNC" }>>({
    kind: fc.constant("SYNC"),
    session: anySession,
    epoch: fc.option(anyEpoch),
    since: anyCount,
    part: fc.nat(999_999),
  }).map((sync) => sync.epoch === null ? { ...sync, since: 0 } : sync),
  record<Extract<NodeMessage, { kind: "RECEIPTS" }>>({
    kind: fc.constant("RECEIPTS"),
    session: anySession,
    batch: anyCount,
    results: fc.array(anyReceipt, { minLength: 1, maxLength: 8 }),
  }),
);
