import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseIniText } from "../../lib/config/ini_text.ts";
import {
  renderOptionTable,
  renderShippedFile,
} from "../../lib/config/option_text.ts";
import {
  listOptions,
  OPTIONS,
  optionsOfList,
} from "../../lib/config/options.ts";

Deno.test("renderShippedFile() sets every option that has a default, and the placeholders", () => {
  const { sections, problems } = parseIniText("a.conf", renderShippedFile());
  deepStrictEqual(problems, []);
  deepStrictEqual([...sections.keys()], Object.keys(OPTIONS));
  for (const { section, key, option } of listOptions()) {
    const value = sections.get(section)?.values.get(key)?.text;
    strictEqual(value, option.shipped ?? option.default, `${section}.${key}`);
  }
});

Deno.test("renderShippedFile() tells the rest in comments, with what holds and what may be written", () => {
  const text = renderShippedFile();
  for (const { key, option } of listOptions()) {
    ok(text.includes(`\n# ${option.help}\n`), key);
    if (option.default !== undefined || option.shipped !== undefined) continue;
    const comment =
      `\n# Not set: ${option.unset}.\n# ${key} = ${option.kind.placeholder}\n`;
    ok(text.includes(comment), key);
  }
  for (const { key, option } of optionsOfList("NAME")) {
    ok(text.includes(`\n# ${option.help}\n# ${key} = `), key);
  }
});

Deno.test("renderOptionTable() has a row for every option, in columns as wide as their widest cell", () => {
  const lines = renderOptionTable().trimEnd().split("\n");
  const [head = "", rule = "", ...rows] = lines;
  strictEqual(new Set(lines.map((line) => line.length)).size, 1);
  ok(/^\| section +\| key +\| default +\| meaning +\|$/.test(head), head);
  ok(/^(?:\| -+ ){4}\|$/.test(rule), rule);
  const cells = rows.map((row) =>
    row.slice(2, -2).split(/(?<!\\) \| /).map((cell) => cell.trimEnd())
  );
  deepStrictEqual(
    cells.map(([section, key, , help]) => [section, key, help]),
    [...listOptions(), ...optionsOfList("NAME")].map((
      { section, key, option },
    ) => [
      `\`[${section}]\``,
      `\`${key}\``,
      option.help.replaceAll("|", "\\|"),
    ]),
  );
  const byKey = new Map(cells.map(([, key, shown]) => [key, shown]));
  strictEqual(byKey.get("`unbanhold`"), "`30s`");
  strictEqual(byKey.get("`zmqprefixfilter`"), '`""`');
  strictEqual(byKey.get("`hostname`"), "the system's host name");
});
