import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import {
  type JailMap,
  localJail,
  localJails,
  parseJailMap,
} from "../../lib/base/jail_map.ts";
import { growth } from "../support/host/growth.ts";
import { anyJailName } from "../support/values/any_values.ts";
import { jail } from "../support/values/core_values.ts";

function map(text: string): JailMap {
  const rules = parseJailMap(text);
  ok(rules, text);
  return rules;
}

Deno.test("parseJailMap() reads rules from lines and from between commas", () => {
  const rules = [
    { pattern: "sshd", jail: jail("sshd") },
    { pattern: "nginx-*", jail: jail("web") },
    { pattern: "*", jail: CLUSTER_JAIL },
  ];
  for (
    const text of [
      "sshd = sshd, nginx-* = web, * = fail2bancluster",
      "sshd=sshd,nginx-*=web,*=fail2bancluster",
      "\n  sshd = sshd\r\n\n\tnginx-* = web , ,\n* = fail2bancluster\n",
    ]
  ) deepStrictEqual(map(text), rules, text);
  deepStrictEqual(map(" \n , "), []);
});

Deno.test("parseJailMap() refuses a map when it does not understand one rule of it", () => {
  for (
    const rule of [
      "sshd",
      "sshd =",
      "= sshd",
      "=",
      "a = b = c",
      "sshd == sshd",
      "sshd = all",
      "sshd = logtarget",
      "sshd = -sshd",
      "sshd = a b",
      "a b = sshd",
      "sshd = *",
      "sshd = $(reboot)",
      "ssh? = sshd",
      "[ab] = sshd",
      `${"a".repeat(65)} = sshd`,
      `sshd = ${"a".repeat(65)}`,
      "ss\u00e9 = sshd",
      "sshd \u2192 sshd",
    ]
  ) {
    strictEqual(parseJailMap(rule), undefined, rule);
    strictEqual(parseJailMap(`sshd = sshd, ${rule}`), undefined, rule);
  }
});

Deno.test("parseJailMap() takes a thousand rules and no more", () => {
  const rules = (count: number) =>
    Array.from({ length: count }, (_, index) => `a${index} = web`).join("\n");
  strictEqual(map(rules(1_000)).length, 1_000);
  strictEqual(parseJailMap(rules(1_001)), undefined);
});

Deno.test("localJail() goes by the first rule whose pattern matches the whole name", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["", "sshd", CLUSTER_JAIL],
    ["sshd = a", "sshd", "a"],
    ["sshd = a", "sshd-ddos", CLUSTER_JAIL],
    ["sshd = a", "xsshd", CLUSTER_JAIL],
    ["sshd = a", "SSHD", CLUSTER_JAIL],
    ["* = a, sshd = b", "sshd", "a"],
    ["sshd = b, * = a", "sshd", "b"],
    ["nginx-* = a", "nginx-", "a"],
    ["nginx-* = a", "nginx", CLUSTER_JAIL],
    ["*-auth = a", "nginx-auth", "a"],
    ["a*a = b", "a", CLUSTER_JAIL],
    ["a*a = b", "aa", "b"],
    ["ab*ba = c", "aba", CLUSTER_JAIL],
    ["a*b*c = d", "a.b.b.c", "d"],
    ["a*b*c = d", "a.c.b", CLUSTER_JAIL],
    ["a**c = d", "ac", "d"],
    ["*x*x* = d", "axbxc", "d"],
    ["*x*x* = d", "axc", CLUSTER_JAIL],
    ["a.c = d", "abc", CLUSTER_JAIL],
    ["a+ = d", "aa", CLUSTER_JAIL],
  ];
  for (const [text, name, local] of cases) {
    strictEqual(localJail(map(text), jail(name)), local, `${name} by ${text}`);
  }
});

Deno.test("localJail() matches as a regular expression would, whatever the pattern", () => {
  const anyPattern = fc.string({
    unit: fc.constantFrom("a", "b", "*"),
    minLength: 1,
    maxLength: 9,
  });
  const anyName = fc.string({
    unit: fc.constantFrom("a", "b"),
    minLength: 1,
    maxLength: 12,
  }).map(jail);
  fc.assert(
    fc.property(anyPattern, anyName, (pattern, name) => {
      const expression = `^${pattern.replaceAll("*", ".*")}$`;
      strictEqual(
        localJail(map(`${pattern} = web`), name) === "web",
        new RegExp(expression).test(name),
      );
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("localJail() takes no longer for a pattern made to be slow", () => {
  const rules = (count: number, stars: number) =>
    map(Array(count).fill(`${"*a".repeat(stars)}*b = web`).join(","));
  // Going back in the name for each star would take the fourth power of its length.
  const few = rules(300, 3);
  const [short, long] = [jail("a".repeat(6)), jail("a".repeat(60))];
  const ratio = growth(6, (size) => localJail(few, size === 6 ? short : long));
  ok(ratio < 4, `${ratio}; 1 is in proportion to the name's length`);
  strictEqual(
    localJail(rules(1_000, 31), jail("a".repeat(64))),
    CLUSTER_JAIL,
  );
});

Deno.test("localJails() names every jail a map leads to once, the dedicated one always", () => {
  deepStrictEqual(localJails([]), [CLUSTER_JAIL]);
  deepStrictEqual(
    localJails(map("a = web, b = web, c = fail2bancluster, d = sshd")),
    ["web", "fail2bancluster", "sshd"],
  );
  fc.assert(fc.property(anyJailName, (name) => {
    const rules = map("sshd = sshd, *a* = web");
    ok(localJails(rules).includes(localJail(rules, name)));
  }));
});
