import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { scriptName, scriptOf } from "../../tools/compile/scripts.ts";

const SOURCE = [
  "/**",
  " * Of the module.",
  " */",
  "const a = 1; /** stays */ // and this",
  "  /** Goes. */",
  "  // As this does.",
  'const b = "/** no */";',
].join("\n");

/** The lines of what is made of some. */
const script = (...lines: readonly string[]) =>
  scriptOf(lines.join("\n")).split("\n");

Deno.test("documentation and comments go, and every line keeps its number", () => {
  deepStrictEqual(scriptOf(SOURCE).split("\n"), [
    ...["", "", ""],
    "const a = 1; /** stays */ // and this",
    ...["", ""],
    'const b = "/** no */";',
  ]);
});

Deno.test("types go, with what is imported for them alone, and every line keeps its number", () => {
  deepStrictEqual(
    script(
      'import type { A } from "npm:a";',
      "import {",
      "  type B,",
      '} from "./b.ts";',
      'import { type C, d } from "./c.ts";',
      "export interface E<T> extends C {",
      "  readonly f: { readonly g: T };",
      "}",
      "type H =",
      "  | string;",
      "export const i = { interface: d as unknown };",
    ).map((line) => line.replaceAll(/ +/g, " ")),
    [
      ...["", "", "", ""],
      'import { d } from "./c.js";',
      ...["", "", "", "", ""],
      "export const i = { interface: d };",
    ],
  );
});

Deno.test("files of the project are imported as what they have become, all else as it was", () => {
  deepStrictEqual(
    script(
      'import "./a.ts";',
      'export { b } from "../b/b.ts";',
      "const c = await import(",
      '  "./c.ts"',
      ");",
      'import d from "../deno.json" with { type: "json" };',
      'import { e } from "@std/cli/e.ts";',
      'const f = "./f.ts";',
    ),
    [
      'import "./a.js";',
      'export { b } from "../b/b.js";',
      "const c = await import(",
      '"./c.js"',
      ");",
      'import d from "../deno.json" with { type: "json" };',
      'import { e } from "@std/cli/e.ts";',
      'const f = "./f.ts";',
    ],
  );
  strictEqual(scriptName("lib/a.ts/b.ts"), "lib/a.ts/b.js");
});

Deno.test("what is more than a type is refused", () => {
  throws(() => scriptOf("enum A { b }"), SyntaxError);
  throws(() => scriptOf("class A { constructor(readonly b: 1) {} }"));
});

Deno.test("indentation goes, but not in a file with a text of several lines", () => {
  deepStrictEqual(script("if (a) {", "  b(`${c} d`);", "", "    e();", "}"), [
    ...["if (a) {", "b(`${c} d`);", "", "e();", "}"],
  ]);
  for (
    const text of [
      ["const a = `", "  b`;", "  c();"],
      ["  a(`b`, `", "  c`);"],
      ["  a(`${b.map((c) => `", "  ${c}`)}`);"],
      ["const a = `${", "  b", "} c`;"],
    ]
  ) deepStrictEqual(script(...text), text);
});

Deno.test("every source of the programs becomes a script of as many lines", async () => {
  let count = 0;
  for (const folder of ["lib/", "roles/"]) {
    for await (
      const path of sourcesIn(new URL(`../../${folder}`, import.meta.url))
    ) {
      const source = await Deno.readTextFile(path);
      const made = scriptOf(source);
      strictEqual(
        made.split("\n").length,
        source.split("\n").length,
        `${path}`,
      );
      ok(!/^\s*(?:import|export)\s(?:type|interface)\s/m.test(made), `${path}`);
      count++;
    }
  }
  ok(count > 500);
});

async function* sourcesIn(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesIn(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}
