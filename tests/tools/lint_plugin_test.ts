import { deepStrictEqual } from "node:assert/strict";
import plugin from "../../tools/lint_plugin.ts";

/** What the rules say of a file: the names of those that complain. */
function troubleLog(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id }) =>
    id.replace("cluster/", "")
  );
}

const CASES: readonly [path: string, source: string, expected: string[]][] = [
  ["lib/ban/a.ts", `import { b } from "./b.ts"; b();`, []],
  ["lib/ban/a.ts", `import { b } from "../members/b.ts"; b();`, []],
  ["lib/ban/a.ts", `import { b } from "../store/b.ts"; b();`, ["layering"]],
  ["lib/monitor/a.ts", `export * from "../publisher/b.ts";`, ["layering"]],
  ["lib/publisher/a.ts", `export * from "../subscriber/b.ts";`, ["layering"]],
  ["lib/subscriber/a.ts", `export * from "../monitor/b.ts";`, ["layering"]],
  ["lib/base/a.ts", `import ipaddr from "ipaddr.js"; ipaddr;`, []],
  ["lib/ban/a.ts", `import ipaddr from "ipaddr.js"; ipaddr;`, ["layering"]],
  ["lib/tail/a.ts", `import { b } from "./io/b.ts"; b();`, ["layering"]],
  ["lib/tail/a.ts", `import { b } from "../log/io/b.ts"; b();`, ["layering"]],
  ["lib/tail/a.ts", `export * from "../../roles/monitor.ts";`, ["layering"]],
  ["lib/ban/a.ts", `const fs = await import("node:fs"); fs;`, ["layering"]],
  ["lib/log/a.ts", `import { Logger } from "@std/log"; Logger;`, ["layering"]],
  ["lib/ban/a.ts", `export const x = Date.now();`, ["purity"]],
  ["lib/ban/a.ts", `export const x = Math.random();`, ["purity"]],
  ["lib/ban/a.ts", `setTimeout(() => {}, 1);`, ["purity"]],
  ["lib/ban/a.ts", `Deno.exit(1);`, ["purity"]],
  ["lib/ban/a.ts", `export default 1;`, ["no-default-export"]],
  ["lib/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["lib/cellar/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["lib/tail/io/a.ts", `import { b } from "../b.ts"; Deno.exit(b());`, []],
  ["lib/tail/io/a.ts", `import { b } from "../../log/b.ts"; b();`, []],
  ["lib/tail/io/a.ts", `import { b } from "../../ban/b.ts"; b();`, [
    "layering",
  ]],
  ["lib/tail/io/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["lib/tail/io/a.ts", `import { b } from "../../log/io/b.ts"; b();`, [
    "layering",
  ]],
  ["lib/zmq/io/a.ts", `import * as zmq from "zeromq"; zmq;`, []],
  ["lib/ban/a.ts", `AbortSignal.any([]);`, ["no-abort-signal-any"]],
  ["lib/tail/io/a.ts", `AbortSignal.any([]);`, ["no-abort-signal-any"]],
  ["lib/tail/io/a.ts", `AbortSignal.abort(); Map.any;`, []],
  ["roles/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["roles/a.ts", `import { b } from "./program/b.ts"; b();`, []],
  ["roles/a.ts", `import { b } from "../lib/tail/io/b.ts"; b();`, []],
  ["tests/roles/a_test.ts", `import { b } from "../support/b.ts"; b();`, []],
  ["mod.ts", `export { b } from "./lib/ban/b.ts";`, []],
  ["mod.ts", `export { b } from "./lib/tail/io/b.ts";`, ["layering"]],
  ["tests/ban/a_test.ts", `import { b } from "../../lib/ban/b.ts"; b();`, []],
  [
    "tests/ban/a_test.ts",
    `import { b } from "../../lib/tail/io/b.ts"; b();`,
    ["layering"],
  ],
  [
    "tests/ban/a_test.ts",
    `import b from "../vectors/b.json" with { type: "json" }; b;`,
    [],
  ],
  ["tests/ban/a_test.ts", `import { b } from "../vectors/b.ts"; b();`, [
    "layering",
  ]],
  [
    "tests/ban/a_test.ts",
    `import b from "../../docs/schemas/b.json" with { type: "json" }; b;`,
    [],
  ],
  ["tests/ban/a_test.ts", `import { b } from "../../docs/b.ts"; b();`, [
    "layering",
  ]],
];

for (const [path, source, expected] of CASES) {
  Deno.test(`lint rules say [${expected}] of ${path}: ${source}`, () => {
    deepStrictEqual(troubleLog(path, source), expected);
  });
}
