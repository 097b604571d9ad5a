/**
 * The command line of the roles: arguments -> command, and the help text.
 *
 * @module
 */

import type { Role } from "./config.ts";
import type { Severity } from "./ports.ts";

/** Who speaks. */
export interface ProgramInfo {
  /** The executable's name, as in `fail2ban-monitor`. */
  readonly name: string;
  readonly role: Role;
  /** As in deno.json. */
  readonly version: string;
}

/** What was asked for beside the verb. */
export interface CommandOptions {
  /** `--config FILE`; `undefined`: look in the default places. */
  readonly configPath: string | undefined;
  /** `--dry-run`: say what would be done, change nothing. */
  readonly dryRun: boolean;
  /** `--log-level LEVEL`; overrides `loglevel`. */
  readonly logLevel: Severity | undefined;
  /** `--log-format FORMAT`: how this program's own log looks. */
  readonly logFormat: "text" | "json";
}

/** The verbs that may be typed. */
export type Verb = "run" | "start" | "stop" | "restart" | "status" | "check";

/** What the program shall do. */
export type Command =
  | {
    readonly verb: Verb | "print-config";
    readonly options: CommandOptions;
  }
  | { readonly verb: "help" }
  | { readonly verb: "version" };

/**
 * Reads the arguments. No verb means `run`.
 *
 * @param program Who is asked.
 * @param argv The arguments, without the program's name.
 * @throws {UsageError} with a hint.
 */
export function parseCommand(
  _program: ProgramInfo,
  _argv: readonly string[],
): Command {
  throw new Error("parseCommand is not written yet");
}

/** The text of `--help`; ends in a line end. */
export function helpText(_program: ProgramInfo): string {
  throw new Error("helpText is not written yet");
}
