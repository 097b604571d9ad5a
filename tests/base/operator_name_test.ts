import { ok, strictEqual } from "node:assert/strict";
import {
  importOrigin,
  isDerivedOrigin,
  isImportOrigin,
  isNodeOrigin,
  OPERATOR_ORIGIN,
  parseImportName,
  parseOrigin,
} from "../../lib/base/operator_name.ts";
import { parseHostName } from "../../lib/base/host_name.ts";
import { host } from "../support/values/core_values.ts";

Deno.test("parseOrigin() takes hosts' names and those of imports, and nothing else", () => {
  for (const text of ["web1", "web_1.example.net", "operator", "import:drop"]) {
    strictEqual(parseOrigin(text), text);
  }
  for (
    const text of [
      "",
      "import:",
      "import:Drop",
      "import:a b",
      "import:a:b",
      "import:.a",
      `import:${"a".repeat(33)}`,
      "Import:drop",
      "other:drop",
    ]
  ) strictEqual(parseOrigin(text), undefined, text);
});

Deno.test("no host has the name of an import, and an import no fail2ban", () => {
  const name = parseImportName("blocklist.de_all-1");
  ok(name);
  const origin = importOrigin(name);
  strictEqual(parseHostName(origin), undefined);
  ok(isImportOrigin(origin));
  ok(!isNodeOrigin(origin));
  ok(!isNodeOrigin(OPERATOR_ORIGIN));
  ok(isNodeOrigin(host("import")));
});

Deno.test("what the publisher derives from reports is under names that are no node's, in any case", () => {
  for (const name of ["widened", "grown", "Widened"]) {
    ok(isDerivedOrigin(host(name)));
    ok(!isNodeOrigin(host(name)));
  }
  ok(!isDerivedOrigin(OPERATOR_ORIGIN));
  ok(!isDerivedOrigin(host("widened1")));
});
