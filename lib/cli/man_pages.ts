/**
 * Manual pages, generated from the tables of verbs and options.
 *
 * @see {@link https://man.openbsd.org/mdoc.7 | mdoc(7)}
 * @module
 */

import { CLUSTER_PROGRAM } from "./cluster_cli.ts";
import {
  type ListedOption,
  listOptions,
  optionsOfList,
  type SectionName,
} from "../config/options.ts";
import {
  type ProgramUsage,
  programUsages,
  type UsedOption,
} from "./program_usage.ts";

/** When a person last reviewed the pages. */
const DATE = "November 29, 2026";
const CONFIGURATION = "/etc/fail2ban-cluster/fail2ban-cluster.conf";

const SECTIONS: Readonly<Record<SectionName, string>> = {
  general: "For every program on a host.",
  monitor: "For fail2ban-monitor.",
  publisher: "For fail2ban-publisher.",
  subscriber: "For fail2ban-subscriber.",
};

const LISTS =
  "A list of bans, of which fail2ban-publisher may have many, each with a name of its own.";

/** All pages, by path below `share/`. */
export function manPages(): Readonly<Record<string, string>> {
  const programs = programUsages();
  const names = programs.map(({ name, section }) => `${name} ${section}`);
  const pages = [...names, "fail2ban-cluster.conf 5"];
  return Object.fromEntries([
    ...programs.map((program) => [
      pathOf(program.name, program.section),
      programPage(program, pages),
    ]),
    [pathOf("fail2ban-cluster.conf", 5), configurationPage(pages)],
  ]);
}

function pathOf(name: string, section: number): string {
  return `man/man${section}/${name}.${section}`;
}

function programPage(
  { name, section, summary, verbs, common }: ProgramUsage,
  pages: readonly string[],
): string {
  return page([
    ...head(name, section, summary),
    ".Sh SYNOPSIS",
    ".Nm",
    ".Ar verb",
    ".Op Ar option ...",
    ".Sh DESCRIPTION",
    "The verbs are:",
    ".Bl -tag -width Ds",
    ...verbs.flatMap(({ words, operands, about, options }) => [
      `.It Cm ${words}${operands === "" ? "" : ` Ar ${quoted(operands)}`}`,
      text(about),
      ...optionList(options),
    ]),
    ".El",
    ".Pp",
    "Every verb takes:",
    ...optionList(common),
    ".Sh FILES",
    `.Bl -tag -width Ds`,
    `.It Pa ${CONFIGURATION}`,
    "The configuration;",
    ".Pa fail2ban-cluster.local",
    "beside it wins, key by key.",
    ".El",
    ".Sh EXIT STATUS",
    ".Bl -tag -width Ds",
    ...[
      ["0", "It is done."],
      ["1", "A bug."],
      ["2", "What was typed is not understood."],
      ["3", "The configuration is wrong."],
      [
        "4",
        section === 8
          ? "Anything else; of status, that the program does not run."
          : "Anything else; of doctor and test, that there is a fault.",
      ],
    ].flatMap(([code = "", text = ""]) => [`.It ${code}`, text]),
    ".El",
    ...(section === 1 ? exampleList() : []),
    ...seeAlso(pages, `${name} ${section}`),
  ]);
}

/** The commands that new operators need most. */
const EXAMPLES: readonly (readonly [about: string, typed: string])[] = [
  ["How the whole cluster is, and what is wrong with this host:", "status"],
  ["", "doctor"],
  ["Who banned an address, and who has it in force:", "why 192.0.2.1"],
  ["Lift it everywhere, and keep it out:", "unban 192.0.2.1 --local"],
  ["", "allow add 192.0.2.1 --for 1d --note 'a new line'"],
  ["Ban a network for a week:", "ban 198.51.100.0/24 --for 7d"],
  ["Would a ban arrive everywhere?", "test"],
  ["A new node:", "node add web4"],
];

function exampleList(): readonly string[] {
  return [
    ".Sh EXAMPLES",
    ...EXAMPLES.flatMap(([about, typed], at) => [
      ...(about === "" ? [] : [...(at === 0 ? [] : [".Pp"]), text(about)]),
      `.Dl ${CLUSTER_PROGRAM} ${typed.replaceAll("-", "\\-")}`,
    ]),
  ];
}

function configurationPage(pages: readonly string[]): string {
  const about = "settings of the programs of a fail2ban cluster";
  return page([
    ...head("fail2ban-cluster.conf", 5, about),
    ".Sh DESCRIPTION",
    "The file has sections in brackets, and in each lines of the form",
    ".Dl key = value",
    "What stands in",
    ".Pa fail2ban-cluster.local",
    "beside it wins, key by key.",
    "The option",
    ".Fl -print-config",
    "of a program says what holds, and where it comes from.",
    ...(Object.keys(SECTIONS) as SectionName[]).flatMap((section) =>
      sectionList(section, SECTIONS[section], listOptions(section))
    ),
    ...sectionList("list:NAME", LISTS, optionsOfList("NAME")),
    ".Sh FILES",
    ".Bl -tag -width Ds",
    `.It Pa ${CONFIGURATION}`,
    "Where programs look first.",
    ".El",
    ...seeAlso(pages, "fail2ban-cluster.conf 5"),
  ]);
}

function sectionList(
  section: string,
  about: string,
  options: readonly ListedOption<string>[],
): readonly string[] {
  return [
    `.Ss [${section}]`,
    about,
    ".Bl -tag -width Ds",
    ...options.flatMap(({ key, option }) => [
      `.It Ic ${key} No = Ar ${quoted(option.kind.placeholder)}`,
      text(option.help),
      ...fallback(option.default, option.unset),
    ]),
    ".El",
  ];
}

function head(name: string, section: number, about: string): string[] {
  return [
    '.\\" Made of the tables of verbs and options by tools/render_options.ts.',
    `.Dd ${DATE}`,
    `.Dt ${name.toUpperCase()} ${section}`,
    ".Os",
    ".Sh NAME",
    `.Nm ${name}`,
    `.Nd ${text(about)}`,
  ];
}

function optionList(options: readonly UsedOption[]): readonly string[] {
  if (options.length === 0) return [];
  return [
    ".Bl -tag -width Ds -compact",
    ...options.flatMap(({ name, short, value, help }) => [
      `.It ${short === undefined ? "" : `Fl ${short} , `}Fl -${name}` +
      (value === undefined ? "" : ` Ar ${value}`),
      text(help),
    ]),
    ".El",
  ];
}

function fallback(
  value: string | undefined,
  unset: string | undefined,
): readonly string[] {
  if (value !== undefined && value !== "") {
    return ["Unless set:", `.Li ${quoted(value)} .`];
  }
  return unset === undefined ? [] : [text(`Unless set: ${unset}.`)];
}

function seeAlso(pages: readonly string[], self: string): readonly string[] {
  const others = pages.filter((each) => each !== self)
    .toSorted((left, right) => left.slice(-1).localeCompare(right.slice(-1)));
  return [
    ".Sh SEE ALSO",
    ...others.map((each, at) =>
      `.Xr ${each}${at === others.length - 1 ? "" : " ,"}`
    ),
  ];
}

function page(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

/** A help text; text between backticks is quoted as in manuals. */
function text(help: string): string {
  return plain(help.replace(/`([^`]*)`/g, "'$1'"));
}

/** Escapes a line of text, so that nothing in it is a request. */
function plain(text: string): string {
  const safe = text.replaceAll("\\", "\\e");
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

/** Quotes an argument of a macro, which may contain spaces. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\e").replaceAll('"', '""')}"`;
}
