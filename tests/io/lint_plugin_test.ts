import { deepStrictEqual } from "node:assert/strict";
import plugin from "../../tools/lint_plugin.ts";

/** What the rules say of a file: the names of those that complain. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id }) =>
    id.replace("cluster/", "")
  );
}

const CASES: readonly [path: string, source: string, expected: string[]][] = [
  ["lib/a.ts", `import { b } from "./b.ts"; b();`, []],
  ["lib/a.ts", `import ipaddr from "ipaddr.js"; ipaddr;`, []],
  ["lib/a.ts", `import { b } from "./io/b.ts"; b();`, ["layering"]],
  ["lib/a.ts", `export * from "../roles/monitor.ts";`, ["layering"]],
  ["lib/a.ts", `const fs = await import("node:fs"); fs;`, ["layering"]],
  ["lib/a.ts", `import { Logger } from "@std/log"; Logger;`, ["layering"]],
  ["lib/a.ts", `export const x = Date.now();`, ["purity"]],
  ["lib/a.ts", `export const x = Math.random();`, ["purity"]],
  ["lib/a.ts", `setTimeout(() => {}, 1);`, ["purity"]],
  ["lib/a.ts", `Deno.exit(1);`, ["purity"]],
  ["lib/a.ts", `export default 1;`, ["no-default-export"]],
  ["lib/io/a.ts", `import { b } from "../b.ts"; Deno.exit(b());`, []],
  ["lib/io/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["lib/io/a.ts", `import * as zmq from "zeromq"; zmq;`, []],
  ["lib/a.ts", `AbortSignal.any([]);`, ["no-abort-signal-any"]],
  ["lib/io/a.ts", `AbortSignal.any([]);`, ["no-abort-signal-any"]],
  ["lib/io/a.ts", `AbortSignal.abort(); Map.any;`, []],
  ["roles/a.ts", `import { b } from "./b.ts"; b();`, ["layering"]],
  ["roles/a.ts", `import { b } from "./program/b.ts"; b();`, []],
  ["roles/a.ts", `import { b } from "../lib/io/b.ts"; b();`, []],
  ["tests/roles/a_test.ts", `import { b } from "../support/b.ts"; b();`, []],
  ["mod.ts", `export { b } from "./lib/b.ts";`, []],
  ["mod.ts", `export { b } from "./lib/io/b.ts";`, ["layering"]],
  ["tests/a_test.ts", `import { b } from "../lib/io/b.ts"; b();`, ["layering"]],
  [
    "tests/a_test.ts",
    `import b from "./vectors/b.json" with { type: "json" }; b;`,
    [],
  ],
  ["tests/a_test.ts", `import { b } from "./vectors/b.ts"; b();`, ["layering"]],
];

for (const [path, source, expected] of CASES) {
  Deno.test(`lint rules say [${expected}] of ${path}: ${source}`, () => {
    deepStrictEqual(complaints(path, source), expected);
  });
}
