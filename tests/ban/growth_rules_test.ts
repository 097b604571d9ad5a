import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { growthBy, parseGrowthRules } from "../../lib/ban/growth_rules.ts";
import { jail } from "../support/values/core_values.ts";

const DAY_MS = 86_400_000;

Deno.test("parseGrowthRules() reads times, factors, bounds and jails; the first rule that matches counts", () => {
  const rules = parseGrowthRules(
    "nginx-*: off\nsshd: 12h:x2/1w, a:b:1d 12h : x1.5 / 3d\n1d:x4",
  );
  deepStrictEqual(rules, [
    { pattern: "nginx-*", growth: undefined },
    {
      pattern: "sshd",
      growth: { withinMs: DAY_MS / 2, factor: 2, maxMs: 7 * DAY_MS },
    },
    {
      pattern: "a:b",
      growth: { withinMs: 1.5 * DAY_MS, factor: 1.5, maxMs: 3 * DAY_MS },
    },
    {
      pattern: "*",
      growth: { withinMs: DAY_MS, factor: 4, maxMs: 35 * DAY_MS },
    },
  ]);
  const growthOf = growthBy(rules ?? []);
  strictEqual(growthOf(jail("sshd"))?.factor, 2);
  strictEqual(growthOf(jail("nginx-bots")), undefined);
  strictEqual(growthOf(jail("dovecot"))?.factor, 4);
  for (const none of ["", "off", " ,\n"]) {
    strictEqual(
      growthBy(parseGrowthRules(none) ?? [])(jail("sshd")),
      undefined,
    );
  }
});

Deno.test("parseGrowthRules() refuses what is no rule", () => {
  const wrong = [
    "1d",
    "x4",
    "1d:4",
    "1d:x1",
    "1d:x0.5",
    "1d:x100",
    "0:x4",
    "-1:x4",
    "1d:x4/",
    "1d:x4/-1",
    "1d:x4/11y",
    "1 day ago:x4",
    "ss|hd:1d:x4",
    "sshd 1d:x4",
  ];
  for (const text of wrong) {
    strictEqual(parseGrowthRules(text), undefined, text);
  }
  const many = Array.from({ length: 101 }, () => "1d:x4").join(",");
  strictEqual(parseGrowthRules(many), undefined);
});

Deno.test("parseGrowthRules() never throws, and what it takes grows", () => {
  fc.assert(fc.property(fc.string(), fc.double(), (text, number) => {
    for (const one of [text, `1d:x${number}`, `${number}:x2/${number}`]) {
      for (const { growth } of parseGrowthRules(one) ?? []) {
        strictEqual(growth === undefined || growth.factor > 1, true);
      }
    }
  }));
});
