import { deepStrictEqual } from "node:assert/strict";
import { withoutDocs } from "../../tools/compile/without_docs.ts";

const SOURCE = [
  "/**",
  " * Of the module.",
  " */",
  "const a = 1; /** stays */ // and this",
  "  /** Goes. */",
  "  // As this does.",
  'const b = "/** no */";',
].join("\n");

Deno.test("documentation and comments go, and every line keeps its number", () => {
  deepStrictEqual(withoutDocs(SOURCE).split("\n"), [
    ...["", "", ""],
    "const a = 1; /** stays */ // and this",
    ...["", ""],
    'const b = "/** no */";',
  ]);
});

Deno.test("interfaces and imports of types go, and every line keeps its number", () => {
  const source = [
    'import type { A } from "./a.ts";',
    "import type {",
    "  B,",
    '} from "./b.ts";',
    'import { type C, d } from "./c.ts";',
    "export interface E<T> extends C {",
    "  readonly f: { readonly g: T };",
    "}",
    "export const h = { interface: d };",
  ].join("\n");
  deepStrictEqual(withoutDocs(source).split("\n"), [
    ...["", "", "", ""],
    'import { type C, d } from "./c.ts";',
    ...["", "", ""],
    "export const h = { interface: d };",
  ]);
});

Deno.test("types go, and what follows them stays", () => {
  const source = [
    "type A = string;",
    "export type B<T> =",
    "  | {",
    '    readonly kind: "b";',
    "    readonly more: T;",
    "  }",
    "",
    '  | ({ readonly kind: "c" } & A);',
    "const c = 1;",
    "export type D =",
    "  readonly string[];",
    "  e();",
    "typeof f === g;",
  ].join("\n");
  deepStrictEqual(withoutDocs(source).split("\n"), [
    ...["", "", "", "", "", "", "", ""],
    "const c = 1;",
    ...["", "", "e();", "typeof f === g;"],
  ]);
});

Deno.test("indentation goes, but not in a file with a text of several lines", () => {
  const indented = ["if (a) {", "  b(`${c} d`);", "", "    e();", "}"];
  deepStrictEqual(withoutDocs(indented.join("\n")).split("\n"), [
    ...["if (a) {", "b(`${c} d`);", "", "e();", "}"],
  ]);
  for (
    const text of [
      ["const a = `", "  b`;", "  c();"],
      ["  a(`b`, `", "  c`);"],
      ["  a(`${b.map((c) => `", "  ${c}`)}`);"],
      ["const a = `${", "  b", "} c`;"],
    ]
  ) deepStrictEqual(withoutDocs(text.join("\n")).split("\n"), text);
});
