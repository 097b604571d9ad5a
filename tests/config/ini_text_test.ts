import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parseIniText, quoteIniValue } from "../../lib/config/ini_text.ts";
import { growth } from "../support/host/growth.ts";

/** Every value, by `section.key`. */
function values(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, section] of parseIniText("a.conf", text).sections) {
    for (const [key, value] of section.values) {
      found[`${name}.${key}`] = value.text;
    }
  }
  return found;
}

/** Every problem as `line key: expected`. */
function problems(text: string): string[] {
  return parseIniText("a.conf", text).problems.map(
    ({ line, key, expected }) => `${line} ${key ?? "-"}: ${expected}`,
  );
}

const VALUES: readonly [what: string, written: string, text: string][] = [
  ["a bare value", "k = some text", "some text"],
  ["a colon for the sign", "k: some text", "some text"],
  ["no blanks around the sign", "k=v", "v"],
  ["many blanks around the sign", "k \t = \t v \t", "v"],
  ["a sign inside the value", "k = a=b:c", "a=b:c"],
  ["nothing", "k =", ""],
  ["only blanks", "k = \t ", ""],
  ["only a comment", "k = # nothing", ""],
  ["a comment after a space", "k = tcp://*:5680   # for all", "tcp://*:5680"],
  ["a semicolon's comment", "k = v ; for\u2028all", "v"],
  ["a comment after a tab", "k = v\t#for all", "v"],
  ["a number sign inside a word", "k = a#b;c", "a#b;c"],
  ["words of other types", "k = true", "true"],
  ["leading zeros", "k = 00123", "00123"],
  ["an exponent", "k = 1e3", "1e3"],
  ["null", "k = null", "null"],
  ["an apostrophe's quotes", "k = 'v'", "'v'"],
  ["quotes before a comment", 'k = "v" # \u2028', "v"],
  ["quotes around nothing", 'k = "" #empty by default.', ""],
  ["quotes around blanks", 'k = " v "', " v "],
  ["quotes around signs of comments", 'k = "a # b ; c" # d', "a # b ; c"],
  ["quotes inside quotes", 'k = "say ""hi"""', 'say "hi"'],
  ["quotes inside a bare value", 'k = say "hi"', 'say "hi"'],
  ["two percent signs", "k = 50%%", "50%"],
  ["four percent signs in quotes", 'k = "%%%%s"', "%%s"],
  ["a percent sign that is no escape of URLs", "k = %%20", "%20"],
  ["a backslash", "k = a\\n\\", "a\\n\\"],
  [
    "letters of other alphabets",
    "k = \u00FC\u4E2D\u{1F600}",
    "\u00FC\u4E2D\u{1F600}",
  ],
  ["Unicode's line separators", "k = a\u2028b\u2029c", "a\u2028b\u2029c"],
  ["a second line", "k = a\n  b", "a\nb"],
  [
    "three lines with blank ones and comments",
    "k = a # x\n\n # y\n\tb ; z\n  c",
    "a\nb\nc",
  ],
  ["a value on the next line", "k =\n  a", "a"],
  [
    "a value on the next line, after a comment",
    "k = # see below\n  a\n  b",
    "a\nb",
  ],
  ["an empty first line in quotes", 'k = ""\n  a', "\na"],
  ["a second line that looks like a section", "k = a\n  [b]", "a\n[b]"],
  ["a second line that looks like a key", "k = a\n  b = c", "a\nb = c"],
  ["a second line in quotes", 'k = a\n  " # b"', "a\n # b"],
  ["a key in capitals", "K = v", "v"],
  ["an indented key", "   k = v", "v"],
  ["a line of 4096 characters", `k=${"v".repeat(4094)}`, "v".repeat(4094)],
];

for (const [what, written, text] of VALUES) {
  Deno.test(`parseIniText() reads ${what}`, () => {
    deepStrictEqual(problems(`[s]\n${written}\n`), []);
    deepStrictEqual(values(`[s]\n${written}\n`), { "s.k": text });
  });

  Deno.test(`parseIniText() reads ${what} where lines end in CR LF`, () => {
    const file = `\uFEFF[s]\n${written}\nlast = 1`.replaceAll("\n", "\r\n");
    deepStrictEqual(problems(file), []);
    deepStrictEqual(values(file), { "s.k": text, "s.last": "1" });
  });
}

Deno.test("parseIniText() reads sections with comments around and behind them", () => {
  const file =
    "# first\n; second\n\n  [a]  # third\nk = 1\n[b-2];fourth\u2028\n[c]\n k = 2\n l = 3";
  deepStrictEqual(problems(file), []);
  deepStrictEqual(values(file), { "a.k": "1", "c.k": "2", "c.l": "3" });
  deepStrictEqual([...parseIniText("a", file).sections.keys()], [
    "a",
    "b-2",
    "c",
  ]);
});

Deno.test("parseIniText() keeps the case of sections, and the lines of sections and keys", () => {
  const { sections } = parseIniText(
    "a",
    "\n[Monitor]\n\nAuth = 1\n\n x = 2\n  3",
  );
  const section = sections.get("Monitor");
  strictEqual(section?.line, 2);
  deepStrictEqual([...section.values], [
    ["auth", { text: "1\nx = 2\n3", line: 4 }],
  ]);
});

Deno.test("parseIniText() takes words that objects have for names like any other", () => {
  const file = "[constructor]\nprototype = 1\n[toString]\nhasownproperty = 2";
  deepStrictEqual(values(file), {
    "constructor.prototype": "1",
    "toString.hasownproperty": "2",
  });
});

Deno.test("parseIniText() finds nothing, and nothing wrong, in an empty file", () => {
  for (
    const text of ["", "\n", "\uFEFF", "# only\n\t; comments \u0007\n\r\n"]
  ) {
    deepStrictEqual(problems(text), []);
    deepStrictEqual(values(text), {});
  }
});

const LINE = "[section], key = value or # comment";
const CONTROL = "a line without control characters";
const QUOTE = 'one closing quote, at the end ("" is one inside)';
const PERCENT = "%% for a percent sign; nothing is interpolated";
const HEADING = "a section's name in brackets, [name]";

const PROBLEMS: readonly [what: string, text: string, expected: string[]][] = [
  ["a key before any section", "k = 1\nl = 2", [
    "1 -: a [section] before the first key",
  ]],
  ["a key before any section after another problem", "junk\nk = 1\n[s]", [
    `1 -: ${LINE}`,
    "2 -: a [section] before the first key",
  ]],
  ["a line that is nothing", "[s]\njunk\nk = 1", [`2 -: ${LINE}`]],
  ["a key without a name", "[s]\n= 1", [`2 -: ${LINE}`]],
  ["a key with a dot", "[s]\na.b = 1", [`2 -: ${LINE}`]],
  ["a key of objects", "[s]\n__proto__ = 1", [`2 -: ${LINE}`]],
  ["a key that is too long", `[s]\n${"k".repeat(65)} = 1`, [`2 -: ${LINE}`]],
  ["a bracket left open", "[s\nk = 1", [`1 -: ${HEADING}`]],
  ["a section without a name, said once", "[]\nk = 1\n  2\nl = 3", [
    `1 -: ${HEADING}`,
  ]],
  ["a section with a blank", "[a b]", [`1 -: ${HEADING}`]],
  ["text behind a section", "[a] b", [`1 -: ${HEADING}`]],
  ["a key twice", "[s]\nk = 1\nK = 2", ["3 s.k: each key once; line 2 has it"]],
  ["a key twice, in a section twice", "[s]\nk = 1\n[s]\nk = 2", [
    "4 s.k: each key once; line 2 has it",
  ]],
  ["a quote left open", '[s]\nk = "a', [`2 s.k: ${QUOTE}`]],
  ["a quote that closes too early", '[s]\nk = "a"b"', [`2 s.k: ${QUOTE}`]],
  ["a comment that touches a quote", '[s]\nk = "a"# b', [`2 s.k: ${QUOTE}`]],
  ["a quote left open on a second line", '[s]\nk = a\n  "', [
    `3 s.k: ${QUOTE}`,
  ]],
  ["a quote left open without a section", 'k = "a', [
    "1 -: a [section] before the first key",
    `1 k: ${QUOTE}`,
  ]],
  ["a lone percent sign", "[s]\nk = 50%", [`2 s.k: ${PERCENT}`]],
  ["what would be interpolated", "[s]\nk = %(a)s", [`2 s.k: ${PERCENT}`]],
  ["three percent signs", "[s]\nk = %%%", [`2 s.k: ${PERCENT}`]],
  ["a zero byte", "[s]\nk = a\u0000b", [`2 -: ${CONTROL}`]],
  ["an escape sequence", "[s]\nk = \u001B[31m", [`2 -: ${CONTROL}`]],
  ["a control character of Latin-1", "[s]\nk = a\u0085b", [`2 -: ${CONTROL}`]],
  ["a carriage return inside a line", "[s]\nk = a\rl = b", [`2 -: ${CONTROL}`]],
  ["half a surrogate pair", "[s]\nk = a\uD83Db", [`2 -: ${CONTROL}`]],
  ["a line that is too long", `[s]\nk = ${"a".repeat(4093)}`, [
    "2 -: 4096 characters at most",
  ]],
  ["everything at once", '[s]\nk = "\njunk\n[]\n\u0007\n[s]\nk = %', [
    `2 s.k: ${QUOTE}`,
    `3 -: ${LINE}`,
    `4 -: ${HEADING}`,
    `5 -: ${CONTROL}`,
    `7 s.k: ${PERCENT}`,
    "7 s.k: each key once; line 2 has it",
  ]],
];

for (const [what, text, expected] of PROBLEMS) {
  Deno.test(`parseIniText() refuses ${what}`, () => {
    deepStrictEqual(problems(text), expected);
  });
}

Deno.test("parseIniText() goes on with a section that is named again", () => {
  const text = "[s]\na = 1\n[t]\nx = 2\n[s]\nb = 3\n[s] # and again\nc = 4\n";
  const { sections, problems } = parseIniText("a.conf", text);
  deepStrictEqual(problems, []);
  deepStrictEqual([...sections.keys()], ["s", "t"]);
  deepStrictEqual(
    [...sections.get("s")?.values ?? []].map(([key, { text, line }]) =>
      `${line} ${key}=${text}`
    ),
    ["2 a=1", "6 b=3", "8 c=4"],
  );
});

Deno.test("parseIniText() leaves out what could not be read, and keeps the rest", () => {
  const file = '[s]\na = 1\nb = "\nc = x\n  %\nd = 2\n[t]\ne = 3';
  deepStrictEqual(values(file), { "s.a": "1", "s.d": "2", "t.e": "3" });
});

Deno.test("parseIniText() names the file and never the value in a problem", () => {
  const file =
    's3cret\n[s]\nk = "s3cret\nk = s3cret%\nk = s3cret\u0007\n[s3cret';
  const found = parseIniText("dir/a.conf", file).problems;
  strictEqual(found.length, 6);
  for (const problem of found) strictEqual(problem.file, "dir/a.conf");
  strictEqual(JSON.stringify(found).includes("s3cret"), false);
});

/** Text in which the signs that mean something are frequent. */
const iniLike = fc.array(
  fc.oneof(
    fc.constantFrom("\n", "\r\n", " ", "\t", "[s]", "[", "]", "k", "=", ":"),
    fc.constantFrom("#", ";", '"', '""', "%", "%%", "\\", "\u2028", "\uFEFF"),
    fc.string({ unit: "binary" }),
  ),
  { maxLength: 40 },
).map((parts) => parts.join(""));

Deno.test("parseIniText() reads any text without throwing, and gives what stands on its lines", () => {
  const anyText = fc.oneof(
    iniLike,
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(fc.nat({ max: 0xffff }), { maxLength: 50 }).map((units) =>
      String.fromCharCode(...units)
    ),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const { sections, problems } = parseIniText("a.conf", text);
      const lineCount = text.split("\n").length;
      for (const { line = 0 } of problems) ok(line >= 1 && line <= lineCount);
      for (const section of sections.values()) {
        for (const value of section.values.values()) {
          ok(value.line > section.line && value.line <= lineCount);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

const anyLine = fc.oneof(iniLike, fc.string({ unit: "binary" })).map((text) =>
  text.replace(/\p{Cc}/gu, "")
);

Deno.test("quoteIniValue() writes any text so that parseIniText() reads it again", () => {
  fc.assert(
    fc.property(anyLine, (text) => {
      const file = `[s]\nk = ${quoteIniValue(text)}  # where it is from\nl = 1`;
      deepStrictEqual(problems(file), []);
      deepStrictEqual(values(file), { "s.k": text, "s.l": "1" });
    }),
    { numRuns: 2000 },
  );
});

Deno.test("quoteIniValue() writes any lines so that parseIniText() reads them again", () => {
  const lines = fc.array(anyLine, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(lines, (texts) => {
      const text = texts.join("\n");
      const file = `[s]\nk = ${quoteIniValue(text)}\nl = 1`;
      deepStrictEqual(problems(file), []);
      deepStrictEqual(values(file), { "s.k": text, "s.l": "1" });
    }),
    { numRuns: 2000, examples: [[["", ""]], [["", "a"]], [["a", ""]]] },
  );
});

const QUOTED: readonly [text: string, written: string][] = [
  ["", '""'],
  ["tcp://*:5680", "tcp://*:5680"],
  ["a#b;c", "a#b;c"],
  ["100%", "100%%"],
  ["# a", '"# a"'],
  ["a # b", '"a # b"'],
  [" a", '" a"'],
  ["a ", '"a "'],
  ['"a"', '"""a"""'],
  ['a "b"', 'a "b"'],
];

for (const [text, written] of QUOTED) {
  Deno.test(`quoteIniValue() writes ${JSON.stringify(text)} as ${JSON.stringify(written)}`, () => {
    strictEqual(quoteIniValue(text), written);
  });
}

Deno.test("a file of many sections is read in time that grows with its length only", () => {
  const texts = new Map([3_000, 30_000].map((count) => [
    count,
    Array.from({ length: count }, (_, at) => `[s${at}]\nk = 1\n`).join(""),
  ]));
  const ratio = growth(3_000, (count) => {
    const read = parseIniText("a.conf", texts.get(count) ?? "");
    deepStrictEqual([read.sections.size, read.problems], [count, []]);
    return read;
  });
  ok(ratio < 4, `${ratio}; 1 is in proportion, 10 with the square`);
});
