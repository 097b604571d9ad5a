import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { scanJson } from "../../lib/wire/v2_json_scan.ts";

const scan = (text: string) => scanJson(new TextEncoder().encode(text));

/** An object of so many members. */
function wide(members: number): string {
  const names = Array.from({ length: members }, (_, index) => `"${index}":0`);
  return `{${names.join(",")}}`;
}

/** The same answer from the value: of what is too much, whichever comes first. */
function tooMuch(value: unknown, depth = 1): Set<string> {
  const reasons = new Set<string>();
  if (typeof value !== "object" || value === null) return reasons;
  if (depth > 5) return reasons.add("depth");
  const members = Object.values(value);
  if (!Array.isArray(value) && members.length > 8) reasons.add("fields");
  for (const member of members) {
    for (const reason of tooMuch(member, depth + 1)) reasons.add(reason);
  }
  return reasons;
}

Deno.test("scanJson() lets five levels pass, and objects of eight members", () => {
  const fine = [
    "",
    "[[[[[]]]]]",
    '{"a":[{"b":[{}]}]}',
    `[${"[[[[]]]],".repeat(100)}0]`,
    wide(8),
    `[${wide(8)},${wide(8)}]`,
    `{"a":${wide(8)},"b":${wide(8)}}`,
    `[${"0,".repeat(20_000)}0]`,
    `{"events":[${Array(1_000).fill(wide(8)).join()}]}`,
  ];
  for (const text of fine) strictEqual(scan(text), undefined, text);
});

Deno.test("scanJson() stops at the sixth level, and at an object's ninth member", () => {
  strictEqual(scan("[[[[[["), "depth");
  strictEqual(scan('{"a":{"a":{"a":{"a":{"a":{'), "depth");
  strictEqual(scan("[[[[[],[[]]]]]]"), "depth");
  strictEqual(scan(wide(9)), "fields");
  strictEqual(scan(`[[${wide(9)}`), "fields");
  strictEqual(scan(`{"a":[0,0,0,0,0,0,0,0,0,${wide(9)}]}`), "fields");
});

Deno.test("scanJson() stops at more values than any message has, however they are nested", () => {
  strictEqual(scan(`[${"0,".repeat(20_101)}0]`), "fields");
  strictEqual(scan(`[${`[${"0,".repeat(1_000)}0],`.repeat(21)}0]`), "fields");
  strictEqual(scan(`{"events":[${Array(1_001).fill("{}").join()}]}`), "fields");
  strictEqual(scan(`[${"[[]],".repeat(501)}0]`), "fields");
});

Deno.test("scanJson() does not look into texts", () => {
  const texts = [
    '"[[[[[["',
    '"{,,,,,,,,,"',
    String.raw`"\"[[[[[["`,
    String.raw`{"\"":"\\","b":"\"{{{{{{"}`,
    '"[[[[[[',
    String.raw`"[[[[[[\ `,
    '"\\',
  ];
  for (const text of texts) strictEqual(scan(text), undefined, text);
  strictEqual(scan(String.raw`["\\",[[[[[`), "depth");
});

Deno.test("scanJson() takes what is no JSON for what it looks like", () => {
  for (const text of ["]]]]", "}{", ",".repeat(100), "]]][[[[[", "\0\0"]) {
    strictEqual(scan(text), undefined, text);
  }
});

Deno.test("scanJson() says what a walk through the value says", () => {
  const value = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      tie("leaf"),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 10 }),
    ),
  })).value;
  fc.assert(
    fc.property(value, (value) => {
      const verdict = scan(JSON.stringify(value));
      const expected = tooMuch(value);
      strictEqual(verdict === undefined, expected.size === 0);
      if (verdict !== undefined) strictEqual(expected.has(verdict), true);
    }),
    { numRuns: 3_000 },
  );
});
