import { deepStrictEqual, ok } from "node:assert/strict";
import {
  anchorsOf,
  brokenLinks,
  linksOf,
  unreachedPages,
} from "../../tools/markdown_links.ts";

const ROOT = new URL("../../", import.meta.url);
/** What is no part of the project, or made by it. */
const LEFT_OUT = /^(?:\.git|dist|node_modules)$/;

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = Deno.readDir(new URL(folder, ROOT));
  for await (const { name, isDirectory } of entries) {
    if (LEFT_OUT.test(name)) continue;
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

const paths = new Set(
  await Array.fromAsync(filesIn("./")).then((all) =>
    all.map((path) => path.slice("./".length))
  ),
);
const pages = new Map<string, string>();
for (const path of paths) {
  if (!path.endsWith(".md")) continue;
  pages.set(path, await Deno.readTextFile(new URL(path, ROOT)));
}

Deno.test("every link of every page leads to a file and a heading that are there", () => {
  deepStrictEqual(brokenLinks(pages, paths), []);
  const count = [...pages.values()].flatMap(linksOf).length;
  ok(count > 50, `${count} links`);
});

Deno.test("every page for users is reached by links from README.md", () => {
  const isForUsers = (path: string) => /^(?:docs\/)?[A-Z]+\.md$/.test(path);
  const forUsers = new Map([...pages].filter(([path]) => isForUsers(path)));
  deepStrictEqual(unreachedPages(forUsers, "README.md"), []);
});

Deno.test("brokenLinks() finds each way in which a link can lead nowhere", () => {
  const targets = [
    "nothing.md",
    "../nothing.md",
    "../../above.md",
    "#nothing",
    "A.md#twice-2",
    "picture.svg#a",
  ];
  const text = targets.map((target) => `[a](${target})`).join(" ");
  const page = `${text}\n\n[ref]: gone.md\n\n<img src="gone.svg">\n`;
  const all = new Map([
    ["docs/B.md", page],
    ["docs/A.md", "# Twice\n\n## Twice\n"],
  ]);
  const files = new Set([...all.keys(), "docs/picture.svg"]);
  deepStrictEqual(
    brokenLinks(all, files),
    [...targets, "gone.md", "gone.svg"].map((target) => `docs/B.md: ${target}`),
  );
});

Deno.test("brokenLinks() takes files, folders, headings, and what is elsewhere or shown as code", () => {
  const text = [
    "[a](A.md) [b](A.md#twice-1) [c](../docs) [d](#here-and-there) [e](https://example.org/x#y)",
    '![f](picture.svg "A title") `[g](nothing.md)` <a href="A.md">',
    "```\n[h](nothing.md)\n```",
    "# Here, and `there`",
  ].join("\n");
  const all = new Map([
    ["docs/B.md", text],
    ["docs/A.md", "# Twice\n\n## Twice\n"],
  ]);
  const files = new Set([...all.keys(), "docs/picture.svg"]);
  deepStrictEqual(brokenLinks(all, files), []);
});

Deno.test("anchorsOf() leaves out what only looks like a heading", () => {
  const text = "# A\n\n```\n# no\n```\n\n## The [link](B.md), `code`\n#no\n";
  deepStrictEqual([...anchorsOf(text)], ["a", "the-link-code"]);
});

Deno.test("unreachedPages() follows links from page to page", () => {
  const all = new Map([
    ["README.md", "[a](docs/A.md#x)"],
    ["docs/A.md", "[b](B.md)"],
    ["docs/B.md", "[up](../README.md)"],
    ["docs/C.md", "[a](A.md)"],
  ]);
  deepStrictEqual(unreachedPages(all, "README.md"), ["docs/C.md"]);
});
