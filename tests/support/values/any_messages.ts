/**
 * Arbitrary messages of protocol 2, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type {
  ActionState,
  NodeCondition,
  NodeEvent,
  NodeMessage,
  ObservedState,
  PublisherMessage,
  StreamMessage,
  WireBan,
  WireChange,
  WireReport,
} from "../../../lib/wire/v2_messages.ts";
import type { ReceiverChoice } from "../../../lib/choice/receiver_choice.ts";
import type { Receipt } from "../../../lib/ban/receipt.ts";
import {
  MAX_SPAN_MS,
  parseEpoch,
  parseEventId,
  parsePlace,
  parseSessionId,
} from "../../../lib/wire/v2.ts";
import {
  DRILL_OUTCOMES,
  type DrilledAction,
} from "../../../lib/wire/v2_probes.ts";
import { anyAddress, anyHostName, anyJailName } from "./any_values.ts";

const DIGITS = "0123456789abcdef";
const LETTERS = "abcxyz";
const PLAIN = Array.from(
  { length: 0x7f - 0x20 },
  (_, index) => String.fromCharCode(0x20 + index),
).filter((character) => character !== '"' && character !== "\\");

/** Records without surprises in their prototypes. */
function record<T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record<T>(members, { noNullPrototype: true });
}

function textOf(
  units: Iterable<string>,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...units), minLength, maxLength });
}

function parsed<T>(
  texts: fc.Arbitrary<string>,
  parse: (text: string) => T | undefined,
): fc.Arbitrary<T> {
  return texts.map(parse).filter((value) => value !== undefined);
}

const anyEpoch = parsed(textOf(DIGITS, 32, 32), parseEpoch);
const anySession = parsed(textOf(DIGITS, 32, 32), parseSessionId);
const anyEventId = parsed(textOf(`${DIGITS}XYZ_-`, 16, 64), parseEventId);
const anyWord = textOf(`${LETTERS}_-0`, 1, 32).filter((text) =>
  /^[a-z]/.test(text)
);
const anyCount = fc.maxSafeNat();
const anySpan = fc.oneof(
  fc.integer({ min: 0, max: MAX_SPAN_MS }),
  fc.constantFrom(0, MAX_SPAN_MS),
);
const anyRemaining = fc.option(anySpan);
const anyUrl = fc.tuple(
  fc.constantFrom("192.0.2.10", "[2001:db8::1]", "hub.example.net", "hub_1"),
  fc.integer({ min: 1, max: 65_535 }),
).map(([host, port]) => `tcp://${host}:${port}`);
const key = { jail: anyJailName, address: anyAddress };

const anyEvent: fc.Arbitrary<NodeEvent> = fc.oneof(
  record<Extract<NodeEvent, { kind: "ban" }>>({
    kind: fc.constant("ban"),
    id: anyEventId,
    ...key,
    remainingMs: anyRemaining,
    agoMs: anySpan,
  }),
  record<Extract<NodeEvent, { kind: "unban" }>>({
    kind: fc.constant("unban"),
    id: anyEventId,
    ...key,
    why: fc.constantFrom("lifted", "ended"),
  }),
);

const anyReceipt = record<Receipt>({
  ...key,
  action: anyWord,
  outcome: fc.constantFrom("applied", "lifted", "refused", "failed"),
  detail: textOf(PLAIN, 0, 200),
  agoMs: anySpan,
}).map((receipt) =>
  receipt.outcome === "applied" || receipt.outcome === "lifted"
    ? { ...receipt, detail: "" }
    : receipt
);

const anyReport = record<WireReport>({
  origin: anyHostName,
  firstAgoMs: anySpan,
  lastAgoMs: anySpan,
  remainingMs: anyRemaining,
});

/** Bans whose number is not above `maxSeq`. */
export function anyWireBan(maxSeq: number): fc.Arbitrary<WireBan> {
  return record<WireBan>({
    ...key,
    seq: fc.integer({ min: 1, max: maxSeq }),
    isPending: fc.boolean(),
    reports: fc.uniqueArray(anyReport, {
      minLength: 1,
      maxLength: 6,
      selector: ({ origin }) => origin.toLowerCase(),
    }),
  });
}

function anyChange(seq: number): fc.Arbitrary<WireChange> {
  const common = { seq: fc.constant(seq), agoMs: anySpan, ...key };
  return fc.oneof(
    record<Extract<WireChange, { kind: "report" }>>({
      kind: fc.constant("report"),
      ...common,
      origin: anyHostName,
      remainingMs: anyRemaining,
      isPending: fc.boolean(),
    }),
    record<Extract<WireChange, { kind: "withdraw" }>>({
      kind: fc.constant("withdraw"),
      ...common,
      origin: anyHostName,
    }),
    record<Extract<WireChange, { kind: "lift" }>>({
      kind: fc.constant("lift"),
      ...common,
      by: anyHostName,
    }),
  );
}

const anySpoken = fc.integer({ min: 1, max: 255 });

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

/** What nodes say. */
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

const anySnapshot = anyCount.chain((seq) =>
  record<Extract<PublisherMessage, { kind: "SNAPSHOT" }>>({
    kind: fc.constant("SNAPSHOT"),
    epoch: anyEpoch,
    seq: fc.constant(seq),
    part: fc.nat(999_999),
    isLast: fc.boolean(),
    bans: seq === 0
      ? fc.constant([])
      : fc.array(anyWireBan(seq), { maxLength: 5 }),
  })
).map((message) =>
  message.bans.length === 0 ? { ...message, isLast: true } : message
);

const anyChanges = fc.tuple(
  fc.maxSafeNat().map((from) => Math.max(0, from - 200)),
  fc.nat(6),
  fc.nat(100),
).chain(([from, count, ahead]) => {
  const numbers = Array.from({ length: count }, (_, at) => from + 1 + at);
  return record<Extract<PublisherMessage, { kind: "CHANGES" }>>({
    kind: fc.constant("CHANGES"),
    epoch: anyEpoch,
    from: fc.constant(from),
    to: fc.constant(from + count),
    seq: fc.constant(from + count + (count === 0 ? 0 : ahead)),
    changes: fc.tuple(...numbers.map(anyChange)),
  });
});

/** What the publisher answers. */
export const anyPublisherMessage: fc.Arbitrary<PublisherMessage> = fc.oneof(
  record<Extract<PublisherMessage, { kind: "WELCOME" }>>({
    kind: fc.constant("WELCOME"),
    session: anySession,
    speaks: anySpoken,
    epoch: anyEpoch,
    seq: anyCount,
    limits: record({
      maxEvents: fc.integer({ min: 1, max: 1_000 }),
      maxReceipts: fc.integer({ min: 1, max: 1_000 }),
    }),
    revision: anyCount,
    ignore: fc.array(anyAddress, { maxLength: 8 }),
  }),
  record<Required<Extract<PublisherMessage, { kind: "WELCOME" }>>>({
    kind: fc.constant("WELCOME"),
    session: anySession,
    speaks: anySpoken,
    epoch: anyEpoch,
    seq: anyCount,
    limits: record({
      maxEvents: fc.integer({ min: 1, max: 1_000 }),
      maxReceipts: fc.integer({ min: 1, max: 1_000 }),
    }),
    revision: anyCount,
    ignore: fc.array(anyAddress, { maxLength: 8 }),
    publisher: record({
      version: textOf(`${DIGITS}.+_-`, 1, 64),
      nowMs: anyCount,
    }),
  }),
  record<Extract<PublisherMessage, { kind: "IGNORE" }>>({
    kind: fc.constant("IGNORE"),
    revision: anyCount,
    ignore: fc.array(anyAddress, { maxLength: 8 }),
  }),
  fc.constant({ kind: "ASK" } as const),
  record<Extract<PublisherMessage, { kind: "UNBAN" }>>({
    kind: fc.constant("UNBAN"),
    order: anyCount,
    jail: anyJailName,
    address: anyAddress,
  }),
  record<Extract<PublisherMessage, { kind: "MOVE" }>>({
    kind: fc.constant("MOVE"),
    order: anyCount,
    controlUrl: anyUrl,
    streamUrl: anyUrl,
  }),
  record<Extract<PublisherMessage, { kind: "PROBE" }>>({
    kind: fc.constant("PROBE"),
    order: anyCount,
    address: anyAddress,
  }),
  record<Extract<PublisherMessage, { kind: "DRILL" }>>({
    kind: fc.constant("DRILL"),
    order: anyCount,
    address: anyAddress,
    holdMs: fc.integer({ min: 1, max: 60_000 }),
  }),
  fc.constant({ kind: "HEARD" } as const),
  record<Extract<PublisherMessage, { kind: "ACK" }>>({
    kind: fc.constant("ACK"),
    batch: anyCount,
    results: fc.array(
      fc.oneof(
        fc.constant({ outcome: "accepted", rule: "" } as const),
        fc.constant({ outcome: "known", rule: "" } as const),
        anyWord.map((rule) => ({ outcome: "refused", rule }) as const),
      ),
      { maxLength: 8 },
    ),
  }),
  anySnapshot,
  anyChanges,
  record<Extract<PublisherMessage, { kind: "ERROR" }>>({
    kind: fc.constant("ERROR"),
    code: fc.constantFrom(
      ...["protocol", "session", "token", "version", "twin"] as const,
      ...["rights", "aside", "busy", "store"] as const,
    ),
    message: textOf(PLAIN, 0, 200),
  }),
);

/** What the stream tells. */
export const anyStreamMessage: fc.Arbitrary<StreamMessage> = fc.oneof(
  fc.tuple(anyEpoch, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
    .chain(([epoch, seq]) =>
      anyChange(seq).map((change) => ({ kind: "C", epoch, change }) as const)
    ),
  record<Extract<StreamMessage, { kind: "P" }>>({
    kind: fc.constant("P"),
    epoch: anyEpoch,
    order: anyCount,
    address: anyAddress,
    node: fc.option(anyHostName),
  }),
  record<Extract<StreamMessage, { kind: "H" }>>({
    kind: fc.constant("H"),
    epoch: anyEpoch,
    seq: anyCount,
    revision: anyCount,
  }),
);

/** Who sends, and a message of theirs. */
export const anyMessage: fc.Arbitrary<
  readonly [from: string, message: { readonly kind: string }]
> = fc.oneof(
  anyNodeMessage.map((message) => ["node", message] as const),
  anyPublisherMessage.map((message) => ["publisher", message] as const),
  anyStreamMessage.map((message) => ["stream", message] as const),
);
