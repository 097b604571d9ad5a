import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  parseWidenRules,
  wideningBy,
  widestBits,
} from "../../lib/widen/widen_rules.ts";
import { jail } from "../support/values/core_values.ts";

Deno.test("parseWidenRules() reads lengths, counts and jails; the first rule that matches counts", () => {
  const rules = parseWidenRules(
    "nginx-*: off\nsshd:/56 after 10, a:b: 48\n/64",
    "IPv6",
  );
  deepStrictEqual(rules, [
    { pattern: "nginx-*", widening: undefined },
    { pattern: "sshd", widening: { bits: 56, after: 10 } },
    { pattern: "a:b", widening: { bits: 48, after: 3 } },
    { pattern: "*", widening: { bits: 64, after: 3 } },
  ]);
  deepStrictEqual(parseWidenRules("24", "IPv4"), [
    { pattern: "*", widening: { bits: 24, after: 5 } },
  ]);
  const wideningOf = wideningBy({ IPv4: [], IPv6: rules ?? [] });
  deepStrictEqual(wideningOf(jail("sshd"), false), { bits: 56, after: 10 });
  deepStrictEqual(wideningOf(jail("dovecot"), false), { bits: 64, after: 3 });
  strictEqual(wideningOf(jail("nginx-bots"), false), undefined);
  strictEqual(wideningOf(jail("sshd"), true), undefined);
});

Deno.test("parseWidenRules() refuses what is no rule", () => {
  const wrong = [
    "/0",
    "/128",
    "/64 after 0",
    "/64 after 257",
    "/64 after",
    "after 3",
    "sshd",
    "sshd:",
    "s shd:/64",
    "/64/3",
    "-64",
    "//64",
    "/6.4",
    "ss|hd:/64",
  ];
  for (const text of wrong) {
    strictEqual(parseWidenRules(text, "IPv6"), undefined);
  }
  strictEqual(parseWidenRules("/32", "IPv4"), undefined);
  const many = Array.from({ length: 101 }, () => "/64").join(",");
  strictEqual(parseWidenRules(many, "IPv6"), undefined);
  for (const none of ["", " , \n", "off"]) {
    strictEqual(widestBits(parseWidenRules(none, "IPv4") ?? []), undefined);
  }
});

Deno.test("parseWidenRules() never throws, and what it takes is in its bounds", () => {
  fc.assert(fc.property(fc.string(), fc.nat(300), (text, number) => {
    for (const one of [text, `/${number}`, `sshd: ${number} after ${number}`]) {
      for (const { widening } of parseWidenRules(one, "IPv6") ?? []) {
        if (widening === undefined) continue;
        const { bits, after } = widening;
        strictEqual(bits >= 1 && bits <= 127, true);
        strictEqual(after >= 1 && after <= 256, true);
      }
    }
  }));
});
