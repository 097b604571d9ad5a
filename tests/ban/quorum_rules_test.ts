import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parseBreakerLimit } from "../../lib/members/breaker_limit.ts";
import { matchesAnyName, matchesName } from "../../lib/base/name_patterns.ts";
import { parseQuorumRules, quorumBy } from "../../lib/ban/quorum_rules.ts";
import { anyJailName } from "../support/values/any_values.ts";
import { jail } from "../support/values/core_values.ts";

Deno.test("parseQuorumRules() reads rules from lines and from between commas", () => {
  const rules = [
    { pattern: "sshd", nodes: 2, withinMs: 600_000 },
    { pattern: "nginx-*", nodes: 3, withinMs: 3_600_000 },
    { pattern: "mail:*", nodes: 256, withinMs: Infinity },
  ];
  for (
    const text of [
      "sshd:2/10m, nginx-*:3/1h, mail:*:256",
      "\n sshd : 2 / 10m\n\nnginx-* :3/1h ,, mail:* :256\r\n",
    ]
  ) deepStrictEqual(parseQuorumRules(text), rules, text);
  deepStrictEqual(parseQuorumRules(""), []);
});

Deno.test("parseQuorumRules() refuses all of it when it does not understand one rule", () => {
  for (
    const rule of [
      "sshd",
      "sshd:",
      ":2/10m",
      "sshd:0/10m",
      "sshd:257/10m",
      "sshd:-2/10m",
      "sshd:2.5/10m",
      "sshd:1e1",
      "sshd:2/",
      "sshd:2/0",
      "sshd:2/-1",
      "sshd:2/soon",
      "sshd:2/10m/1h",
      "ssh?:2/10m",
      "a b:2/10m",
      "sshd = 2/10m",
      `${"a".repeat(65)}:2`,
    ]
  ) {
    strictEqual(parseQuorumRules(rule), undefined, rule);
    strictEqual(parseQuorumRules(`sshd:2, ${rule}`), undefined, rule);
  }
  strictEqual(parseQuorumRules(Array(101).fill("a:1").join()), undefined);
});

Deno.test("quorumBy() goes by the first rule that matches; without one a node's word is enough", () => {
  const rules = parseQuorumRules("nginx-http:4/1m, nginx-*:3/1h");
  ok(rules);
  const quorumOf = quorumBy(rules);
  deepStrictEqual(
    ["nginx-http", "nginx-x", "sshd"].map((name) => quorumOf(jail(name)).nodes),
    [4, 3, 1],
  );
  strictEqual(quorumBy([])(jail("sshd")).nodes, 1);
});

Deno.test("quorumBy() and matchesAnyName() go by the patterns of jailmap, whatever the jail's name", () => {
  const anyPattern = anyJailName.map((name) => `${name.slice(0, 3)}*`);
  fc.assert(fc.property(
    fc.array(anyPattern, { maxLength: 5 }),
    anyJailName,
    (patterns, name) => {
      const rules = parseQuorumRules(patterns.map((it) => `${it}:7`).join());
      ok(rules);
      const isMatched = patterns.some((it) => matchesName(it, name));
      strictEqual(matchesAnyName(patterns, name), isMatched);
      strictEqual(quorumBy(rules)(name).nodes, isMatched ? 7 : 1);
    },
  ));
});

Deno.test("parseQuorumRules() and parseBreakerLimit() give what was written, or nothing", () => {
  fc.assert(fc.property(
    anyJailName,
    fc.integer({ min: 1, max: 256 }),
    fc.integer({ min: 1, max: 86_400 }),
    (pattern, nodes, seconds) => {
      const withinMs = seconds * 1_000;
      deepStrictEqual(parseQuorumRules(`${pattern}:${nodes}/${seconds}`), [
        { pattern, nodes, withinMs },
      ]);
      deepStrictEqual(parseBreakerLimit(`${nodes}/${seconds}s`), {
        count: nodes,
        withinMs,
      });
    },
  ));
  fc.assert(fc.property(fc.string(), (text) => {
    const rules = parseQuorumRules(text);
    ok(rules === undefined || rules.every(({ nodes }) => nodes >= 1));
  }));
});

Deno.test("parseBreakerLimit() refuses what is no number within a second to a day", () => {
  for (
    const text of [
      "",
      "100",
      "100/",
      "0/10m",
      "-1/10m",
      "1e2/10m",
      "100/0",
      "100/-1",
      "100/2d",
      "1000000/10m",
      "100/10m/1h",
    ]
  ) strictEqual(parseBreakerLimit(text), undefined, text);
});
