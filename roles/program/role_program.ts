/**
 * What every role's program does alike: reads arguments and configuration,
 * carries out the verb, and turns errors into lines and an exit code.
 *
 * @module
 */

import {
  type Command,
  type CommandOptions,
  helpText,
  parseCommand,
  type ProgramInfo,
} from "../../lib/cli/cli.ts";
import {
  loadConfig,
  type LoadedConfig,
  renderConfig,
  type Role,
  type RoleConfigs,
} from "../../lib/config/config.ts";
import { describeError, EXIT_CODES } from "../../lib/base/errors.ts";
import { readConfigFiles } from "../../lib/config/io/config_file.ts";
import type { LineSink } from "../../lib/log/line_sink.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { WritingVerb } from "../../lib/service/state_owner.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { restart, start, status, stop } from "./daemon_verbs.ts";
import { runRole } from "./run_role.ts";
import { guardState } from "./state_guard.ts";
import { programDir } from "./program_dir.ts";
import { warn } from "./warn.ts";
import { writeText } from "./write_text.ts";

/** What a role has to work with. */
export interface RoleContext<R extends Role> {
  readonly config: RoleConfigs[R];
  readonly dryRun: boolean;
  readonly log: Log;
  /** Takes lines that look as a syslog daemon writes them. */
  readonly messages: LineSink;
  readonly clock: Clock;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
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
  /** What the verb `lift` does, where there is one. */
  readonly lift?: (context: RoleContext<R>) => Promise<void>;
}

/** A program with what it was asked and what its configuration says. */
export interface Invocation<R extends Role> {
  readonly program: RoleProgram<R>;
  readonly options: CommandOptions;
  readonly loaded: LoadedConfig<R>;
  /** The file that was read first. */
  readonly configPath: string;
}

/**
 * Runs a role's program. Never throws.
 *
 * @param program Which.
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function runProgram<R extends Role>(
  program: RoleProgram<R>,
  argv: readonly string[],
): Promise<number> {
  try {
    return await carryOut(program, parseCommand(program, argv));
  } catch (error) {
    const { exitCode, lines } = describeError(program.name, error);
    writeText(Deno.stderr, lines.map((line) => `${line}\n`).join(""));
    return exitCode;
  }
}

async function carryOut<R extends Role>(
  program: RoleProgram<R>,
  command: Command,
): Promise<number> {
  switch (command.verb) {
    case "help":
      writeText(Deno.stdout, helpText(program));
      return EXIT_CODES.ok;
    case "version":
      writeText(Deno.stdout, `${program.name} ${program.version}\n`);
      return EXIT_CODES.ok;
    case "print-config": {
      const { loaded } = await invoke(program, command.options);
      writeText(Deno.stdout, renderConfig(loaded));
      return EXIT_CODES.ok;
    }
    case "check": {
      const { loaded } = await invoke(program, command.options);
      warn(program, loaded.warnings);
      warn(program, await program.check?.(loaded.config) ?? []);
      writeText(Deno.stdout, `${program.name}: the configuration is good\n`);
      return EXIT_CODES.ok;
    }
    case "run":
      return await runRole(
        await invokeToWrite(program, command.options, "run"),
      );
    case "start":
      return await start(
        await invokeToWrite(program, command.options, "start"),
      );
    case "stop":
      return await stop(await invoke(program, command.options));
    case "restart":
      return await restart(
        await invokeToWrite(program, command.options, "restart"),
      );
    case "lift": {
      const { lift = program.work } = program;
      const invocation = await invokeToWrite(program, command.options, "lift");
      return await runRole({
        ...invocation,
        program: { ...program, work: lift },
      });
    }
    case "status":
      return await status(await invoke(program, command.options));
  }
}

async function invoke<R extends Role>(
  program: RoleProgram<R>,
  options: CommandOptions,
): Promise<Invocation<R>> {
  const files = await readConfigFiles(
    options.configPath,
    programDir(program.moduleUrl),
  );
  const system = { hostname: Deno.hostname() };
  const loaded = loadConfig(program.role, files, system);
  return { program, options, loaded, configPath: files[0]?.path ?? "" };
}

/** For a verb that writes into the folder for state. */
async function invokeToWrite<R extends Role>(
  program: RoleProgram<R>,
  options: CommandOptions,
  verb: WritingVerb,
): Promise<Invocation<R>> {
  const invocation = await invoke(program, options);
  await guardState(invocation, verb);
  return invocation;
}
