/**
 * The program of a node: a monitor and a subscriber with one command line, in
 * one process.
 *
 * @module
 */

import {
  type Command,
  type CommandOptions,
  helpText,
  parseCommand,
} from "../../lib/cli/cli.ts";
import { EXIT_CODES } from "../../lib/base/errors.ts";
import type { WritingVerb } from "../../lib/service/state_owner.ts";
import { start, status, stopPart } from "./daemon_verbs.ts";
import type {
  AskedProgram,
  Invocation,
  LoadedProgram,
  LocatedProgram,
  RoleProgram,
} from "./invocation.ts";
import { type ProcessWork, runProcess } from "./own_process.ts";
import { carryOut, invoke } from "./role_program.ts";
import { workIn } from "./run_role.ts";
import { showError } from "./said.ts";
import { guardState } from "./state_guard.ts";
import { writeText } from "./write_text.ts";

/** The program of a node. */
export interface NodeProgram extends LocatedProgram {
  readonly role: "node";
  readonly monitor: RoleProgram<"monitor">;
  readonly subscriber: RoleProgram<"subscriber">;
}

/** Both roles, each with its configuration. */
interface Parts {
  readonly monitor: Invocation<"monitor">;
  readonly subscriber: Invocation<"subscriber">;
}

/**
 * Runs the program. Never throws.
 *
 * @param program The program.
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function runNode(
  program: NodeProgram,
  argv: readonly string[],
): Promise<number> {
  try {
    return await carryOutBoth(program, parseCommand(program, argv));
  } catch (error) {
    return showError(program.name, error);
  }
}

async function carryOutBoth(
  program: NodeProgram,
  command: Command,
): Promise<number> {
  const { monitor, subscriber } = program;
  switch (command.verb) {
    case "help":
      writeText(Deno.stdout, helpText(program, command.about));
      return EXIT_CODES.ok;
    case "version":
      writeText(Deno.stdout, `${program.name} ${program.version}\n`);
      return EXIT_CODES.ok;
    case "check":
    case "print-config":
      return worst(
        await carryOut(monitor, command),
        await carryOut(subscriber, command),
      );
    case "lift":
      return await carryOut(subscriber, command);
    case "status": {
      const parts = await load(program, command.options);
      return worst(await status(parts.monitor), await status(parts.subscriber));
    }
    case "stop": {
      const parts = await load(program, command.options);
      await stopBoth(program.name, parts);
      return EXIT_CODES.ok;
    }
    case "run":
      return await write(program, command.options, "run", run);
    case "start":
      return await write(program, command.options, "start", begin);
    case "restart":
      return await write(program, command.options, "restart", again);
  }
}

async function load(
  { monitor, subscriber }: NodeProgram,
  options: CommandOptions,
): Promise<Parts> {
  return {
    monitor: await invoke(monitor, options),
    subscriber: await invoke(subscriber, options),
  };
}

/**
 * Carries out a verb that writes to the state folder, which both roles share.
 */
async function write(
  program: NodeProgram,
  options: CommandOptions,
  verb: WritingVerb,
  work: (asked: AskedProgram, parts: Parts) => Promise<number>,
): Promise<number> {
  const parts = await load(program, options);
  const { configPath, loaded } = parts.monitor;
  const asked = { program, options, configPath };
  const { stateDir } = loaded.config.general;
  return await guardState(asked, stateDir, verb, () => work(asked, parts));
}

async function begin(asked: AskedProgram, parts: Parts): Promise<number> {
  return await start(asked, [parts.monitor, parts.subscriber]);
}

async function stopBoth(name: string, parts: Parts): Promise<void> {
  const { monitor, subscriber } = parts;
  if (!await stopPart(monitor, name)) await stopPart(subscriber, name);
}

async function again(asked: AskedProgram, parts: Parts): Promise<number> {
  await stopBoth(asked.program.name, parts);
  return await begin(asked, parts);
}

/** Runs both until one of them fails, or both are told to stop. */
async function run(
  { program }: AskedProgram,
  { monitor, subscriber }: Parts,
): Promise<number> {
  const ended = new FirstFailure();
  await runProcess([
    ended.toldBy(monitor, (process) => workIn(process, monitor, program.name)),
    ended.toldBy(
      subscriber,
      (process) => workIn(process, subscriber, program.name),
    ),
  ]);
  return ended.exitCode;
}

/**
 * Reports the failures of a node's roles under each role's name, and keeps the
 * first exit code.
 */
class FirstFailure {
  #exitCode: number = EXIT_CODES.ok;

  /** Exit code of the first failure; 0 when there is none. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /**
   * Wraps a role's work: an error is reported and ends it normally, which ends
   * the other role.
   */
  toldBy({ program }: LoadedProgram, work: ProcessWork): ProcessWork {
    return async (process) => {
      try {
        await work(process);
      } catch (error) {
        if (process.signal.aborted && error === process.signal.reason) return;
        const exitCode = showError(program.name, error, true);
        if (this.#exitCode === EXIT_CODES.ok) this.#exitCode = exitCode;
      }
    };
  }
}

/** The first exit code that is not 0. */
function worst(one: number, other: number): number {
  return one === EXIT_CODES.ok ? other : one;
}
