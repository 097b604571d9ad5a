import { deepStrictEqual, ok } from "node:assert/strict";
import { parseClusterCommand } from "../../lib/cli/cluster_cli.ts";
import { UsageError } from "../../lib/base/errors.ts";

const ROOT = new URL("../../", import.meta.url);
const PROGRAM = "fail2ban-cluster";
/** A line of a block that is typed, behind a prompt or without; code within a sentence. */
const TYPED = /^ *(?:\w*[#$] +)?(fail2ban-cluster [a-z].*)$/gm;
const INLINE = /`(fail2ban-cluster [a-z][^`]*)`/g;
/** Ends a command for the shell. */
const ENDS = /^(?:&&|\||>.*|#.*|;)$/;

interface Shown {
  readonly page: string;
  readonly line: string;
}

/** Words as the shell takes them, up to the command's end; `'` and `"` hold words together. */
function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/(?:\$\([^)]*\)|[^\s'"]|'[^']*'|"[^"]*")+/g)]
    .map(([word]) => word);
  const end = words.findIndex((word) => ENDS.test(word));
  return words.slice(1, end === -1 ? undefined : end)
    .map((word) => word.replace(/['"]/g, ""));
}

async function shownCommands(): Promise<readonly Shown[]> {
  const pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  const all = await Promise.all(pages.map(async (page) => {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    const blocks = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)]
      .map(([, block = ""]) => block).join("\n");
    // In a sentence a verb may stand for itself, without what it takes.
    const named = [...text.matchAll(INLINE)].filter(([, line = ""]) =>
      !/ needs /.test(faultOf(line) ?? "")
    );
    return [...blocks.matchAll(TYPED), ...named]
      .map(([, line = ""]) => ({ page, line }));
  }));
  // What is only named is no command: `fail2ban-cluster VERB`, two verbs at once, a choice.
  return all.flat().filter(({ line }) => !/[|,]|\.\.\.$|VERB/.test(line));
}

/** What is wrong with a command line; `undefined`: nothing. */
function faultOf(line: string): string | undefined {
  try {
    parseClusterCommand(wordsOf(line));
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

Deno.test("every command of the operator that a page shows is one, with options that there are", async () => {
  const shown = await shownCommands();
  ok(shown.length > 80, `${shown.length} commands`);
  deepStrictEqual(
    shown.flatMap(({ page, line }) => {
      const fault = faultOf(line);
      return fault === undefined ? [] : [`${page}: ${line}: ${fault}`];
    }),
    [],
  );
});

Deno.test("a command that is none is found", () => {
  deepStrictEqual(
    [
      "nonsense",
      "bans --nonsense",
      "ban",
      'allow add 192.0.2.1 --note "two words" && true',
      "backup /var/backups/x # each night",
    ].map((words) => faultOf(`${PROGRAM} ${words}`) === undefined),
    [false, false, false, true, true],
  );
});
