/**
 * Checks fail2ban's log, which the monitor follows.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import type { LogFormat } from "../fail2ban/log_format.ts";
import type { StatusFigures } from "../service/status_report.ts";
import { spanText } from "../views/plain_texts.ts";
import {
  type Commands,
  type PlacedOption,
  setCommand,
} from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** The formats of the last lines of a log. */
export interface SampleFacts {
  readonly lines: number;
  /** Number of lines that do not begin as `logformat` says. */
  readonly unknown: number;
  /** The format of the last of these lines; `undefined`: unknown. */
  readonly other: LogFormat | undefined;
}

/** The log target, according to fail2ban. */
export interface TargetFacts {
  readonly target: string;
  readonly level: string;
  /** What is wrong with it; `undefined`: nothing. */
  readonly wrong: string | undefined;
}

/** The observed state of the log. */
export interface LogFacts {
  readonly path: string;
  readonly format: LogFormat;
  /** Why it can't be followed; `undefined`: it can. */
  readonly trouble: string | undefined;
  /** How long ago it was last written, in milliseconds. */
  readonly ageMs: number | undefined;
  readonly sample: SampleFacts | undefined;
  /** `undefined`: fail2ban was not asked. */
  readonly target: TargetFacts | undefined;
  /** `logformat`, and where it is set. */
  readonly option: PlacedOption;
  /** Makes a `fail2ban-client` command for fail2ban's socket. */
  readonly client: (words: string) => string;
}

const SUBJECT = "fail2ban.log";
/**
 * fail2ban may be silent for longer when it bans nobody, but that is worth a
 * check.
 */
const OLD_MS = 2 * 86_400_000;
/** A shorter sample may be just a traceback. */
const MIN_SAMPLE = 5;

/**
 * Checks whether fail2ban's actions worked. Without the program that its
 * `banaction` calls (Debian 12 has no `iptables`), it lists every ban, but
 * enforces none.
 *
 * @param figures The running monitor's figures.
 */
export function checkActionFailures(
  { path }: Pick<LogFacts, "path">,
  figures: StatusFigures,
): readonly Finding[] {
  const count = figures["actionFailures"];
  return typeof count === "number" && count > 0
    ? [warning(
      SUBJECT,
      `${count} times since the monitor's start an action failed of what fail2ban lists as done: the firewall may know nothing of it`,
      `grep 'Failed to execute' ${shellWord(path)} | tail -n 3`,
    )]
    : [];
}

/** Checks that bans arrive in the log and can be parsed. */
export function checkLog(
  facts: LogFacts,
  commands: Commands,
): readonly Finding[] {
  const { path, format, trouble, ageMs, sample, target } = facts;
  const age = ageMs === undefined ? "" : `last written ${spanText(ageMs)} ago`;
  if (target?.wrong !== undefined) {
    const what = [age, target.wrong].filter((text) => text !== "").join("; ");
    return [fault(SUBJECT, what, targetFix(facts, target, commands))];
  }
  if (trouble !== undefined) {
    return [fault(SUBJECT, `${path}: ${trouble}`, troubleFix(facts))];
  }
  if (sample !== undefined && isUnknown(sample)) {
    const what = `its lines do not begin as logformat = ${format} says`;
    return [fault(
      SUBJECT,
      what,
      sample.other === undefined
        ? facts.client(`set logtarget ${shellWord(path)}`)
        : setCommand(commands, facts.option, sample.other),
    )];
  }
  if (ageMs !== undefined && ageMs > OLD_MS) {
    return [warning(
      SUBJECT,
      `${path} was ${age}: does fail2ban log there?`,
      facts.client("get logtarget"),
    )];
  }
  return [fine(SUBJECT, age === "" ? path : `${path}, ${age}`)];
}

function isUnknown({ lines, unknown }: SampleFacts): boolean {
  return lines >= MIN_SAMPLE && unknown === lines;
}

function targetFix(
  { path, format, client, option }: LogFacts,
  { target, wrong = "" }: TargetFacts,
  commands: Commands,
): string {
  if (wrong.includes("loglevel")) return client("set loglevel INFO");
  if (format === "file") return client(`set logtarget ${shellWord(path)}`);
  return target.startsWith("/")
    ? setCommand(commands, option, "file")
    : `set logformat and fail2banlogpath to where ${target} goes`;
}

function troubleFix({ path, trouble = "", client }: LogFacts): string {
  if (/no such file/.test(trouble)) return client("get logtarget");
  return /may not read/.test(trouble)
    ? `setfacl -m u:$(id -un):r ${
      shellWord(path)
    }, or sudo fail2ban-cluster doctor`
    : `ls -l ${shellWord(path)}`;
}
