import { deepStrictEqual, ok } from "node:assert/strict";
import {
  messagesIn,
  type SourceMessage,
} from "../support/source/source_messages.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGE = "docs/MESSAGES.md";

async function* sourcesIn(folder: string): AsyncGenerator<string> {
  const entries = Deno.readDir(new URL(folder, ROOT));
  for await (const { name, isDirectory } of entries) {
    if (isDirectory) yield* sourcesIn(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

async function allMessages(): Promise<readonly SourceMessage[]> {
  const found: SourceMessage[] = [];
  for (const folder of ["lib/", "roles/"]) {
    for await (const path of sourcesIn(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      found.push(...messagesIn(path, source));
    }
  }
  return found;
}

/** The rows of the page's tables: message, cause, what to do. */
async function rows(): Promise<readonly (readonly string[])[]> {
  const text = await Deno.readTextFile(new URL(PAGE, ROOT));
  return text.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) =>
      line.split(" | ").map((cell) => cell.replace(/^\| |\s*\|$/g, "").trim())
    );
}

Deno.test("MESSAGES.md has every message of the sources, and none that no program says", async () => {
  const said = await allMessages();
  const explained = (await rows()).map(([message = ""]) =>
    message.slice(1, -1)
  );
  const missing = said.filter(({ text }) => !explained.includes(text))
    .map(({ path, text, hint }) => `${path}: ${text} (${hint})`);
  deepStrictEqual(missing, [], `messages that ${PAGE} lacks`);
  const texts = new Set(said.map(({ text }) => text));
  deepStrictEqual(
    explained.filter((message) => !texts.has(message)),
    [],
    `messages that only ${PAGE} has`,
  );
  deepStrictEqual(explained.length, new Set(explained).size, "each once");
  ok(explained.length > 150, `${explained.length} messages`);
});

Deno.test("MESSAGES.md has a cause and a way out for each message", async () => {
  for (const row of await rows()) {
    deepStrictEqual(row.length, 3, row.join(" | "));
    for (const cell of row) ok(/[a-z]{2}/i.test(cell), row.join(" | "));
  }
});

Deno.test("messagesIn() reads texts, parts that differ, alternatives, hints, and logged events", () => {
  const source = [
    'throw new RuntimeError(`cannot read ${path}: ${why}`, { hint: "as root" });',
    'throw new UsageError(isAll ? "all of it" : "none of it");',
    'throw new RuntimeError("it is " + "long");',
    'throw new RuntimeError(other.message); throw new RangeError("a bug");',
    'log.record("warning", "odd"); log.record("info", "fine");',
    'new TroubleLog({ trouble: "no way", over: "a way" });',
  ].join("\n");
  const found = messagesIn("a.ts", source).map((
    { text, hint },
  ) => [text, hint]);
  deepStrictEqual(found, [
    ["cannot read ...: ...", "as root"],
    ["all of it", ""],
    ["none of it", ""],
    ["it is long", ""],
    ["odd", ""],
    ["no way", ""],
  ]);
});
