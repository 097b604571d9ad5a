import { MAX_PATTERNS } from "../../lib/choice/pattern_list.ts";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import {
  MAX_ACTIONS,
  MAX_CHANGES,
  MAX_CONTROL_BYTES,
  MAX_EVENTS,
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_STREAM_BYTES,
  parseEpoch,
  parseEventId,
  parseSessionId,
  plainText,
  type RejectReasonV2,
} from "../../lib/wire/v2.ts";
import { MAX_SPOKEN } from "../../lib/wire/v2_limits.ts";
import { MAX_IGNORE } from "../../lib/base/bounds.ts";
import {
  codecOf,
  framesOf,
  messageOf,
} from "../support/values/wire_vectors.ts";
import INVALID from "../vectors/protocol2_invalid.json" with { type: "json" };
import VALID from "../vectors/protocol2_valid.json" with { type: "json" };

/** Every reason; the compiler says when one is missing or too many. */
const REASONS: Readonly<Record<RejectReasonV2, true>> = {
  action: true,
  actions: true,
  address: true,
  agoMs: true,
  allowPrivate: true,
  batch: true,
  block: true,
  by: true,
  canonical: true,
  change: true,
  changes: true,
  code: true,
  controlUrl: true,
  depth: true,
  detail: true,
  encoding: true,
  epoch: true,
  events: true,
  fields: true,
  frames: true,
  from: true,
  holdMs: true,
  id: true,
  ignore: true,
  ignoreJails: true,
  isLast: true,
  isSeen: true,
  jail: true,
  json: true,
  kind: true,
  logReadAgoMs: true,
  magic: true,
  maxEvents: true,
  maxReceipts: true,
  message: true,
  minPrefix4: true,
  minPrefix6: true,
  name: true,
  node: true,
  nowMs: true,
  observeNodes: true,
  order: true,
  origin: true,
  outcome: true,
  oversized: true,
  part: true,
  place: true,
  refused: true,
  remainingMs: true,
  results: true,
  revision: true,
  role: true,
  rule: true,
  seq: true,
  session: true,
  since: true,
  speaks: true,
  streamUrl: true,
  takeNodes: true,
  to: true,
  token: true,
  tookMs: true,
  unacknowledged: true,
  version: true,
  wanted: true,
  why: true,
};
const KINDS: Readonly<Record<string, readonly string[]>> = {
  node: [
    ...["BYE", "DRILLED", "EVENTS", "HELLO", "MOVED", "PROBED", "RECEIPTS"],
    ...["STATE", "SYNC", "UNBANNED"],
  ],
  publisher: [
    ...["ACK", "ASK", "CHANGES", "DRILL", "ERROR", "HEARD", "IGNORE", "MOVE"],
    ...["PROBE", "SNAPSHOT", "UNBAN", "WELCOME"],
  ],
  stream: ["C", "H", "P"],
};

const SESSION = "5e".repeat(16);
const EPOCH = "e0".repeat(16);
const LONGEST_HOST = `${"h".repeat(63)}.${"h".repeat(63)}.${"h".repeat(63)}.${
  "h".repeat(61)
}`;
const LONGEST_ADDRESS = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127";
const MOST = Number.MAX_SAFE_INTEGER;
const KEY = { jail: "j".repeat(64), address: LONGEST_ADDRESS };

const text = (frame: Uint8Array | undefined) => new TextDecoder().decode(frame);

for (const vector of VALID) {
  Deno.test(`protocol 2 has one form of ${vector.name}`, () => {
    const { encode, decode } = codecOf(vector.from);
    const frames = framesOf(vector);
    const value = messageOf(vector);
    deepStrictEqual(decode(frames), { ok: true, value });
    deepStrictEqual(encode(value), frames);
  });
}

for (const vector of INVALID) {
  const { name, from, reason } = vector;
  Deno.test(`protocol 2 refuses from ${from}: ${name}: ${reason}`, () => {
    deepStrictEqual(codecOf(from).decode(framesOf(vector)), {
      ok: false,
      reason,
    });
  });
}

Deno.test("the vectors have every message, and every reason", () => {
  for (const [from, kinds] of Object.entries(KINDS)) {
    const seen = VALID.filter((vector) => vector.from === from)
      .map(({ value }) => value.kind);
    deepStrictEqual([...new Set(seen)].sort(), kinds);
  }
  const reasons = new Set(INVALID.map(({ reason }) => reason));
  deepStrictEqual([...reasons].sort(), Object.keys(REASONS).sort());
});

Deno.test("the encoders write members in their order, and those they know only", () => {
  const { encode } = codecOf("node");
  const [, , body] = encode({
    version: "1",
    secret: "left out",
    token: "",
    role: "monitor",
    node: "web-1",
    kind: "HELLO",
  });
  strictEqual(
    text(body),
    '{"node":"web-1","role":"monitor","token":"","version":"1"}',
  );
});

Deno.test("the encoders throw when a member breaks its grammar, and don't quote it", () => {
  const hello = { kind: "HELLO", node: "web-1", role: "monitor", version: "1" };
  const cases: readonly [from: string, message: unknown, member: string][] = [
    ["node", { ...hello, token: 'a"secret' }, "token"],
    ["node", { ...hello, token: "s".repeat(257) }, "token"],
    ["node", { ...hello, token: undefined }, "token"],
    ["stream", { kind: "H", epoch: EPOCH, revision: 0, seq: 1.5 }, "seq"],
    ["stream", { kind: "H", epoch: EPOCH, revision: 0, seq: Infinity }, "seq"],
    ["publisher", { kind: "ERROR", code: "busy", message: "\n" }, "message"],
  ];
  for (const [from, message, member] of cases) {
    throws(() => codecOf(from).encode(message), (error: Error) => {
      strictEqual(error.name, "TypeError");
      ok(error.message.includes(`"${member}"`), error.message);
      return !error.message.includes("secret");
    });
  }
  throws(
    () => codecOf("node").encode({ kind: "constructor" }),
    /^TypeError: Cannot encode an unknown kind$/,
  );
});

const many = <T>(length: number, item: (index: number) => T) =>
  Array.from({ length }, (_, index) => item(index));

const LONGEST_EVENT = {
  kind: "ban",
  id: "i".repeat(64),
  ...KEY,
  remainingMs: MAX_SPAN_MS,
  agoMs: MAX_SPAN_MS,
};
const LONGEST_RECEIPT = {
  ...KEY,
  action: "a".repeat(32),
  outcome: "refused",
  detail: "d".repeat(200),
  agoMs: MAX_SPAN_MS,
};
const LONGEST_RESULT = {
  ...{ outcome: "refused", rule: "r".repeat(32), change: null },
};

function longestChange(seq: number) {
  return {
    kind: "report",
    seq,
    agoMs: MAX_SPAN_MS,
    ...KEY,
    origin: LONGEST_HOST,
    remainingMs: MAX_SPAN_MS,
    isPending: false,
  };
}

const LONGEST_STATE = {
  kind: "subscriber",
  epoch: EPOCH,
  seq: MOST,
  isFollowing: false,
  actions: many(MAX_ACTIONS, (at) => ({
    name: `${at}`.padStart(32, "n"),
    ...{ wanted: MOST, inForce: MOST, failing: MOST, refused: MOST },
  })),
  choice: Object.fromEntries(
    ["takeJails", "ignoreJails", "takeNodes", "ignoreNodes", "observeNodes"]
      .map((name) => [name, many(MAX_PATTERNS, () => "*".repeat(253))]),
  ),
  observed: { wanted: MOST, banned: MOST, lifted: MOST, refused: MOST },
};

/** Messages as long as they can be, but for those that a bound of bytes ends. */
const LONGEST: readonly (readonly [from: string, message: object])[] = [
  ["node", {
    kind: "EVENTS",
    session: SESSION,
    batch: MOST,
    events: many(MAX_EVENTS, () => LONGEST_EVENT),
  }],
  ["node", {
    kind: "RECEIPTS",
    session: SESSION,
    batch: MOST,
    results: many(MAX_RECEIPTS, () => LONGEST_RECEIPT),
  }],
  ["node", { kind: "STATE", session: SESSION, state: LONGEST_STATE }],
  ["publisher", {
    kind: "WELCOME",
    session: SESSION,
    speaks: MAX_SPOKEN,
    epoch: EPOCH,
    seq: MOST,
    limits: { maxEvents: MAX_EVENTS, maxReceipts: MAX_RECEIPTS },
    revision: MOST,
    ignore: many(MAX_IGNORE, () => LONGEST_ADDRESS),
  }],
  ["publisher", {
    kind: "IGNORE",
    revision: MOST,
    ignore: many(MAX_IGNORE, () => LONGEST_ADDRESS),
  }],
  ["publisher", {
    kind: "ACK",
    batch: MOST,
    results: many(MAX_EVENTS, () => LONGEST_RESULT),
  }],
  ["publisher", {
    kind: "CHANGES",
    epoch: EPOCH,
    from: MOST - MAX_CHANGES,
    to: MOST,
    seq: MOST,
    changes: many(
      MAX_CHANGES,
      (index) => longestChange(MOST - MAX_CHANGES + 1 + index),
    ),
  }],
  ["node", {
    kind: "PROBED",
    session: SESSION,
    order: MOST,
    refused: "r".repeat(200),
    revision: MOST,
    minPrefix4: 32,
    minPrefix6: 128,
    allowPrivate: false,
    state: LONGEST_STATE,
  }],
  ["node", {
    kind: "DRILLED",
    session: SESSION,
    order: MOST,
    actions: many(MAX_ACTIONS, () => ({
      name: "n".repeat(32),
      outcome: "standing",
      isSeen: false,
      tookMs: MOST,
      detail: "d".repeat(200),
    })),
    detail: "",
  }],
  ["stream", { kind: "C", epoch: EPOCH, changes: [longestChange(MOST)] }],
  ["stream", {
    kind: "P",
    epoch: EPOCH,
    order: MOST,
    address: LONGEST_ADDRESS,
    node: LONGEST_HOST,
  }],
];

Deno.test("every message of one body fits at its longest", () => {
  for (const [from, message] of LONGEST) {
    const { encode, decode } = codecOf(from);
    const frames = encode(message);
    const limit = from === "stream" ? MAX_STREAM_BYTES : MAX_CONTROL_BYTES;
    ok((frames.at(-1)?.length ?? Infinity) <= limit);
    deepStrictEqual(decode(frames), { ok: true, value: message });
  }
});

Deno.test("parseEpoch(), parseSessionId() and parseEventId() take what the grammar says", () => {
  for (const parse of [parseEpoch, parseSessionId]) {
    strictEqual(parse(EPOCH), EPOCH);
    for (const bad of ["", EPOCH.slice(1), `${EPOCH}0`, EPOCH.toUpperCase()]) {
      strictEqual(parse(bad), undefined, bad);
    }
    strictEqual(parse(`${EPOCH}\n`), undefined);
  }
  for (const good of ["0123456789abcdef", "A-Z_".repeat(16)]) {
    strictEqual(parseEventId(good), good);
  }
  for (
    const bad of ["", "0".repeat(15), "0".repeat(65), "0".repeat(16) + "="]
  ) {
    strictEqual(parseEventId(bad), undefined, bad);
  }
});

Deno.test("plainText() makes any text fit for a message", () => {
  const { encode } = codecOf("publisher");
  const cases = [
    ["as it is", "as it is"],
    ['Cannot open "C:\\x"', "Cannot open 'C:/x'"],
    ["a\tb\n\x7f", "a?b??"],
    ["m\u00fcller \ud83d\ude00 \ud800", "m?ller ?? ?"],
    ["x".repeat(300), "x".repeat(200)],
  ] as const;
  for (const [any, message] of cases) {
    strictEqual(plainText(any), message);
    ok(encode({ kind: "ERROR", code: "busy", message }));
  }
});
