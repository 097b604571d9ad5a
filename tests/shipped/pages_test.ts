import { deepStrictEqual, ok } from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";
import { CLUSTER_VERBS } from "../../lib/cli/cluster_verbs.ts";
import { listOptions, optionsOfList } from "../../lib/config/options.ts";
import { withoutFences } from "../../tools/markdown_links.ts";
import { UnusableStoreError } from "../../lib/sqlite/store_errors.ts";

const ROOT = new URL("../../", import.meta.url);
const ROLES = ["monitor", "publisher", "subscriber"] as const;
/** Other programs' settings that the pages name: fail2ban's, SQLite's. */
const OF_OTHERS = ["backend", "logpath", "synchronous"];
/** Pages that have tasks of operators, too. */
const TASKS = ["METRICS", "PUBLISHERS", "ROUTERS"];
/** What the examples leave to the reader. */
const REST = ["monitor", "publisher"].map((role) =>
  `[${role}]\nauthtoken = 6f0c2d8f5b7c1e0a93d54a7be1f2c3d4\n`
).join("");

interface Page {
  /** Relative to the project. */
  readonly name: string;
  readonly text: string;
}

async function readPages(): Promise<readonly Page[]> {
  const names = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) names.push(`docs/${name}`);
  }
  return await Promise.all(names.map(async (name) => ({
    name,
    text: await Deno.readTextFile(new URL(name, ROOT)),
  })));
}

/** The examples of our configuration, without the indentation of their list. */
function configExamples({ text }: Page): readonly string[] {
  return [...text.matchAll(/^( *)```ini\n([\s\S]*?)^ *```$/gm)]
    .map(([, indent = "", example = ""]) =>
      example.split("\n").map((line) => line.slice(indent.length)).join("\n")
    )
    .filter((example) => !/^\[Service\]$/m.test(example));
}

Deno.test("every option that the pages set exists", async () => {
  const options = [...listOptions(), ...optionsOfList("NAME")];
  const known = new Set(options.map(({ key }) => key));
  const unknown: string[] = [];
  for (const page of await readPages()) {
    for (
      const [, key = ""] of withoutFences(page.text).matchAll(
        /`([a-z0-9]+) ?= ?/g,
      )
    ) {
      if (!known.has(key) && !OF_OTHERS.includes(key)) {
        unknown.push(`${page.name}: ${key}`);
      }
    }
  }
  deepStrictEqual(unknown, []);
});

Deno.test("every configuration that the pages show is good for the programs that it names", async () => {
  let count = 0;
  for (const page of await readPages()) {
    for (const text of configExamples(page)) {
      const files = [{ path: "rest.conf", text: REST }, { path: "a", text }];
      const roles = ROLES.filter((role) => text.includes(`[${role}]`));
      ok(roles.length > 0, `${page.name}: ${text}`);
      for (const role of roles) {
        loadConfig(role, files, { hostname: "web-1" });
        count++;
      }
    }
  }
  ok(count >= 8, `${count} configurations`);
});

Deno.test("the heading that a damaged store's hint names is in OPERATIONS", async () => {
  const { hint = "" } = new UnusableStoreError("damaged", "it is empty");
  const [, heading] = /see "(.+)" in docs\/OPERATIONS\.md/.exec(hint) ?? [];
  const page = await Deno.readTextFile(new URL("docs/OPERATIONS.md", ROOT));
  ok(heading !== undefined && page.includes(`\n### ${heading}\n`), hint);
});

Deno.test("OPERATIONS.md's table names every command of the operator, and the pages tell of each", async () => {
  const pages = await readPages();
  const textOf = (name: string) =>
    pages.find((page) => page.name === name)?.text ?? "";
  const operations = textOf("docs/OPERATIONS.md");
  const [before = "", section = ""] = operations
    .split("### The operator's command\n");
  const [table = ""] = section.split("\n## ");
  const verbs = Object.keys(CLUSTER_VERBS);
  const isNamedIn = (text: string) => (verb: string) =>
    new RegExp(`\\b${verb}\\b`).test(text);
  deepStrictEqual(
    verbs.filter((verb) => !isNamedIn(table.replaceAll("`", ""))(verb)),
    [],
  );
  const others = TASKS.map((name) => textOf(`docs/${name}.md`));
  const text = [before, section.slice(table.length), ...others].join("\n");
  deepStrictEqual(verbs.filter((verb) => !isNamedIn(text)(verb)), []);
});
