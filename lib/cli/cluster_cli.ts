/**
 * The command line of `fail2ban-cluster`: parses the arguments, and makes the
 * help text.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  CLUSTER_VERBS,
  type ClusterVerb,
  type VerbUsage,
} from "./cluster_verbs.ts";
import { broughtWords } from "./brought_words.ts";
import { UsageError } from "../base/errors.ts";
import { helpColumns, suggestion } from "./help_text.ts";

/**
 * A command line, split into verb, operands and options that are not parsed
 * yet.
 */
export interface TypedCommand {
  readonly verb: ClusterVerb;
  /** The words after the verb. */
  readonly operands: readonly string[];
  /** By name: the value, or `true` for an option without a value. */
  readonly options: ReadonlyMap<string, string | true>;
  /** `--config FILE`; `undefined`: look in the default places. */
  readonly configPath: string | undefined;
}

/** A parsed command line. */
export type ClusterCommandLine =
  | {
    readonly kind: "help";
    /** The verb to explain, or its first word; `undefined`: all of them. */
    readonly about: string | undefined;
  }
  | { readonly kind: "version" }
  /** A command of another tool: the program only suggests what to type here. */
  | { readonly kind: "hint"; readonly words: string }
  | { readonly kind: "command"; readonly command: TypedCommand };

/** The program's name. */
export const CLUSTER_PROGRAM = "fail2ban-cluster";

/** Verbs that run on any host. */
const ANYWHERE: readonly string[] = ["status", "doctor", "report"];

/** What the program is for. */
export const CLUSTER_SUMMARY =
  "manages the bans, nodes and allowlist of a fail2ban cluster";

/** The options of every verb, as in the help text. */
export const CLUSTER_OPTIONS:
  readonly (readonly [option: string, help: string])[] = [
    [
      "-c, --config FILE",
      "configuration file; the .local file beside it overrides it",
    ],
    ["--version", "print the version"],
    ["-h, --help", "print this help; after a verb, only that verb's"],
  ];

/**
 * Parses the arguments.
 *
 * @param argv The arguments, without the program's name.
 * @throws {UsageError} with a hint.
 *
 * @example
 * ```ts
 * import { parseClusterCommand } from "./cluster_cli.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const line = parseClusterCommand(["node", "add", "web1", "--rate", "50"]);
 * ok(line.kind === "command");
 * deepStrictEqual(line.command.operands, ["web1"]);
 * deepStrictEqual(line.command.options.get("rate"), "50");
 * ```
 */
export function parseClusterCommand(
  argv: readonly string[],
): ClusterCommandLine {
  const typed = verbFirst(argv);
  const words = broughtWords(typed);
  if (words !== undefined) return { kind: "hint", words };
  const { verb, usage, about, rest } = readVerb(typed);
  const options = Object.entries(usage.options);
  const flags = ["help", "version"];
  for (const [name, { value }] of options) {
    if (value === undefined) flags.push(name);
  }
  const values = options.flatMap(([name, { value }]) =>
    value === undefined ? [] : [name]
  );
  refuseFlagValues(flags, rest, verb);
  const known = [...flags, ...values, "config"].map((name) => `--${name}`);
  const args: Readonly<Record<string, unknown>> & { _: readonly unknown[] } =
    parseArgs(negativeJoined(values, rest), {
      boolean: flags,
      string: ["_", "config", ...values],
      alias: { help: "h", config: "c" },
      unknown: (arg) =>
        !/^-./.test(arg) || fail(unknownText(arg, known, verb), verb),
    });
  if (args["help"] === true) return { kind: "help", about };
  if (args["version"] === true) return { kind: "version" };
  if (verb === undefined) fail("a verb is missing");
  const operands = args._.map(String);
  checkCount(verb, usage, operands);
  const given = new Map<string, string | true>();
  for (const name of [...flags, ...values]) {
    const value = args[name];
    if (value === true) given.set(name, true);
    if (typeof value === "string") given.set(name, filled(name, value, verb));
  }
  const config = args["config"];
  const configPath = config === undefined
    ? undefined
    : filled("config", String(config), verb);
  return {
    kind: "command",
    command: { verb, operands, options: given, configPath },
  };
}

/**
 * The text of `--help`, in lines of at most 80 characters; it ends with a line
 * end.
 *
 * @param version The program's version.
 * @param about A verb, or the first word of several; without it, all verbs.
 */
export function clusterHelpText(version: string, about?: string): string {
  const usages = Object.entries<VerbUsage>(CLUSTER_VERBS);
  if (about !== undefined) return verbHelpText(about, usages);
  return [
    `${CLUSTER_PROGRAM} ${version}`,
    CLUSTER_SUMMARY,
    "",
    `usage: ${CLUSTER_PROGRAM} verb [option...]`,
    "",
    "on any host:",
    ...verbRows(usages.filter(([verb]) => ANYWHERE.includes(verb))),
    "",
    "on a node:",
    ...verbRows(usages.filter(([verb]) => verb === "join")),
    "",
    "on the publisher's host:",
    ...verbRows(
      usages.filter(([verb]) => verb !== "join" && !ANYWHERE.includes(verb)),
    ),
    "",
    "always:",
    ...helpColumns(CLUSTER_OPTIONS),
    "",
    "exit codes: 0 ok, 1 bug, 2 usage, 3 configuration, 4 anything else",
    "",
  ].join("\n");
}

function verbHelpText(
  about: string,
  usages: readonly (readonly [string, VerbUsage])[],
): string {
  const meant = usages.filter(([verb]) =>
    verb === about || verb.startsWith(`${about} `)
  );
  const forms = meant.map(([verb, { operands }]) =>
    `${CLUSTER_PROGRAM} ${verb} ${operands}`.trimEnd() + " [option...]"
  );
  return [
    ...forms.map((form, at) => `${at === 0 ? "usage:" : "      "} ${form}`),
    "",
    ...verbRows(meant),
    "",
    "always:",
    ...helpColumns(CLUSTER_OPTIONS),
    "",
  ].join("\n");
}

function verbRows(usages: readonly (readonly [string, VerbUsage])[]): string[] {
  return helpColumns(usages.flatMap(([verb, { operands, about, options }]) => [
    [`${verb} ${operands}`.trimEnd(), about] as const,
    ...Object.entries(options).map(([name, { value, help }]) =>
      [`  --${name} ${value ?? ""}`.trimEnd(), help] as const
    ),
  ]));
}

interface FoundVerb {
  /** `undefined`: none was typed. */
  readonly verb: ClusterVerb | undefined;
  /** The typed verb, or the typed first word of a group. */
  readonly about: string | undefined;
  readonly usage: VerbUsage;
  readonly rest: readonly string[];
}

const NO_VERB: VerbUsage = {
  operands: "",
  count: [0, 0],
  about: "",
  options: {},
};

/**
 * Moves a `-c FILE` before the verb to the end, and turns `help` and `version`
 * into options.
 */
function verbFirst(argv: readonly string[]): readonly string[] {
  const [first = "", second] = argv;
  if (/^(-c|--config)$/.test(first) && second !== undefined) {
    return behind(verbFirst(argv.slice(2)), [first, second]);
  }
  if (first.startsWith("--config=")) {
    return behind(verbFirst(argv.slice(1)), [first]);
  }
  if (first === "help") return [...argv.slice(1), "--help"];
  if (first === "version") return ["--version"];
  return argv;
}

/** Inserts options after a verb's own, but before `--`. */
function behind(
  argv: readonly string[],
  options: readonly string[],
): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0
    ? [...argv, ...options]
    : [...argv.slice(0, end), ...options, ...argv.slice(end)];
}

/**
 * Joins a negative number, as in `--for -1`, to its option: the parser would
 * take it for an option.
 */
function negativeJoined(
  values: readonly string[],
  argv: readonly string[],
): string[] {
  const joined: string[] = [];
  for (const arg of argv) {
    const name = joined.at(-1)?.replace(/^--/, "") ?? "";
    if (/^-\d/.test(arg) && values.includes(name)) {
      joined[joined.length - 1] += `=${arg}`;
    } else joined.push(arg);
  }
  return joined;
}

/** The verb comes first, because it determines which options take values. */
function readVerb(argv: readonly string[]): FoundVerb {
  const [first, second] = argv;
  if (first === undefined || first.startsWith("-")) {
    return { verb: undefined, about: undefined, usage: NO_VERB, rest: argv };
  }
  const hasTwo = isGroup(first) && second !== undefined &&
    !second.startsWith("-");
  const typed = argv.slice(0, hasTwo ? 2 : 1).join(" ");
  const rest = argv.slice(hasTwo ? 2 : 1);
  if (isVerb(typed)) {
    const usage = CLUSTER_VERBS[typed];
    return { verb: typed, about: typed, usage, rest };
  }
  const verbs = Object.keys(CLUSTER_VERBS);
  if (isGroup(typed)) {
    const asksForHelp = second === "--help" || second === "-h";
    if (asksForHelp) {
      return { verb: undefined, about: typed, usage: NO_VERB, rest };
    }
    const words = verbs.filter((verb) => verb.startsWith(`${typed} `));
    return fail(`what of: ${words.join(", ")}?`);
  }
  const near = isGroup(first) ? verbs : firstWords(verbs);
  return fail(
    `unknown verb ${JSON.stringify(typed)}${suggestion(typed, near)}`,
  );
}

function isVerb(text: string): text is ClusterVerb {
  return Object.hasOwn(CLUSTER_VERBS, text);
}

function firstWords(verbs: readonly string[]): readonly string[] {
  return verbs.map((verb) => verb.replace(/ .*/, ""));
}

/** Whether a word is the first of verbs with two words. */
function isGroup(word: string): boolean {
  return Object.keys(CLUSTER_VERBS).some((verb) => verb.startsWith(`${word} `));
}

function checkCount(
  verb: ClusterVerb,
  { operands, count: [min, max] }: VerbUsage,
  given: readonly string[],
): void {
  if (given.length < min) fail(`${verb} needs ${operands}`, verb);
  if (given.length > max) {
    const first = JSON.stringify(given[max]);
    fail(`unexpected ${first} after ${verb}`, verb);
  }
}

/** Rejects `--unban=no`, which would turn on what it seems to turn off. */
function refuseFlagValues(
  flags: readonly string[],
  argv: readonly string[],
  verb: ClusterVerb | undefined,
): void {
  for (const arg of argv) {
    if (arg === "--") return;
    const flag = flags.find((name) => arg.startsWith(`--${name}=`));
    if (flag !== undefined) fail(`--${flag} takes no value`, verb);
  }
}

function filled(
  name: string,
  value: string,
  verb: ClusterVerb | undefined,
): string {
  return value === "" ? fail(`--${name} needs a value`, verb) : value;
}

function unknownText(
  arg: string,
  known: readonly string[],
  verb: ClusterVerb | undefined,
): string {
  const name = arg.replace(/=.*$/s, "");
  if (known.includes(name)) return `${name} needs a value`;
  const whose = verb === undefined ? "" : ` of ${verb}`;
  return `unknown option ${JSON.stringify(name)}${whose}${
    suggestion(name, known)
  }`;
}

function fail(message: string, verb?: ClusterVerb): never {
  throw new UsageError(message, {
    hint: verb === undefined
      ? `${CLUSTER_PROGRAM} --help lists verbs and options`
      : `${CLUSTER_PROGRAM} ${verb} --help lists its options`,
  });
}
