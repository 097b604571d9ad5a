// What @std/ini does for the text that the project gives it: these tests pass
// with JSR's package as well as with the stand-in, which refuses more.
import { deepStrictEqual, doesNotThrow, strictEqual } from "node:assert/strict";
import { parse } from "@std/ini/parse";
import fc from "fast-check";

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const TEXTS: readonly [what: string, text: string, values: object][] = [
  ["nothing", "", {}],
  ["values without a section", 'a = "1"\nb = "2"', { a: "1", b: "2" }],
  ["a section without values", "[s]", { s: {} }],
  ["a section with a colon in its name", '[s:t-1]\na = "1"', {
    "s:t-1": { a: "1" },
  }],
  ["two sections", '[s]\na = "1"\n[t]\na = "2"', {
    s: { a: "1" },
    t: { a: "2" },
  }],
  ["no blanks around the sign", '[s]\na="1"', { s: { a: "1" } }],
  ["an empty value", '[s]\na = ""', { s: { a: "" } }],
  ["words of other types as text", '[s]\na = "true"\nb = "null"\nc = "false"', {
    s: { a: "true", b: "null", c: "false" },
  }],
  ["numbers as text", '[s]\na = "00123"\nb = "1e3"\nc = "0x10"', {
    s: { a: "00123", b: "1e3", c: "0x10" },
  }],
  ["signs of comments and sections in a value", '[s]\na = "# ; [t] b = c"', {
    s: { a: "# ; [t] b = c" },
  }],
  ["blanks around a value", '[s]\na = " b "', { s: { a: " b " } }],
  ["text that is encoded for URLs", '[s]\na = "%22%0A%5C%25"', {
    s: { a: "%22%0A%5C%25" },
  }],
  ["a key twice: the last one holds", '[s]\na = "1"\na = "2"', {
    s: { a: "2" },
  }],
  ["names in the case they are written in", '[S]\na = "1"\nA = "2"', {
    S: { a: "1", A: "2" },
  }],
  ["words that objects have", '[constructor]\ntoString = "1"', {
    constructor: { toString: "1" },
  }],
  ["comments and blank lines", '# a\n\n; b\n[s]\n# c = "1"\na = "1"\n', {
    s: { a: "1" },
  }],
  ["lines that end in CR LF", '[s]\r\na = "1"\r\nb = "2"\r\n', {
    s: { a: "1", b: "2" },
  }],
];

/** The same, free of prototypes: deepStrictEqual() compares those. */
function plain(values: object): unknown {
  return JSON.parse(JSON.stringify(values));
}

/** What is read, or `undefined` where the text is refused. */
function parseOrRefuse(text: string): unknown {
  try {
    return plain(parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

for (const [what, text, values] of TEXTS) {
  Deno.test(`parse() reads ${what}`, () => {
    deepStrictEqual(plain(parse(text)), plain(values));
  });
}

Deno.test("parse() gives every section and value that it is given", () => {
  const key = fc.stringMatching(NAME);
  const value = fc.string({ unit: "binary" }).map(encodeURIComponent);
  const section = fc.dictionary(key, value);
  fc.assert(fc.property(fc.dictionary(key, section), (sections) => {
    const lines = Object.entries(sections).flatMap(([name, values]) => [
      `[${name}]`,
      ...Object.entries(values).map(([key, text]) => `${key} = "${text}"`),
    ]);
    deepStrictEqual(plain(parse(lines.join("\n"))), plain(sections));
  }));
});

Deno.test("parse() throws nothing but a SyntaxError for any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    doesNotThrow(() => parseOrRefuse(text));
  }));
});

const DIFFERING: readonly [text: string, values: object][] = [
  ["a = 1", { a: 1 }],
  ["a = true", { a: true }],
  ['a = "b" # c', { a: '"b" # c' }],
  ['a = "b"c"', { a: 'b"c' }],
  ['a = "\\n"', { a: "\\n" }],
  ["a = 'b'", { a: "'b'" }],
  ['a[] = "b"', { "a[]": "b" }],
  ["[s t]", { "s t": {} }],
  ["[s.t]", { "s.t": {} }],
  ["// c", {}],
  ['[s]\na = "1"\n[t]\n[s]\nb = "2"', { s: { b: "2" }, t: {} }],
  ['s = "1"\n[s]\na = "2"', { s: { a: "2" } }],
];

for (const [text, values] of DIFFERING) {
  Deno.test(`parse() gives what @std/ini does, if anything, for ${JSON.stringify(text)}`, () => {
    const given = parseOrRefuse(text);
    if (given !== undefined) deepStrictEqual(given, plain(values));
  });
}

for (const text of ["[s", "junk", '= "1"', 'a = "\u2028"']) {
  Deno.test(`parse() refuses ${JSON.stringify(text)}`, () => {
    strictEqual(parseOrRefuse(text), undefined);
  });
}
