/**
 * Arbitrary parts of messages of protocol 2, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type { NodeEvent, WireChange } from "../../../lib/wire/v2_messages.ts";
import type { Receipt } from "../../../lib/ban/receipt.ts";
import {
  MAX_SPAN_MS,
  parseEpoch,
  parseEventId,
  parseSessionId,
} from "../../../lib/wire/v2.ts";
import { anyAddress, anyHostName, anyJailName } from "./any_values.ts";

export const DIGITS = "0123456789abcdef";
export const LETTERS = "abcxyz";
export const PLAIN = Array.from(
  { length: 0x7f - 0x20 },
  (_, index) => String.fromCharCode(0x20 + index),
).filter((character) => character !== '"' && character !== "\\");

/** Records with the usual prototype. */
export function record<T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record<T>(members, { noNullPrototype: true });
}

export function textOf(
  units: Iterable<string>,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...units), minLength, maxLength });
}

export function parsed<T>(
  texts: fc.Arbitrary<string>,
  parse: (text: string) => T | undefined,
): fc.Arbitrary<T> {
  return texts.map(parse).filter((value) => value !== undefined);
}

export const anyEpoch = parsed(textOf(DIGITS, 32, 32), parseEpoch);
export const anySession = parsed(textOf(DIGITS, 32, 32), parseSessionId);
export const anyEventId = parsed(
  textOf(`${DIGITS}XYZ_-`, 16, 64),
  parseEventId,
);
export const anyWord = textOf(`${LETTERS}_-0`, 1, 32).filter((text) =>
  /^[a-z]/.test(text)
);
export const anyCount = fc.maxSafeNat();
export const anySpan = fc.oneof(
  fc.integer({ min: 0, max: MAX_SPAN_MS }),
  fc.constantFrom(0, MAX_SPAN_MS),
);
export const anyRemaining = fc.option(anySpan);
export const anyUrl = fc.tuple(
  fc.constantFrom("192.0.2.10", "[2001:db8::1]", "hub.example.net", "hub_1"),
  fc.integer({ min: 1, max: 65_535 }),
).map(([host, port]) => `tcp://${host}:${port}`);
export const key = { jail: anyJailName, address: anyAddress };

export const anyEvent: fc.Arbitrary<NodeEvent> = fc.oneof(
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

export const anyReceipt = record<Receipt>({
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

export function anyChange(seq: number): fc.Arbitrary<WireChange> {
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
