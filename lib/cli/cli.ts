/**
 * The command line of the roles: parses the arguments, and makes the help text.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../base/errors.ts";
import { helpColumns, suggestion } from "./help_text.ts";
import { SEVERITIES, type Severity } from "../log/log.ts";
import { listOptions, type Role } from "../config/options.ts";

/** A role, or `node`: the two roles of a node in one process. */
export type ProgramRole = Role | "node";

/** The program to which a command line belongs. */
export interface ProgramInfo {
  /** The executable's name, as in `fail2ban-monitor`. */
  readonly name: string;
  readonly role: ProgramRole;
  /** The version in deno.json. */
  readonly version: string;
}

/** The format of a program's own log. */
export type OwnLogFormat = typeof OWN_LOG_FORMATS[number];

/** Options of the command line. */
export interface CommandOptions {
  /** `--config FILE`; `undefined`: look in the default places. */
  readonly configPath: string | undefined;
  /** `--dry-run`: report what the program would do, and change nothing. */
  readonly dryRun: boolean;
  /** `--log-level LEVEL`; overrides `loglevel`. */
  readonly logLevel: Severity | undefined;
  /** `--log-format FORMAT`: the format of the program's own log. */
  readonly logFormat: OwnLogFormat;
}

/** The valid verbs. */
export type Verb = keyof typeof VERBS | keyof typeof SUBSCRIBER_VERBS;

/** A parsed command line. */
export type Command =
  | {
    readonly verb: Verb | "print-config";
    readonly options: CommandOptions;
  }
  | {
    readonly verb: "help";
    /** The verb to explain; `undefined`: all of them. */
    readonly about: Verb | undefined;
  }
  | { readonly verb: "version" };

const OWN_LOG_FORMATS = ["text", "json"] as const;

const VERBS = {
  run: "run in the foreground (default)",
  start:
    "run in the background; returns once it is ready, or says why it is not",
  stop: "stop the program in the background",
  restart: "stop, then start",
  status: "show whether it runs, and its counters",
  check: "check the configuration and show all errors",
} as const;

const SUBSCRIBER_VERBS = {
  lift:
    "lift all its bans on this host and delete its firewall table; the program must not be running",
} as const;

/** The options of every verb, as in the help text. */
export const ROLE_OPTIONS:
  readonly (readonly [option: string, help: string])[] = [
    [
      "-c, --config FILE",
      "configuration file; the .local file beside it overrides it",
    ],
    [
      "--print-config",
      "print the effective settings and their sources, secrets masked",
    ],
    ["--dry-run", "only show what would be sent or done"],
    ["--log-level LEVEL", `one of ${SEVERITIES.join(", ")}`],
    [
      "--log-format FORMAT",
      `of the program's own log: ${OWN_LOG_FORMATS.join(" or ")}`,
    ],
    ["--version", "print the version"],
    ["-h, --help", "print this help"],
  ];

/** What each program does. */
export const ROLE_SUMMARIES: Readonly<Record<ProgramRole, string>> = {
  monitor:
    "follows fail2ban's log and reports this host's bans to the publisher",
  node: "fail2ban-monitor and fail2ban-subscriber in one process",
  publisher: "takes the reports of monitors and tells every subscriber",
  subscriber: "hears what other hosts banned and acts on it here",
};

const FLAGS = ["dry-run", "print-config", "version", "help"];
const VALUES = ["config", "log-level", "log-format"];
const SHORT = { help: "h", config: "c" } as const;

/**
 * Parses the arguments. No verb means `run`.
 *
 * @param program The program.
 * @param argv The arguments, without the program's name.
 * @throws {UsageError} with a hint.
 *
 * @example
 * ```ts
 * import { parseCommand } from "./cli.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const program = { name: "fail2ban-monitor", role: "monitor", version: "1.0.0" } as const;
 * strictEqual(parseCommand(program, []).verb, "run");
 * strictEqual(parseCommand(program, ["status", "--config", "/a.conf"]).verb, "status");
 * ```
 */
export function parseCommand(
  program: ProgramInfo,
  argv: readonly string[],
): Command {
  refuseFlagValues(program, argv);
  const args = parseArgs([...argv], {
    boolean: FLAGS,
    string: ["_", ...VALUES],
    alias: SHORT,
    unknown: (arg) => !arg.startsWith("-") || fail(program, unknownText(arg)),
  });
  const [typed, ...more] = args._.map(String);
  if (args["help"] === true) {
    const about = typed !== undefined && isVerb(typed, program.role)
      ? typed
      : undefined;
    return { verb: "help", about };
  }
  if (args["version"] === true) return { verb: "version" };
  const options = readOptions(program, args);
  const word = typed ?? "run";
  if (!isVerb(word, program.role)) {
    const expected = suggestion(word, Object.keys(verbsOf(program.role)));
    fail(program, `unknown verb ${JSON.stringify(word)}${expected}`);
  }
  if (more.length > 0) {
    fail(program, `unexpected ${JSON.stringify(more[0])} after ${word}`);
  }
  const verb = args["print-config"] === true ? "print-config" : word;
  return { verb, options };
}

/**
 * The text of `--help`, in lines of at most 80 characters; it ends with a line
 * end.
 *
 * @param program The program.
 * @param about The verb to explain; without it, all verbs and the settings.
 */
export function helpText(
  { name, role, version }: ProgramInfo,
  about?: Verb,
): string {
  if (about !== undefined) return verbHelpText({ name, role, version }, about);
  const settings = listOptions("general", ...partsOf(role)).map(
    ({ section, key, option }): readonly [string, string] => [
      `[${section}] ${key}`,
      `${option.help}${defaultText(option.default, option.unset)}`,
    ],
  );
  return [
    `${name} ${version}`,
    ROLE_SUMMARIES[role],
    "",
    `usage: ${name} [verb] [option...]`,
    "",
    "verbs:",
    ...helpColumns(Object.entries(verbsOf(role))),
    "",
    "options:",
    ...helpColumns(ROLE_OPTIONS),
    "",
    "The configuration is /etc/fail2ban-cluster/fail2ban-cluster.conf, else",
    "fail2ban-cluster.conf beside the program. Its settings for this program:",
    "",
    ...helpColumns(settings),
    "",
    "exit codes: 0 ok, 1 bug, 2 usage, 3 configuration, 4 anything else;",
    "`status` gives 4 when the program does not run",
    "",
  ].join("\n");
}

function verbHelpText({ name, role }: ProgramInfo, verb: Verb): string {
  return [
    `usage: ${name} ${verb} [option...]`,
    "",
    ...helpColumns([[verb, verbsOf(role)[verb] ?? ""]]),
    "",
    "options:",
    ...helpColumns(ROLE_OPTIONS),
    "",
    `${name} --help lists the other verbs, and the settings`,
    "",
  ].join("\n");
}

/** Rejects `--dry-run=no`, which would turn on what it seems to turn off. */
function refuseFlagValues(
  program: ProgramInfo,
  argv: readonly string[],
): void {
  const flags = [...FLAGS, SHORT.help].map((flag) => `--${flag}`);
  flags.push(`-${SHORT.help}`);
  for (const arg of argv) {
    if (arg === "--") return;
    const flag = flags.find((flag) => arg.startsWith(`${flag}=`));
    if (flag !== undefined) fail(program, `${flag} takes no value`);
  }
}

function readOptions(
  program: ProgramInfo,
  args: Readonly<Record<string, unknown>>,
): CommandOptions {
  return {
    configPath: readValue(program, args, "config"),
    dryRun: args["dry-run"] === true,
    logLevel: readWord(program, args, "log-level", SEVERITIES),
    logFormat: readWord(program, args, "log-format", OWN_LOG_FORMATS) ?? "text",
  };
}

function readValue(
  program: ProgramInfo,
  args: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = args[name];
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  return fail(program, `--${name} needs a value`);
}

function readWord<const T extends string>(
  program: ProgramInfo,
  args: Readonly<Record<string, unknown>>,
  name: string,
  words: readonly T[],
): T | undefined {
  const value = readValue(program, args, name);
  if (value === undefined) return undefined;
  return words.find((word) => word === value.toLowerCase()) ??
    fail(
      program,
      `--${name} ${JSON.stringify(value)}: expected one of ${words.join(", ")}`,
    );
}

function unknownText(arg: string): string {
  const name = arg.replace(/=.*$/s, "");
  const known = [...FLAGS, ...VALUES].map((option) => `--${option}`);
  if (known.includes(name)) return `${name} needs a value`;
  return `unknown option ${JSON.stringify(name)}${suggestion(name, known)}`;
}

function fail(program: ProgramInfo, message: string): never {
  throw new UsageError(message, {
    hint: `${program.name} --help lists verbs and options`,
  });
}

/** The roles of a program. */
function partsOf(role: ProgramRole): readonly Role[] {
  return role === "node" ? ["monitor", "subscriber"] : [role];
}

/** The verbs of a program, and what each does. */
export function verbsOf(role: ProgramRole): Readonly<Record<string, string>> {
  return partsOf(role).includes("subscriber")
    ? { ...VERBS, ...SUBSCRIBER_VERBS }
    : VERBS;
}

function isVerb(word: string, role: ProgramRole): word is Verb {
  return Object.hasOwn(verbsOf(role), word);
}

function defaultText(value: string | undefined, unset?: string): string {
  const shown = value ?? unset ?? "none";
  return shown === "" ? "" : ` [${shown}]`;
}
