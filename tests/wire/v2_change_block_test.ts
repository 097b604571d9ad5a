import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { WireChange } from "../../lib/wire/v2_messages.ts";
import {
  decodeStreamMessage,
  encodeChanges,
  encodeStreamMessage,
  MAX_CHANGES,
  MAX_STREAM_BYTES,
  parseEpoch,
} from "../../lib/wire/v2.ts";
import type { Frames } from "../../lib/zmq/ports.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const EPOCH = parseEpoch("e0".repeat(16)) ?? never();
const LONG_HOST = host(`${"h".repeat(63)}.${"h".repeat(63)}`);

function never(): never {
  throw new TypeError("Not an epoch");
}

function reports(from: number, count: number): readonly WireChange[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: "report",
    seq: from + 1 + at,
    agoMs: 3,
    jail: jail("sshd"),
    address: address(`203.0.${at >> 8 & 255}.${at & 255}`),
    origin: host("web-1.example.net"),
    remainingMs: 3_600_000,
    isPending: false,
  }));
}

function changesOf(messages: readonly Frames[]): readonly WireChange[] {
  return messages.flatMap((frames) => {
    const decoded = decodeStreamMessage(frames);
    ok(decoded.ok && decoded.value.kind === "C");
    strictEqual(decoded.value.epoch, EPOCH);
    return decoded.value.changes;
  });
}

const bodyBytes = (frames: Frames) => frames.at(-1)?.length ?? Infinity;

Deno.test("encodeChanges() makes one message of a lone change, and none of none", () => {
  deepStrictEqual(encodeChanges(EPOCH, []), []);
  const [only, ...others] = encodeChanges(EPOCH, reports(41, 1));
  deepStrictEqual(others, []);
  ok(only);
  const [change] = reports(41, 1);
  ok(change);
  const message = { kind: "C", epoch: EPOCH, changes: [change] } as const;
  deepStrictEqual(only, encodeStreamMessage(message));
});

Deno.test("encodeChanges() divides changes into messages that are full, without a gap or a change twice", () => {
  for (const count of [2, 500, 679, 2_000]) {
    const changes = reports(7, count);
    const messages = encodeChanges(EPOCH, changes);
    deepStrictEqual(changesOf(messages), changes);
    for (const [at, frames] of messages.entries()) {
      const [next] = changesOf(messages.slice(at + 1, at + 2));
      ok(bodyBytes(frames) <= MAX_STREAM_BYTES);
      // One more change of these takes 12 bytes.
      ok(next === undefined || bodyBytes(frames) > MAX_STREAM_BYTES - 12);
    }
  }
});

Deno.test("encodeChanges() writes a name once in each message, and anew in the next", () => {
  const changes = reports(0, 900).map((change, at): WireChange => ({
    ...{ kind: "lift", seq: change.seq, agoMs: 0, by: LONG_HOST },
    jail: jail(`jail-${at % 3}`),
    address: change.address,
  }));
  const messages = encodeChanges(EPOCH, changes);
  deepStrictEqual(changesOf(messages), changes);
  for (const frames of messages) {
    const text = new TextDecoder("latin1").decode(frames.at(-1));
    strictEqual(text.split(LONG_HOST).length, 2);
  }
});

Deno.test("encodeChanges() ends a message at its most changes, however short they are", () => {
  const changes = reports(0, 1_800).map((change): WireChange => ({
    ...{ kind: "withdraw", seq: change.seq, agoMs: 0, origin: host("a") },
    jail: change.jail,
    address: change.address,
  }));
  const messages = encodeChanges(EPOCH, changes);
  deepStrictEqual(changesOf(messages), changes);
  deepStrictEqual(messages.map((each) => changesOf([each]).length), [
    MAX_CHANGES,
    800,
  ]);
});

Deno.test("a message with changes that have gaps, none, or a bad member is not made", () => {
  const [first, second] = reports(0, 2);
  ok(first && second);
  const cases: readonly (readonly [changes: readonly object[], is: RegExp])[] =
    [
      [[first, { ...second, seq: 3 }], /"changes" breaks/],
      [[second, first], /"changes" breaks/],
      [[{ ...first, seq: 0 }], /"from" breaks/],
      [[{ ...first, jail: "all" }], /"jail" breaks/],
      [[{ ...first, origin: "a b" }], /"origin" breaks/],
      [[{ ...first, kind: "lift", by: "import:drop" }], /"by" breaks/],
      [[{ ...first, address: "192.0.2.01" }], /"address" breaks/],
      [[{ ...first, agoMs: 0.5 }], /"agoMs" breaks/],
      [[{ ...first, remainingMs: Infinity }], /"remainingMs" breaks/],
      [[{ ...first, isPending: 1 }], /"isPending" breaks/],
    ];
  for (const [changes, is] of cases) {
    const encode = () => encodeChanges(EPOCH, changes as WireChange[]);
    throws(encode, is);
    throws(encode, TypeError);
  }
  const tooMany = {
    kind: "C",
    epoch: EPOCH,
    changes: reports(0, 900),
  } as const;
  throws(() => encodeStreamMessage(tooMany), RangeError);
  throws(() => encodeStreamMessage({ ...tooMany, changes: [] }), RangeError);
  deepStrictEqual(changesOf(encodeChanges(EPOCH, [first])), [first]);
});
