import {
  deepStrictEqual,
  match,
  ok,
  strictEqual,
  throws,
} from "node:assert/strict";
import fc from "fast-check";
import { ConfigError } from "../../lib/base/errors.ts";
import {
  MAX_TOKEN_HOSTS,
  MAX_TOKENS,
  mayCarry,
  parseTokenList,
  tokenList,
} from "../../lib/publisher/protocol1_tokens.ts";
import { host } from "../support/values/core_values.ts";

const SECRET = "correct-horse";

/** What is said of a file that is refused, line by line. */
function problems(text: string): readonly string[] {
  try {
    parseTokenList(text, "tokens");
  } catch (error) {
    ok(error instanceof ConfigError);
    ok(!error.message.includes(SECRET), "no token is shown");
    return error.message.split("\n");
  }
  return [];
}

Deno.test("parseTokenList() reads names, tokens and hosts, and leaves out comments and empty lines", () => {
  const text = [
    "# who may report",
    "",
    `shop = ${SECRET} web-1, WEB_2.example.net\t# both`,
    "  \tany.one-else_2=a#b{c}~!=d ",
    "\t # nothing else",
    "last = 12345678",
  ].join("\n");
  deepStrictEqual(parseTokenList(text, "tokens"), [
    { name: "shop", token: SECRET, hosts: ["web-1", "WEB_2.example.net"] },
    { name: "any.one-else_2", token: "a#b{c}~!=d", hosts: undefined },
    { name: "last", token: "12345678", hosts: undefined },
  ]);
  deepStrictEqual(parseTokenList("", "tokens"), []);
});

const BAD: readonly [line: string, expected: RegExp][] = [
  ["shop = CHANGE_ME", /a token of your own: this one is a placeholder/],
  ["shop = ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN web-1", /a token of your own/],
  ["shop", /NAME = TOKEN, or/],
  ["shop =", /NAME = TOKEN, or/],
  ["= correct-horse", /NAME = TOKEN, or/],
  [`shop = # ${SECRET}`, /NAME = TOKEN, or/],
  [`a shop = ${SECRET}`, /a name of letters/],
  [`.shop = ${SECRET}`, /a name of letters/],
  [`${"s".repeat(65)} = ${SECRET}`, /a name of letters/],
  ["shop = 1234567", /a token of 8 to 256/],
  [`shop = ${"t".repeat(257)}`, /a token of 8 to 256/],
  [`shop =#${SECRET}`, /a token of 8 to 256/],
  ["shop = correct|horse", /a token of 8 to 256/],
  ["shop = corr\u00e9ct-horse", /a token of 8 to 256/],
  ["shop = correct\u0000horse", /a token of 8 to 256/],
  [`shop = ${SECRET} web-1 web-2`, /names of hosts/],
  [`shop = ${SECRET} web-1,`, /names of hosts/],
  [`shop = ${SECRET} ,`, /names of hosts/],
  [`shop = ${SECRET} -web`, /names of hosts/],
  [`other = ${SECRET}`, /a name that no other/],
  ["shop = first-token", /a token that no other/],
];

for (const [line, expected] of BAD) {
  Deno.test(`parseTokenList() refuses ${JSON.stringify(line.slice(0, 40))} with its line`, () => {
    const [first, ...more] = problems(
      `# one\nother = first-token\n${line}\nlast = last-token\n`,
    );
    ok(first?.startsWith("tokens:3: expected "), first);
    match(first ?? "", expected);
    deepStrictEqual(more, []);
  });
}

Deno.test("parseTokenList() tells of every line at once", () => {
  deepStrictEqual(problems("a\nb = good-token\nb = other-token\n"), [
    "tokens:1: expected NAME = TOKEN, or NAME = TOKEN HOST, HOST...",
    "tokens:3: expected a name that no other token has",
  ]);
});

Deno.test("parseTokenList() takes so many tokens, hosts and characters, and no more", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => `t${at} = token-${at}-x`)
      .join("\n");
  strictEqual(parseTokenList(lines(MAX_TOKENS), "tokens").length, MAX_TOKENS);
  strictEqual(problems(lines(MAX_TOKENS + 1)).length, 1);
  const hosts = (count: number) =>
    `shop = ${SECRET} ${Array(count).fill("web-1").join()}`;
  strictEqual(problems(hosts(MAX_TOKEN_HOSTS)).length, 0);
  strictEqual(problems(hosts(MAX_TOKEN_HOSTS + 1)).length, 1);
  strictEqual(problems("#".repeat(1_048_577)).length, 1);
});

Deno.test("parseTokenList() gives what it takes, or says what is wrong, for any text", () => {
  const word = fc.constantFrom(
    "shop",
    "=",
    " ",
    "\t",
    "#",
    ",",
    "|",
    "web-1",
    "\n",
    SECRET,
    "\r",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 100 }),
    fc.array(word, { maxLength: 30 }).map((words) => words.join("")),
  );
  fc.assert(
    fc.property(text, (text) => {
      if (problems(text).length > 0) return;
      const entries = parseTokenList(text, "tokens");
      const again = entries.map(({ name, token, hosts }) =>
        `${name} = ${token} ${hosts?.join() ?? ""}`
      );
      deepStrictEqual(parseTokenList(again.join("\n"), "tokens"), entries);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("tokenList() has the shared token first, and none where there is none", () => {
  const named = parseTokenList(`shop = ${SECRET} web-1`, "tokens");
  deepStrictEqual(tokenList("everybodys", named).tokens, [
    "everybodys",
    SECRET,
  ]);
  deepStrictEqual(tokenList(undefined), { entries: [], tokens: [] });
});

Deno.test("mayCarry() holds a token to its hosts, in any case, and any other to none", () => {
  const [shop] = parseTokenList(`shop = ${SECRET} web-1`, "tokens");
  ok(mayCarry(shop, host("WEB-1")));
  ok(!mayCarry(shop, host("web-2")));
  ok(mayCarry(undefined, host("web-2")));
  throws(() => parseTokenList("shop", "tokens"), ConfigError);
});
