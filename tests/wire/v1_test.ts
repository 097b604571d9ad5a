import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { BanEvent } from "../../lib/ban/ban_event.ts";
import {
  decodeBroadcast,
  decodeRequest,
  encodeBroadcast,
  encodeRequest,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_TOKEN_BYTES,
  NAK,
  renderMessage,
} from "../../lib/wire/v1.ts";
import { anyBanEvent } from "../support/values/any_values.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "../support/values/bad_frames.ts";
import { banEvent } from "../support/values/core_values.ts";

const TOKEN = "a-token";
const GOOD = "web-1|sshd|Ban|192.0.2.1";

const LONGEST_HOST = `${"h".repeat(63)}.${"h".repeat(63)}.${"h".repeat(63)}.${
  "h".repeat(61)
}`;
const LONGEST = `${LONGEST_HOST}|${"j".repeat(64)}|Unban|` +
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (frame: Uint8Array) => new TextDecoder().decode(frame);

/** Messages on the wire, as the original writes them. */
const GOLDEN: readonly (readonly [message: string, event: BanEvent])[] = [
  ["web-1|sshd|Ban|192.0.2.1", banEvent("web-1|sshd|Ban|192.0.2.1")],
  ["web-1|sshd|Unban|192.0.2.1", banEvent("web-1|sshd|Unban|192.0.2.1")],
  ["WEB_1.example.net|my.jail|Ban|2001:db8::1", {
    ...banEvent("WEB_1.example.net|my.jail|Ban|2001:db8::1"),
  }],
  [
    "web-1|a:b+c@d|Ban|2001:db8::/48",
    banEvent("web-1|a:b+c@d|Ban|2001:db8::/48"),
  ],
  [LONGEST, banEvent(LONGEST)],
];

Deno.test("encodeBroadcast() writes the original's broadcast, decodeBroadcast() reads it", () => {
  for (const [message, event] of GOLDEN) {
    strictEqual(text(encodeBroadcast(event)), message);
    strictEqual(renderMessage(event), message);
    deepStrictEqual(decodeBroadcast([bytes(message)]), {
      ok: true,
      value: event,
    });
  }
});

Deno.test("encodeRequest() puts the token before the message", () => {
  const event = banEvent(GOOD);
  strictEqual(text(encodeRequest(event, TOKEN)), `${TOKEN}|${GOOD}`);
  strictEqual(text(encodeRequest(event)), GOOD);
});

Deno.test("decodeRequest() gives the acknowledgement: the request without its token", () => {
  for (const [message, event] of GOLDEN) {
    const expected = (tokenAt: number | undefined) => ({
      ok: true,
      value: { event, acknowledgement: bytes(message), tokenAt },
    });
    deepStrictEqual(
      decodeRequest([bytes(`${TOKEN}|${message}`)], ["another", TOKEN]),
      expected(1),
    );
    deepStrictEqual(decodeRequest([bytes(message)], []), expected(undefined));
  }
});

Deno.test("decodeRequest() takes the action in any case, and acknowledges it as it was written", () => {
  for (const action of ["ban", "BAN", "bAn"]) {
    const decoded = decodeRequest([bytes(`h|j|${action}|192.0.2.1`)], []);
    ok(decoded.ok);
    deepStrictEqual(decoded.value.event, banEvent("h|j|Ban|192.0.2.1"));
    strictEqual(text(decoded.value.acknowledgement), `h|j|${action}|192.0.2.1`);
  }
  for (const action of ["unban", "UNBAN", "unBan"]) {
    const decoded = decodeBroadcast([bytes(`h|j|${action}|192.0.2.1`)]);
    deepStrictEqual(decoded, {
      ok: true,
      value: banEvent("h|j|Unban|192.0.2.1"),
    });
  }
});

Deno.test("NAK is what the original answers", () => {
  strictEqual(text(NAK), "NAK");
});

for (const [what, frames, reason] of BAD_MESSAGES) {
  Deno.test(`decodeRequest() and decodeBroadcast() reject ${what}: ${reason}`, () => {
    const rejected = { ok: false, reason };
    deepStrictEqual(decodeRequest(frames, []), rejected);
    deepStrictEqual(decodeRequest(frames, [TOKEN]), rejected);
    deepStrictEqual(decodeBroadcast(frames), rejected);
  });
}

for (const [message, reason] of BAD_FIELDS) {
  Deno.test(`decodeRequest() and decodeBroadcast() reject ${JSON.stringify(message)}: ${reason}`, () => {
    const rejected = { ok: false, reason };
    deepStrictEqual(decodeRequest([bytes(message)], []), rejected);
    deepStrictEqual(
      decodeRequest([bytes(`${TOKEN}|${message}`)], [TOKEN]),
      rejected,
    );
    deepStrictEqual(decodeBroadcast([bytes(message)]), rejected);
  });
}

Deno.test("decodeRequest() rejects a request that its token makes one field short: TOKEN|h|j|Ban", () => {
  const frames = [bytes(`${TOKEN}|h|j|Ban`)];
  deepStrictEqual(decodeRequest(frames, [TOKEN]), {
    ok: false,
    reason: "fields",
  });
  deepStrictEqual(decodeRequest(frames, []), { ok: false, reason: "action" });
});

Deno.test("decodeRequest() rejects a jail with a bar in it, since the fields no longer fit", () => {
  const frames = [bytes("h|a|b|Ban|192.0.2.1")];
  deepStrictEqual(decodeRequest(frames, []), { ok: false, reason: "fields" });
  deepStrictEqual(decodeRequest(frames, [TOKEN]), {
    ok: false,
    reason: "token",
  });
  deepStrictEqual(decodeBroadcast(frames), { ok: false, reason: "fields" });
});

Deno.test("decodeRequest() takes each of the tokens, and no other", () => {
  const tokens = ["first", "second-token", "a b"];
  const verdict = (token: string) => {
    const decoded = decodeRequest([bytes(`${token}|${GOOD}`)], tokens);
    return decoded.ok ? "taken" : decoded.reason;
  };
  for (const token of tokens) strictEqual(verdict(token), "taken");
  const wrong = [
    "",
    "firs",
    "first ",
    "First",
    "secone-token",
    "firstsecond-token",
    "\0",
    "first\0",
  ];
  for (const token of wrong) strictEqual(verdict(token), "token", token);
});

Deno.test("decodeRequest() rejects a request with a token that nobody asked for, and one without", () => {
  deepStrictEqual(decodeRequest([bytes(`${TOKEN}|${GOOD}`)], []), {
    ok: false,
    reason: "fields",
  });
  deepStrictEqual(decodeRequest([bytes(GOOD)], [TOKEN]), {
    ok: false,
    reason: "fields",
  });
});

Deno.test("decodeBroadcast() rejects a message with a token", () => {
  deepStrictEqual(decodeBroadcast([bytes(`${TOKEN}|${GOOD}`)]), {
    ok: false,
    reason: "fields",
  });
});

Deno.test("the limits are those of the longest messages that the grammar allows", () => {
  const token = "t".repeat(MAX_TOKEN_BYTES);
  strictEqual(bytes(LONGEST).length, MAX_MESSAGE_BYTES);
  strictEqual(decodeBroadcast([bytes(LONGEST)]).ok, true);
  const longest = bytes(`${token}|${LONGEST}`);
  strictEqual(longest.length, MAX_REQUEST_BYTES);
  strictEqual(decodeRequest([longest], [token]).ok, true);
  const tooLong = { ok: false, reason: "oversized" };
  deepStrictEqual(decodeBroadcast([bytes(`${LONGEST}x`)]), tooLong);
  deepStrictEqual(
    decodeRequest([bytes(`${token}t|${LONGEST}`)], [token]),
    tooLong,
  );
});

const anyToken = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) =>
    String.fromCharCode(code)
  ),
  minLength: 1,
  maxLength: MAX_TOKEN_BYTES,
}).filter((token) => !token.includes("|"));

Deno.test("decodeRequest() reads whatever encodeRequest() writes", () => {
  fc.assert(
    fc.property(
      anyBanEvent,
      fc.option(anyToken, { nil: undefined }),
      (event, token) => {
        const decoded = decodeRequest(
          [encodeRequest(event, token)],
          token === undefined ? [] : ["another", token],
        );
        const acknowledgement = encodeBroadcast(event);
        ok(decoded.ok);
        const { tokenAt, ...value } = decoded.value;
        deepStrictEqual(value, { event, acknowledgement });
        strictEqual(tokenAt === undefined, token === undefined);
        deepStrictEqual(decodeBroadcast([acknowledgement]), {
          ok: true,
          value: event,
        });
      },
    ),
  );
});

Deno.test("no bytes make the decoders throw", () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 900 }),
    fc.string({ unit: fc.constantFrom(..."|||webBan1.:/\n") }).map(bytes),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 3 }), (frames) => {
      const decoded = [
        decodeBroadcast(frames),
        decodeRequest(frames, []),
        decodeRequest(frames, [TOKEN]),
      ];
      for (const { ok: isGood } of decoded) {
        strictEqual(typeof isGood, "boolean");
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a mutated broadcast is rejected, or is the one way to write what it now says", () => {
  const mutation = fc.record({
    at: fc.nat(),
    removed: fc.nat(2),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc.constantFrom("0", "1", "|", ".", ":", " ", "\n", "A", "/24").map(
        bytes,
      ),
    ),
  });
  fc.assert(
    fc.property(anyBanEvent, mutation, (event, { at, removed, put }) => {
      const frame = encodeBroadcast(event);
      const start = at % (frame.length + 1);
      const mutated = Uint8Array.of(
        ...frame.subarray(0, start),
        ...put,
        ...frame.subarray(start + removed),
      );
      const decoded = decodeBroadcast([mutated]);
      if (!decoded.ok) return;
      const anyCase = (frame: Uint8Array) =>
        text(frame).replace(/\|(un)?ban\|/i, (action) => action.toLowerCase());
      strictEqual(anyCase(encodeBroadcast(decoded.value)), anyCase(mutated));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("an import's bans are broadcast, and no request is an import's", () => {
  const message = "import:drop|list|Ban|192.0.2.0/24";
  const heard = decodeBroadcast([bytes(message)]);
  ok(heard.ok);
  strictEqual(heard.value.origin, "import:drop");
  strictEqual(text(encodeBroadcast(heard.value)), message);
  deepStrictEqual(decodeRequest([bytes(message)], []), {
    ok: false,
    reason: "host",
  });
});
