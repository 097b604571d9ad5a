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
