import { deepStrictEqual, ok } from "node:assert/strict";
import { ROOMS } from "../../tools/rooms.ts";

const ROOT = new URL("../../", import.meta.url);
const FILE_NAME = /^[a-z0-9_]+\.ts$/;
const PATH = /^(?:lib|roles|tests|tools|bench|docs)\/[\w./]*$/;

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))
  ) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

const files = new Set<string>();
for (
  const folder of ["lib/", "roles/", "tests/", "tools/", "bench/", "docs/"]
) {
  for await (const path of filesIn(folder)) files.add(path);
}
const paths = [...files];

/** Whether a file or folder is named by its path from the root, from lib/, or by its name. */
function isThere(word: string): boolean {
  if (PATH.test(word)) {
    return files.has(word) ||
      paths.some((path) => path.startsWith(word.replace(/\/?$/, "/")));
  }
  return paths.some((path) => path.endsWith(`/${word}`));
}

function missingIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\s*<]+)`/g)]
    .map(([, word = ""]) => word)
    .filter((word) =>
      PATH.test(word) || FILE_NAME.test(word.split("/").at(-1) ?? "")
    )
    .filter((word) => word !== "mod.ts" && !isThere(word));
}

for (
  const page of [
    "docs/ARCHITECTURE.md",
    "CONTRIBUTING.md",
    ...ROOMS.map(({ name }) => `lib/${name}/README.md`),
  ]
) {
  Deno.test(`${page} names files that are there`, async () => {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    deepStrictEqual(missingIn(text), []);
  });
}

Deno.test("a page's file that is not there is found", () => {
  const missing = [
    "lib/ban/nothing.ts",
    "nothing.ts",
    "ban/nothing.ts",
    "lib/nothing/",
  ];
  deepStrictEqual(
    missingIn(missing.map((word) => `\`${word}\``).join(" ")),
    missing,
  );
  ok(
    missingIn("`lib/ban/ban.ts`, `ban.ts`, `ban/ban.ts`, `lib/ban/`").length ===
      0,
  );
});
