/**
 * Renders the table of options for people: in CONFIGURATION.md and in the
 * shipped `fail2ban-cluster.conf`.
 *
 * @module
 */

import { markdownTable } from "./markdown_table.ts";
import { quoteIniValue } from "./ini_text.ts";
import {
  type ListedOption,
  listOptions,
  OPTIONS,
  optionsOfList,
  type SectionName,
} from "./options.ts";

const SECTION_HELP: Readonly<Record<SectionName, string>> = {
  general: "For every program on this host.",
  monitor: "fail2ban-monitor reports this host's bans to the publisher.",
  publisher: "fail2ban-publisher tells every subscriber what monitors report.",
  subscriber: "fail2ban-subscriber acts on the bans of other hosts.",
};

/**
 * Renders CONFIGURATION.md's table of options, in Markdown that `deno fmt`
 * leaves unchanged, with a line end at the end.
 */
export function renderOptionTable(): string {
  const all: readonly ListedOption<string>[] = [
    ...listOptions(),
    ...optionsOfList("NAME"),
  ];
  const rows = all.map(({ section, key, option }) => {
    const fallback = option.default === undefined
      ? option.unset ?? ""
      : `\`${quoteIniValue(option.default)}\``;
    return [`\`[${section}]\``, `\`${key}\``, fallback, option.help];
  });
  return markdownTable([["section", "key", "default", "meaning"], ...rows]);
}

/** Renders the shipped `fail2ban-cluster.conf`. */
export function renderShippedFile(): string {
  const lines = [
    "# fail2ban-cluster: one file for all the programs on a host. As it is, it runs",
    "# the whole cluster on this machine. Put your changes into",
    "# fail2ban-cluster.local beside it: each key there overrides the same key here.",
  ];
  for (const section of Object.keys(OPTIONS) as SectionName[]) {
    lines.push("", `# ${SECTION_HELP[section]}`, `[${section}]`);
    for (const { key, option } of listOptions(section)) {
      const value = option.shipped ?? option.default;
      lines.push("", `# ${option.help}`);
      if (value !== undefined) lines.push(`${key} = ${quoteIniValue(value)}`);
      else {
        lines.push(`# Not set: ${option.unset ?? "none"}.`);
        lines.push(`# ${key} = ${option.kind.placeholder}`);
      }
    }
  }
  lines.push(
    "",
    "# A list of bans that others read at publisher.httpbindurl, as /list/NAME: there",
    "# may be many such sections, each with a name of its own in small letters.",
    "# [list:NAME]",
  );
  for (const { key, option } of optionsOfList("NAME")) {
    const { default: value, kind: { placeholder } } = option;
    const shown = value === undefined ? placeholder : quoteIniValue(value);
    lines.push("", `# ${option.help}`, `# ${key} = ${shown}`);
  }
  return [...lines, ""].join("\n");
}
