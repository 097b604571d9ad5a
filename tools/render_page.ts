/**
 * Builds `roles/program/built_page.json` from `page/`: the files that a
 * publisher serves to browsers. Modules keep their names and lose their types;
 * imported modules are included. With `--check` it changes nothing and reports
 * differences.
 *
 * ```
 * deno run --allow-read --allow-write tools/render_page.ts [--check]
 * ```
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

const ROOT = new URL("../", import.meta.url);
const BUILT = new URL("roles/program/built_page.json", ROOT);
const ENTRY = "page/main.ts";
/**
 * Placeholder for the folder of files whose paths contain a hash of their
 * content.
 */
const ASSETS = "ASSETS/";
const HASH_LENGTH = 16;

/** Imports of values; those of types are already removed. */
const IMPORT = /^\s*(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)";/gm;
/** The remains of a type-only import. */
const EMPTY_IMPORT = /^import\s*\{\s*\}\s*from\s*"[^"]+";$/gm;
/** Whole-line comments, which browsers do not need. */
const DOC_COMMENT = /^[ \t]*\/\*\*[\s\S]*?\*\/[ \t]*$/gm;
const LINE_COMMENT = /^[ \t]*\/\/.*$/gm;

/** Media types of files that are not modules. */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The text of `roles/program/built_page.json`. */
export async function builtPage(): Promise<string> {
  const modules = await modulesFrom(ENTRY);
  const beside = await Promise.all(
    ["page/style.css", "page/icon.svg"].map(async (path) =>
      [path, await read(path)] as const
    ),
  );
  const assets = [...modules, ...beside];
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(JSON.stringify(assets)),
  );
  const hash = new Uint8Array(digest).toHex().slice(0, HASH_LENGTH);
  const folder = `/assets/${hash}/`;
  const html = (await read("page/index.html")).replaceAll(ASSETS, folder);
  const files = [
    {
      path: "/",
      type: "text/html; charset=utf-8",
      lines: linesOf(html),
    },
    ...assets.map(([path, text]) => ({
      path: `${folder}${path}`,
      type: TYPES[path.split(".").at(-1) ?? ""] ??
        "text/javascript; charset=utf-8",
      lines: linesOf(text),
    })),
  ];
  // One line per line of the page, for readable diffs; without indentation,
  // because it is embedded.
  return `${JSON.stringify({ files }, null, 1).replaceAll(/^ +/gm, "")}\n`;
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

async function modulesFrom(
  entry: string,
): Promise<readonly (readonly [path: string, text: string])[]> {
  const found = new Map<string, string>([[entry, ""]]);
  for (const path of found.keys()) {
    const text = stripTypeScriptTypes(await read(path))
      .replace(EMPTY_IMPORT, "")
      .replace(DOC_COMMENT, "")
      .replace(LINE_COMMENT, "");
    found.set(path, text);
    for (const [, specifier = ""] of text.matchAll(IMPORT)) {
      const imported = pathOf(specifier, path);
      if (!found.has(imported)) found.set(imported, "");
    }
  }
  return [...found].toSorted(([left], [right]) => left < right ? -1 : 1);
}

/** The path of an import. Only the project's own files exist in a browser. */
function pathOf(specifier: string, from: string): string {
  if (!specifier.startsWith(".")) {
    throw new TypeError(`${from} imports ${specifier}, which no browser has`);
  }
  return new URL(specifier, new URL(from, ROOT)).href.slice(ROOT.href.length);
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

async function main([option]: readonly string[]): Promise<number> {
  const text = await builtPage();
  const now = await Deno.readTextFile(BUILT).catch(() => "");
  if (now === text) return 0;
  if (option === "--check") {
    const hint =
      "roles/program/built_page.json differs: deno run -A tools/render_page.ts\n";
    await Deno.stderr.write(new TextEncoder().encode(hint));
    return 1;
  }
  await Deno.writeTextFile(BUILT, text);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
