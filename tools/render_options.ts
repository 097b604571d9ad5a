/**
 * Generates files from the tables of options and verbs:
 * `fail2ban-cluster.conf`, the tables in CONFIGURATION.md and METRICS.md,
 * manual pages and completions in `share/`. With `--check` it changes nothing
 * and reports differences.
 *
 * ```
 * deno run --allow-read --allow-write tools/render_options.ts [--check]
 * ```
 *
 * @module
 */

import { completions } from "../lib/cli/completions.ts";
import { manPages } from "../lib/cli/man_pages.ts";
import { metricRows } from "../lib/metrics/metric_docs.ts";
import { TOLD_EVENTS } from "../lib/notify/told_event.ts";
import { MESSAGE_FIELDS } from "../lib/notify/webhook_message.ts";
import { markdownTable } from "../lib/config/markdown_table.ts";
import {
  renderOptionTable,
  renderShippedFile,
} from "../lib/config/option_text.ts";

const METRICS_TABLES = [
  ["events", fieldRows("event", TOLD_EVENTS)],
  ["message", fieldRows("field", MESSAGE_FIELDS)],
  ["metrics", metricRows()],
] as const;

/**
 * How to generate each file from its current text; `undefined` when that has no
 * marks.
 */
const FILES: Readonly<Record<string, (now: string) => string | undefined>> = {
  "fail2ban-cluster.conf": renderShippedFile,
  "docs/CONFIGURATION.md": (now) =>
    between(now, "options", renderOptionTable()),
  "docs/METRICS.md": (now) =>
    METRICS_TABLES.reduce<string | undefined>(
      (text, [mark, rows]) =>
        text === undefined
          ? undefined
          : between(text, mark, markdownTable(rows)),
      now,
    ),
  ...Object.fromEntries(
    Object.entries({ ...manPages(), ...completions() }).map(
      ([path, text]) => [`share/${path}`, () => text],
    ),
  ),
};

/**
 * Writes the files, or checks whether they are up to date.
 *
 * @param folder URL of the project's folder, with a slash at its end.
 * @param isCheck Whether nothing may be changed.
 * @returns The problems of each file, one line each.
 */
export async function renderOptions(
  folder: URL,
  isCheck: boolean,
): Promise<readonly string[]> {
  const troubleLog: string[] = [];
  for (const [name, render] of Object.entries(FILES)) {
    const path = new URL(name, folder);
    const now = await readText(path);
    const rendered = render(now);
    if (rendered === undefined) {
      troubleLog.push(`${name} has no place for its table`);
    } else if (rendered !== now) {
      if (isCheck) {
        troubleLog.push(`${name} differs: tools/render_options.ts writes it`);
        continue;
      }
      await Deno.mkdir(new URL(".", path), { recursive: true });
      await Deno.writeTextFile(path, rendered);
    }
  }
  return troubleLog;
}

/**
 * Runs the program.
 *
 * @param args The arguments.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const isCheck = args[0] === "--check";
  if (args.length > (isCheck ? 1 : 0)) {
    await say("usage: render_options.ts [--check]");
    return 2;
  }
  const folder = new URL("../", import.meta.url);
  const troubleLog = await renderOptions(folder, isCheck);
  for (const complaint of troubleLog) await say(complaint);
  return isCheck && troubleLog.length > 0 ? 1 : 0;
}

/** A table of names and descriptions, with its head first. */
function fieldRows(
  head: string,
  about: Readonly<Record<string, string>>,
): readonly (readonly string[])[] {
  const rows = Object.entries(about).map((
    [name, what],
  ) => [`\`${name}\``, what]);
  return [[head, "what it is"], ...rows];
}

/** Puts a table between its two marks; `undefined` when these are missing. */
function between(now: string, mark: string, table: string): string | undefined {
  const begin = `<!-- ${mark} -->`;
  const from = now.indexOf(begin);
  const to = now.indexOf(`<!-- /${mark} -->`, from);
  if (from === -1 || to === -1) return undefined;
  return `${now.slice(0, from + begin.length)}\n\n${table}\n${now.slice(to)}`;
}

/** The file's text; `""` when it does not exist. */
async function readText(path: URL): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function say(line: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
