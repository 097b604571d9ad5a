/**
 * A role's program, its command line, and its context.
 *
 * @module
 */

import type { CommandOptions, ProgramInfo, Verb } from "../../lib/cli/cli.ts";
import type {
  LoadedConfig,
  Role,
  RoleConfigs,
} from "../../lib/config/config.ts";
import type { LineSink } from "../../lib/log/line_sink.ts";
import type { PresencePace } from "../../lib/wire/presence_pace.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { RUNTIME_FLAGS } from "./runtime_flags.ts";
import { urlPath } from "./url_path.ts";

/** Environment variable that `start` sets for the program in the background. */
export const DETACHED_VARIABLE = "F2BC_DETACHED";

/** What a role works with. */
export interface RoleContext<R extends Role> {
  readonly config: RoleConfigs[R];
  readonly dryRun: boolean;
  readonly log: Log;
  /** Receives lines in the format of a syslog daemon. */
  readonly messages: LineSink;
  readonly clock: Clock;
  /** Interval at which nodes give signs of life. */
  readonly pace: PresencePace;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Gives the number of log lines that could not be written. */
  readonly lostLines: () => number;
  /** Masks secrets in the log from now on. */
  readonly hide: (secrets: readonly string[]) => void;
  /** Registers a listener for requests to reload files. */
  readonly onReload: (listener: () => void) => void;
  /**
   * Reports that the role is working.
   *
   * @param figures Gives its totals for `status`.
   */
  readonly ready: (figures: () => StatusFigures) => Promise<void>;
}

/** A program and the location of its code. */
export interface LocatedProgram extends ProgramInfo {
  /** `import.meta.url` of the role's file. */
  readonly moduleUrl: string;
}

/** One role's program. */
export interface RoleProgram<R extends Role> extends LocatedProgram {
  readonly role: R;
  /** Works until aborted. */
  readonly work: (context: RoleContext<R>) => Promise<void>;
  /**
   * Checks of `check` beside the configuration; throws problems, returns notes.
   */
  readonly check?: (
    config: RoleConfigs[R],
  ) => Promise<readonly string[] | void>;
  /** Checks of `check` on this host; returns what the program lacks. */
  readonly checkHost: (config: RoleConfigs[R]) => Promise<readonly string[]>;
  /** Shorter intervals for tests. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** The verb `lift`, if the role has one. */
  readonly lift?: (context: RoleContext<R>) => Promise<void>;
}

/** A program with its command line. */
export interface AskedProgram {
  readonly program: LocatedProgram;
  readonly options: CommandOptions;
  /** The configuration file that was read first. */
  readonly configPath: string;
}

/** The same with its configuration, for any role. */
export interface LoadedProgram extends AskedProgram {
  readonly loaded: LoadedConfig<Role>;
}

/** The same for one role. */
export interface Invocation<R extends Role> extends LoadedProgram {
  readonly program: RoleProgram<R>;
  readonly loaded: LoadedConfig<R>;
}

/**
 * The arguments that make this runtime or executable do the same again.
 *
 * @param asked The program and its options.
 * @param verb The verb to carry out.
 * @returns Arguments for {@link Deno.execPath}.
 */
export function commandArgs(
  { program, options, configPath }: AskedProgram,
  verb: Verb,
): string[] {
  const absolute = configPath.startsWith("/")
    ? configPath
    : `${Deno.cwd()}/${configPath}`;
  const args = [verb, "--config", absolute];
  if (options.dryRun) args.push("--dry-run");
  if (options.logLevel !== undefined) {
    args.push("--log-level", options.logLevel);
  }
  args.push("--log-format", options.logFormat);
  const own = Deno.build.standalone ? roleArgs(program) : scriptArgs(program);
  return [...own, ...args];
}

/**
 * The executable for all roles needs the role's name; that of one role does
 * not.
 */
function roleArgs({ role, moduleUrl }: LocatedProgram): string[] {
  return Deno.mainModule === moduleUrl ? [] : [role];
}

/** Runs a role's file with only the role's permissions. */
function scriptArgs({ role, moduleUrl }: LocatedProgram): string[] {
  const config = urlPath(new URL("../deno.json", moduleUrl));
  const script = urlPath(new URL(moduleUrl));
  const rights = ["--config", config, `-P=${role}`];
  return ["run", "--no-prompt", ...RUNTIME_FLAGS, ...rights, script];
}
