import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  IDENTITY_FORM,
  MEMBERSHIP_FORM,
} from "../../lib/members/identity_forms.ts";
import { decodeJoinCode, encodeJoinCode } from "../../lib/members/join_code.ts";
import { host } from "../support/values/core_values.ts";
import { keysOf, membership } from "../support/cluster/memberships.ts";

const MEMBERSHIP = membership("web1");
const CODE = encodeJoinCode(MEMBERSHIP);
const DAMAGED = { ok: false, fault: "damaged" } as const;

const byte = fc.nat(255);
const anyMembership = fc.record({
  node: fc.constantFrom("a", "web_1.example.net", "x".repeat(63)),
  keys: fc.tuple(byte, byte),
  publisher: byte,
  token: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  url: fc.constantFrom("tcp://192.0.2.10", "tcp://[2001:db8::1]", "tcp://hub"),
  port: fc.integer({ min: 1, max: 65_534 }),
}).map(({ node, keys, publisher, token, url, port }) =>
  membership("web1", {
    node: host(node),
    keys: keysOf(...keys),
    publisherKey: keysOf(publisher, 0).publicKey,
    token: token.toBase64({ alphabet: "base64url", omitPadding: true }),
    controlUrl: `${url}:${port}`,
    streamUrl: `${url}:${port + 1}`,
  })
);

Deno.test("a join code is one word that says its version, and is read as it was written", () => {
  match(CODE, /^F2BC1[A-Za-z0-9_-]{200,300}$/);
  deepStrictEqual(decodeJoinCode(CODE), { ok: true, value: MEMBERSHIP });
  deepStrictEqual(decodeJoinCode(` ${CODE}\n`), {
    ok: true,
    value: MEMBERSHIP,
  });
});

Deno.test("any membership is read from its code, and from its file", () => {
  fc.assert(
    fc.property(anyMembership, (value) => {
      deepStrictEqual(decodeJoinCode(encodeJoinCode(value)), {
        ok: true,
        value,
      });
      const text = MEMBERSHIP_FORM.encode(value);
      deepStrictEqual(MEMBERSHIP_FORM.decode(text), value);
      const { keys, controlUrl, streamUrl } = value;
      const identity = { keys, controlUrl, streamUrl };
      deepStrictEqual(
        IDENTITY_FORM.decode(IDENTITY_FORM.encode(identity)),
        identity,
      );
    }),
    { numRuns: 200 },
  );
});

Deno.test("text that is no join code is told from one of another version", () => {
  for (const text of ["", "hello", "f2bc1", "F2B", CODE.slice(1)]) {
    deepStrictEqual(decodeJoinCode(text), { ok: false, fault: "none" });
  }
  for (const text of ["F2BC", "F2BC2", CODE.replace("F2BC1", "F2BC9")]) {
    deepStrictEqual(decodeJoinCode(text), { ok: false, fault: "version" });
  }
});

Deno.test("a join code that a terminal broke over two lines says so", () => {
  for (const gap of [" ", "\n", "\r\n  ", "\t", "\u00a0"]) {
    deepStrictEqual(
      decodeJoinCode(`${CODE.slice(0, 80)}${gap}${CODE.slice(80)}\n`),
      { ok: false, fault: "broken" },
    );
  }
});

const place = fc.integer({ min: 5, max: CODE.length - 1 });

Deno.test("one character that is another, missing, doubled or too many is found in a join code", () => {
  const character = fc.constantFrom(..."AZaz09_-.\u00e9");
  fc.assert(
    fc.property(place, character, (at, other) => {
      fc.pre(CODE.charAt(at) !== other);
      const after = CODE.slice(at + 1);
      const damages = [
        CODE.slice(0, at) + other + after,
        CODE.slice(0, at) + after,
        CODE.slice(0, at) + CODE.charAt(at) + CODE.slice(at),
        CODE.slice(0, at) + other + CODE.slice(at),
      ];
      for (const damaged of damages) {
        deepStrictEqual(decodeJoinCode(damaged), DAMAGED);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("two neighbours that changed places, and a code that was cut, are found", () => {
  for (let at = 5; at + 1 < CODE.length; at++) {
    const [left = "", right = ""] = CODE.slice(at, at + 2);
    if (left === right) continue;
    const swapped = CODE.slice(0, at) + right + left + CODE.slice(at + 2);
    deepStrictEqual(decodeJoinCode(swapped), DAMAGED);
    deepStrictEqual(decodeJoinCode(CODE.slice(0, at)), DAMAGED);
  }
});

Deno.test("what is checked and yet no membership is refused", () => {
  const others = [
    { controlUrl: "tcp://*:5681" },
    { streamUrl: "http://192.0.2.10" },
    { controlUrl: "tcp://192.0.2.10:5681\ntcp://192.0.2.10:5681" },
  ];
  for (const other of others) {
    deepStrictEqual(
      decodeJoinCode(encodeJoinCode({ ...MEMBERSHIP, ...other })),
      DAMAGED,
    );
  }
});

Deno.test("the longest names still make a code", () => {
  const longest = Array(4).fill("a".repeat(62)).join(".");
  const code = encodeJoinCode(membership(longest, {
    controlUrl: `tcp://${longest}:65534`,
    streamUrl: `tcp://${longest}:65535`,
  }));
  ok(code.length < 1_500);
  strictEqual(decodeJoinCode(code).ok, true);
});

Deno.test("a code has the addresses of all publishers, as many as there may be", () => {
  const others = Array.from({ length: 6 }, (_, at) => ({
    controlUrl: `tcp://hub${at}:5681`,
    streamUrl: `tcp://hub${at}:5682`,
  }));
  const value = { ...MEMBERSHIP, others };
  deepStrictEqual(decodeJoinCode(encodeJoinCode(value)), { ok: true, value });
  const [first] = others;
  const more = { ...value, others: [...others, first ?? MEMBERSHIP] };
  deepStrictEqual(decodeJoinCode(encodeJoinCode(more)), DAMAGED);
});
