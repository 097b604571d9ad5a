import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type LogRecord,
  renderJson,
  renderText,
} from "../../lib/log/log_record.ts";
import { MASK, maskRecord, maskSecrets } from "../../lib/log/mask_secrets.ts";
import { MIN_SECRET_LENGTH } from "../../lib/base/secrets.ts";

const LONG = "abcdefgh";
const AS = "aaaaaaaa";

const CASES: readonly (readonly [
  what: string,
  text: string,
  secrets: readonly string[],
  masked: string,
])[] = [
  ["a secret in the middle", "got s3cret|web-1", ["s3cret"], "got ***|web-1"],
  ["a secret at both ends", `${LONG}x${LONG}`, [LONG], "***x***"],
  ["secrets side by side", `${LONG}${LONG}`, [LONG], "******"],
  ["a secret that overlaps itself", `x${AS}ay`, [AS], "x***y"],
  [
    "secrets that overlap each other",
    `x${LONG}cdefghy`,
    [LONG, "bcdefghcdefgh"],
    "x***y",
  ],
  ["a secret inside another", `x${LONG}y`, ["b", LONG], "x***y"],
  [
    "a short secret on its own",
    "got x|x (x) x=x",
    ["x"],
    "got ***|*** (***) ***=***",
  ],
  [
    "no short secret in a word",
    "expected a maximum, x1",
    ["x"],
    "expected a maximum, x1",
  ],
  ["a short secret of signs", "a--b", ["--"], "a***b"],
  ["a secret that begins like another", "abc ab", ["ab", "abc"], "*** ***"],
  ["each of several", "one two three", ["three", "one"], "*** two ***"],
  ["a secret as JSON writes it", '{"t":"a\\"b"}', ['a"b'], '{"t":"***"}'],
  ["a secret with a backslash", "a\\b", ["a\\b"], "***"],
  [
    "letters that regular expressions take for more",
    "a.b axb",
    ["a.b"],
    "*** axb",
  ],
  ["nothing in another case", "S3CRET", ["s3cret"], "S3CRET"],
  ["nothing for an empty secret", "text", [""], "text"],
  ["nothing without secrets", "text", [], "text"],
  ["nothing in no text", "", ["s3cret"], ""],
];

for (const [what, text, secrets, masked] of CASES) {
  Deno.test(`maskSecrets() masks ${what}`, () => {
    strictEqual(maskSecrets(text, secrets), masked);
  });
}

/** Whether a text has a secret that is no part of a longer word. */
function hasWhole(text: string, secret: string): boolean {
  for (let at = -1; (at = text.indexOf(secret, at + 1)) >= 0;) {
    const around = [at, at + secret.length].map((place) =>
      text.slice(Math.max(0, place - 1), place + 1)
    );
    const isShort = secret.length < MIN_SECRET_LENGTH;
    if (!isShort || !around.some((pair) => /^[a-z]{2}$/.test(pair))) {
      return true;
    }
  }
  return false;
}

const unit = fc.constantFrom(...'ab|]"\\\n \u00e9');
const secrets = fc.array(fc.string({ unit, minLength: 1, maxLength: 10 }), {
  maxLength: 4,
});
const text = fc.string({ unit, maxLength: 40 });

Deno.test("maskSecrets() leaves no secret in the text, and what is left is the text's own", () => {
  fc.assert(
    fc.property(text, secrets, (text, secrets) => {
      const masked = maskSecrets(text, secrets);
      for (const secret of secrets) ok(!hasWhole(masked, secret));
      const parts = masked.split(MASK);
      let at = 0;
      for (const part of parts) {
        at = text.indexOf(part, at);
        ok(at >= 0);
        at += part.length;
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("maskSecrets() leaves a text without secrets as it is", () => {
  fc.assert(fc.property(text, secrets, (text, secrets) => {
    const spelled = secrets.flatMap((
      secret,
    ) => [secret, JSON.stringify(secret).slice(1, -1)]);
    fc.pre(!spelled.some((secret) => text.includes(secret)));
    strictEqual(maskSecrets(text, secrets), text);
  }));
});

const AT_MS = Date.UTC(2026, 10, 23);
const SOURCE = { name: "fail2ban-monitor", pid: 123 };

function recordOf(value: string): LogRecord {
  return {
    severity: "notice",
    event: `heard ${value}`,
    fields: { value, count: 1, on: true, nothing: undefined },
    atMs: AT_MS,
  };
}

Deno.test("maskRecord() masks the event and each text among the fields, and nothing else", () => {
  deepStrictEqual(maskRecord(recordOf("a s3cret|b"), ["s3cret", "1", "true"]), {
    severity: "notice",
    event: "heard a ***|b",
    fields: { value: "a ***|b", count: 1, on: true, nothing: undefined },
    atMs: AT_MS,
  });
});

Deno.test("no rendered record shows a secret, however the line escapes or cuts it", () => {
  const secret = fc.string({
    unit: fc.constantFrom(...'abc]\\" {}~'),
    minLength: 4,
    maxLength: 12,
  }).map((text) => `<${text}>`);
  const around = fc.string({
    unit: fc.constantFrom(..."xyz|] \n"),
    maxLength: 30,
  });
  const before = fc.oneof(around, fc.constant("x".repeat(1_020)));
  fc.assert(
    fc.property(secret, before, around, (secret, head, tail) => {
      const record = maskRecord(recordOf(head + secret + tail), [secret]);
      strictEqual(JSON.stringify(record).includes("<"), false);
      const { fields, event } = JSON.parse(renderJson(record, SOURCE));
      ok(!`${fields.value}${event}${renderText(record)}`.includes("<"));
    }),
    { numRuns: 1_000 },
  );
});
