/**
 * Arbitrary messages of protocol 2, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type {
  PublisherMessage,
  StreamMessage,
} from "../../../lib/wire/v2_messages.ts";
import { BanBlock } from "../../../lib/ban/ban_block.ts";
import { blockBan } from "../../../lib/wire/wire_times.ts";
import { anyBan } from "./any_bans.ts";
import { anyAddress, anyHostName, anyJailName } from "./any_values.ts";
import {
  anyChange,
  anyCount,
  anyEpoch,
  anySession,
  anyUrl,
  anyWord,
  DIGITS,
  PLAIN,
  record,
  textOf,
} from "./any_parts.ts";
import { anyNodeMessage, anySpoken } from "./any_node_messages.ts";

const NOW_MS = 1_800_000_000_000;

const anyBlock = fc.array(anyBan, { maxLength: 5 }).map((bans) =>
  BanBlock.of(bans.flatMap((ban) => blockBan(ban, NOW_MS) ?? []))
);
const anySnapshot = record<Extract<PublisherMessage, { kind: "SNAPSHOT" }>>({
  kind: fc.constant("SNAPSHOT"),
  epoch: anyEpoch,
  seq: anyCount,
  part: fc.nat(999_999),
  isLast: fc.boolean(),
  nowMs: fc.nat().map((ms) => NOW_MS + ms),
  block: anyBlock,
}).map((message) =>
  message.block.columns.spans.length === 0
    ? { ...message, isLast: true }
    : message
);

function numbersAfter(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => from + 1 + at);
}

const anyChanges = fc.tuple(
  fc.maxSafeNat().map((from) => Math.max(0, from - 200)),
  fc.nat(6),
  fc.nat(100),
).chain(([from, count, ahead]) => {
  return record<Extract<PublisherMessage, { kind: "CHANGES" }>>({
    kind: fc.constant("CHANGES"),
    epoch: anyEpoch,
    from: fc.constant(from),
    to: fc.constant(from + count),
    seq: fc.constant(from + count + (count === 0 ? 0 : ahead)),
    changes: fc.tuple(...numbersAfter(from, count).map(anyChange)),
  });
});

/** Messages of the publisher. */
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
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((change) =>
          ({ outcome: "accepted", rule: "", change }) as const
        ),
        fc.constant({ outcome: "known", rule: "", change: null } as const),
        anyWord.map((rule) =>
          ({ outcome: "refused", rule, change: null }) as const
        ),
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

/** Messages of the stream. */
export const anyStreamMessage: fc.Arbitrary<StreamMessage> = fc.oneof(
  fc.tuple(
    anyEpoch,
    fc.maxSafeNat().map((from) => Math.max(0, from - 6)),
    fc.integer({ min: 1, max: 6 }),
  ).chain(([epoch, from, count]) =>
    fc.tuple(...numbersAfter(from, count).map(anyChange))
      .map((changes) => ({ kind: "C", epoch, changes }) as const)
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

/** A sender and its message. */
export const anyMessage: fc.Arbitrary<
  readonly [from: string, message: { readonly kind: string }]
> = fc.oneof(
  anyNodeMessage.map((message) => ["node", message] as const),
  anyPublisherMessage.map((message) => ["publisher", message] as const),
  anyStreamMessage.map((message) => ["stream", message] as const),
);
