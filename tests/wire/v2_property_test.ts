import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Frames } from "../../lib/zmq/ports.ts";
import { MAX_CONTROL_BYTES } from "../../lib/wire/v2.ts";
import { anyMessage } from "../support/values/any_messages.ts";
import { codecOf } from "../support/values/wire_vectors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const KINDS: readonly (readonly [from: string, kind: string])[] = [
  ["node", "HELLO"],
  ["node", "EVENTS"],
  ["node", "SYNC"],
  ["node", "RECEIPTS"],
  ["node", "STATE"],
  ["node", "BYE"],
  ["node", "UNBANNED"],
  ["node", "PROBED"],
  ["node", "DRILLED"],
  ["node", "MOVED"],
  ["publisher", "WELCOME"],
  ["publisher", "IGNORE"],
  ["publisher", "ASK"],
  ["publisher", "UNBAN"],
  ["publisher", "PROBE"],
  ["publisher", "DRILL"],
  ["publisher", "MOVE"],
  ["publisher", "HEARD"],
  ["publisher", "ACK"],
  ["publisher", "SNAPSHOT"],
  ["publisher", "CHANGES"],
  ["publisher", "ERROR"],
  ["stream", "C"],
  ["stream", "H"],
  ["stream", "P"],
];

/** Whose bodies are no JSON, and what is refused of text: sixteen octets are an epoch or a session, whatever they are. */
const IN_BYTES: Readonly<Record<string, string>> = {
  C: "kind",
  CHANGES: "kind",
  RECEIPTS: "outcome",
};

/** The frames that a body of a kind is sent in. */
function framesWith(from: string, kind: string, body: Uint8Array): Frames {
  const head = from === "stream" ? [] : [bytes("F2B2")];
  const block = kind === "SNAPSHOT" ? [new Uint8Array()] : [];
  return [...head, bytes(kind), body, ...block];
}

/** What is taken is the one way to write what it says. */
function checkVerdict(from: string, frames: Frames): void {
  const { encode, decode } = codecOf(from);
  const decoded = decode(frames);
  if (!decoded.ok) strictEqual(typeof decoded.reason, "string");
  else {deepStrictEqual(
      encode(decoded.value),
      frames.map((frame) => Uint8Array.from(frame)),
    );}
}

Deno.test("protocol 2 decodes whatever it encodes", () => {
  fc.assert(
    fc.property(anyMessage, ([from, message]) => {
      const { encode, decode } = codecOf(from);
      deepStrictEqual(decode(encode(message)), { ok: true, value: message });
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a message of protocol 2 with other bytes is refused, or is the one way to write what it now says", () => {
  const mutation = fc.record({
    frame: fc.nat(),
    at: fc.nat(),
    removed: fc.nat(3),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc.constantFrom(
        ...'019-.eE{}[],:"\\ \t\na/_',
        "null",
        "true",
        "false",
        "\\u0061",
        ',"seq":1',
        '"__proto__":1,',
        "\u00e4",
      ).map(bytes),
    ),
  });
  fc.assert(
    fc.property(anyMessage, mutation, ([from, message], change) => {
      const frames = codecOf(from).encode(message);
      // Mostly the body; its head is short.
      const which = Math.max(0, frames.length - 1 - (change.frame % 8 >> 1));
      const mutated = frames.map((frame, index) => {
        if (index !== which) return frame;
        const start = change.at % (frame.length + 1);
        return Uint8Array.of(
          ...frame.subarray(0, start),
          ...change.put,
          ...frame.subarray(start + change.removed),
        );
      });
      checkVerdict(from, mutated);
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("a message of protocol 2 with another value for a member is refused, or is the one way to write it", () => {
  const numbers = ["1e400", "-1e400", "-0", "1.0", "1e2", "01", "0x1", "-1"];
  const texts = ['"\\ud800"', '"\ud83d\ude00"', '"constructor"', '"toString"'];
  const others = ["{}", "[]", "null", "true", "[[[[[[]]]]]]", '{"a":{}}', ""];
  const value = fc.constantFrom(...numbers, ...texts, ...others);
  fc.assert(
    fc.property(anyMessage, fc.nat(), value, ([from, message], nth, value) => {
      const frames = codecOf(from).encode(message);
      const body = new TextDecoder().decode(frames.at(-1));
      const members = [...body.matchAll(/(?<=":)(?:"[^"]*"|[\w-]+)/g)];
      const member = members[nth % Math.max(1, members.length)];
      if (member === undefined) return;
      const mutated = body.slice(0, member.index) + value +
        body.slice(member.index + member[0].length);
      checkVerdict(from, [...frames.slice(0, -1), bytes(mutated)]);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("no bytes make the decoders of protocol 2 throw", () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom("F2B2", "", "C", "H", ...KINDS.map(([, kind]) => kind))
      .map(bytes),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\0e-.truefalsn') }).map(
      bytes,
    ),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), (frames) => {
      for (const from of ["node", "publisher", "stream"]) {
        strictEqual(codecOf(from).decode(frames).ok, false);
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("no JSON makes the decoders of protocol 2 throw", () => {
  const names = fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "kind",
    "epoch",
    "seq",
    "change",
    "session",
    "batch",
    "events",
    "results",
    "length",
  );
  const json = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }))
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(json, (json) => {
      for (const [from, kind] of KINDS) {
        if (kind in IN_BYTES) continue;
        const frames = framesWith(from, kind, bytes(json));
        const isWhole = ["ASK", "HEARD"].includes(kind) && json === "{}";
        strictEqual(codecOf(from).decode(frames).ok, isWhole);
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("names of JavaScript's own do nothing in protocol 2", () => {
  const epoch = "e0".repeat(16);
  const good = `"epoch":"${epoch}","seq":1`;
  const bodies = [
    `{"__proto__":{"epoch":"${epoch}","seq":1}}`,
    `{"__proto__":{"isPolluted":true},${good}}`,
    `{${good},"__proto__":{"isPolluted":true}}`,
    `{${good},"constructor":{"prototype":{"isPolluted":true}}}`,
    `{"__proto__":null,${good}}`,
    `{${good},"toJSON":1}`,
  ];
  for (const body of bodies) {
    const decoded = codecOf("stream").decode([bytes("H"), bytes(body)]);
    deepStrictEqual(decoded, { ok: false, reason: "fields" }, body);
  }
  strictEqual("isPolluted" in {}, false);
});

Deno.test("JSON that is deep or wide is refused by every decoder, up to the longest body", () => {
  const filled = (open: string, unit: (index: number) => string) => {
    const parts: string[] = [open];
    for (let length = 0, index = 0; length < MAX_CONTROL_BYTES - 64; index++) {
      parts.push(unit(index));
      length += parts.at(-1)?.length ?? 0;
    }
    return parts.join("");
  };
  const bodies = [
    [filled("", () => "["), "depth"],
    [filled("", () => '{"a":'), "depth"],
    [filled("[", () => "0,") + "0]", "fields"],
    [filled("[", () => "{},") + "{}]", "fields"],
    [filled("[", (index) => `{"k${index}":0},`) + "0]", "fields"],
    [filled("{", (index) => `"k${index}":0,`) + '"z":0}', "fields"],
    [filled("{", (index) => `"${index}":0,`) + '"z":0}', "fields"],
    [filled('"', () => "\\\\") + '"', "fields"],
    [filled('"', () => "x"), "json"],
    [filled("", () => "]"), "json"],
    [filled("", () => ","), "fields"],
    [filled("", () => "9"), "fields"],
  ] as const;
  for (const [body, reason] of bodies) {
    ok(body.length <= MAX_CONTROL_BYTES);
    for (const [from, kind] of KINDS) {
      const decoded = codecOf(from).decode(framesWith(from, kind, bytes(body)));
      deepStrictEqual(decoded, {
        ok: false,
        reason: from === "stream" ? "oversized" : IN_BYTES[kind] ?? reason,
      }, body.slice(0, 40));
    }
  }
});
