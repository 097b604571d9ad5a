/**
 * A role's program, what it was asked, and what it has to work with.
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

/** What a role has to work with. */
export interface RoleContext<R extends Role> {
  readonly config: RoleConfigs[R];
  readonly dryRun: boolean;
  readonly log: Log;
  /** Takes lines that look as a syslog daemon writes them. */
  readonly messages: LineSink;
  readonly clock: Clock;
  /** How often the nodes tell that they are there. */
  readonly pace: PresencePace;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Lines of the log that could not be written so far. */
  readonly lostLines: () => number;
  /** Has secrets masked in the log from now on. */
  readonly hide: (secrets: readonly string[]) => void;
  /** Has a listener called when the program is to read its files again. */
  readonly onReload: (listener: () => void) => void;
  /**
   * Says that the role works now.
   *
   * @param figures Gives what it has done so far, for `status`.
   */
  readonly ready: (figures: () => StatusFigures) => Promise<void>;
}

/** A program and where it stands. */
export interface LocatedProgram extends ProgramInfo {
  /** `import.meta.url` of the role's file. */
  readonly moduleUrl: string;
}

/** One role's program. */
export interface RoleProgram<R extends Role> extends LocatedProgram {
  readonly role: R;
  /** Works until aborted. */
  readonly work: (context: RoleContext<R>) => Promise<void>;
  /** What `check` looks at beside the configuration; throws what is not good, gives what should be known. */
  readonly check?: (
    config: RoleConfigs[R],
  ) => Promise<readonly string[] | void>;
  /** What `check` looks at on this host; gives what the program lacks there. */
  readonly checkHost: (config: RoleConfigs[R]) => Promise<readonly string[]>;
  /** For programs of tests, which have less time. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** What the verb `lift` does, where there is one. */
  readonly lift?: (context: RoleContext<R>) => Promise<void>;
}

/** A program that was asked for something. */
export interface AskedProgram {
  readonly program: LocatedProgram;
  readonly options: CommandOptions;
  /** The file of its configuration that was read first. */
  readonly configPath: string;
}

/** The same with what its configuration says, whatever its role. */
export interface LoadedProgram extends AskedProgram {
  readonly loaded: LoadedConfig<Role>;
}

/** The same of one role. */
export interface Invocation<R extends Role> extends LoadedProgram {
  readonly program: RoleProgram<R>;
  readonly loaded: LoadedConfig<R>;
}

/**
 * How this runtime, or this executable, is told to do the same once more.
 *
 * @param asked What was asked.
 * @param verb What to do.
 * @returns The arguments of {@link Deno.execPath}.
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

/** The executable of all roles is told which one; that of one role is that one. */
function roleArgs({ role, moduleUrl }: LocatedProgram): string[] {
  return Deno.mainModule === moduleUrl ? [] : [role];
}

/** How the runtime is told to run a role's file, with the role's permissions only. */
function scriptArgs({ role, moduleUrl }: LocatedProgram): string[] {
  const config = urlPath(new URL("../deno.json", moduleUrl));
  const script = urlPath(new URL(moduleUrl));
  const rights = ["--config", config, `-P=${role}`];
  return ["run", "--no-prompt", ...RUNTIME_FLAGS, ...rights, script];
}
