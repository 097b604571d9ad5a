/**
 * The common part of every role's program: reads arguments and configuration,
 * carries out the verb, and turns errors into messages and an exit code.
 *
 * @module
 */

import {
  type Command,
  type CommandOptions,
  helpText,
  parseCommand,
} from "../../lib/cli/cli.ts";
import {
  loadConfig,
  renderConfig,
  type Role,
} from "../../lib/config/config.ts";
import { EXIT_CODES } from "../../lib/base/errors.ts";
import { readConfigFiles } from "../../lib/config/io/config_file.ts";
import type { WritingVerb } from "../../lib/service/state_owner.ts";
import type { Invocation, RoleProgram } from "./invocation.ts";
import { restart, start, status, stop } from "./daemon_verbs.ts";
import { runRole } from "./run_role.ts";
import { guardState } from "./state_guard.ts";
import { programDir } from "./program_dir.ts";
import { systemFacts } from "./system_facts.ts";
import { note, showError, warn } from "./said.ts";
import { writeText } from "./write_text.ts";

/**
 * Runs a role's program. Never throws.
 *
 * @param program The program.
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
    return showError(program.name, error);
  }
}

/**
 * Carries out a command of a role's program.
 *
 * @param program The program.
 * @param command The parsed command line.
 * @returns The exit code.
 */
export async function carryOut<R extends Role>(
  program: RoleProgram<R>,
  command: Command,
): Promise<number> {
  switch (command.verb) {
    case "help":
      writeText(Deno.stdout, helpText(program, command.about));
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
      // No other verb loads the checks of the host.
      const { checkLogFile, checkPaths } = await import("./host_check.ts");
      const { loaded } = await invoke(program, command.options);
      warn(program, loaded.warnings);
      warn(program, await program.check?.(loaded.config) ?? []);
      note(program, loaded.notices);
      const { general } = loaded.config;
      const troubles = [
        ...checkPaths(loaded.sources),
        ...await checkLogFile(program.name, general),
        ...await program.checkHost(loaded.config),
      ];
      warn(program, troubles);
      const verdict = troubles.length === 0
        ? "the configuration is good"
        : "the configuration can be read; what it lacks on this host is said above";
      writeText(Deno.stdout, `${program.name}: ${verdict}\n`);
      return EXIT_CODES.ok;
    }
    case "run":
      return await carryOutWriting(program, command.options, "run", runRole);
    case "start":
      return await carryOutWriting(
        program,
        command.options,
        "start",
        (invocation) => start(invocation, [invocation]),
      );
    case "stop":
      return await stop(await invoke(program, command.options));
    case "restart":
      return await carryOutWriting(
        program,
        command.options,
        "restart",
        restart,
      );
    case "lift": {
      const { lift = program.work } = program;
      return await carryOutWriting(
        program,
        command.options,
        "lift",
        (invocation) =>
          runRole({ ...invocation, program: { ...program, work: lift } }),
      );
    }
    case "status":
      return await status(await invoke(program, command.options));
  }
}

/** Reads a role's configuration. */
export async function invoke<R extends Role>(
  program: RoleProgram<R>,
  options: CommandOptions,
): Promise<Invocation<R>> {
  const files = await readConfigFiles(
    options.configPath,
    programDir(program.moduleUrl),
  );
  const loaded = loadConfig(program.role, files, await systemFacts(files));
  return { program, options, loaded, configPath: files[0]?.path ?? "" };
}

/** Carries out a verb that writes to the state folder. */
async function carryOutWriting<R extends Role>(
  program: RoleProgram<R>,
  options: CommandOptions,
  verb: WritingVerb,
  work: (invocation: Invocation<R>) => Promise<number>,
): Promise<number> {
  const invocation = await invoke(program, options);
  const { stateDir } = invocation.loaded.config.general;
  return await guardState(
    invocation,
    stateDir,
    verb,
    () => work(invocation),
  );
}
