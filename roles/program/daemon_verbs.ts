/**
 * `start`, `stop`, `restart` and `status`: verbs for a program in the
 * background.
 *
 * @module
 */

import {
  ConfigError,
  EXIT_CODES,
  RuntimeError,
} from "../../lib/base/errors.ts";
import {
  type DetachedCommand,
  startDetached,
  stopProcess,
} from "../../lib/service/io/detached_process.ts";
import { PidFile } from "../../lib/service/io/pid_file.ts";
import { statusSocketPath } from "../../lib/service/status_socket.ts";
import { askStatus } from "./status_socket.ts";
import { encodeStatus, renderStatus } from "../../lib/service/status_report.ts";
import {
  type AskedProgram,
  commandArgs,
  DETACHED_VARIABLE,
  type LoadedProgram,
} from "./invocation.ts";
import { note, warn } from "./said.ts";
import { writeText } from "./write_text.ts";

/**
 * Starts a program in the background; returns once it works, or has failed.
 *
 * @param asked The program and its options.
 * @param parts Its roles.
 * @returns The exit code.
 */
export async function start(
  asked: AskedProgram,
  parts: readonly LoadedProgram[],
): Promise<number> {
  const { program } = asked;
  for (const part of parts) {
    refuseStderr(part);
    warn(part.program, part.loaded.warnings);
    note(part.program, part.loaded.notices);
    await refuseRunning(part);
  }
  const outcome = await startDetached(commandOf(asked));
  switch (outcome.kind) {
    case "ready":
      if (outcome.status !== undefined) warn(program, [outcome.status]);
      say(program.name, `started, with process id ${outcome.pid}`);
      return EXIT_CODES.ok;
    case "ended":
      writeText(Deno.stderr, outcome.stderr);
      return outcome.exitCode === EXIT_CODES.ok
        ? EXIT_CODES.runtime
        : outcome.exitCode;
  }
}

/**
 * Stops the program, with any others in its process; one that does not run is
 * no error.
 */
export async function stop(part: LoadedProgram): Promise<number> {
  await stopPart(part, part.program.name);
  return EXIT_CODES.ok;
}

/**
 * Stops a part of a program, with everything else in its process.
 *
 * @param part The role; one that does not run is no error.
 * @param asked Name of the program to stop.
 * @returns Whether this stopped the whole program, because it is one process.
 */
export async function stopPart(
  { program, loaded: { config: { pidFile } } }: LoadedProgram,
  asked: string,
): Promise<boolean> {
  using seen = await PidFile.see(pidFile);
  if (seen === undefined) {
    say(program.name, "does not run");
    return false;
  }
  if (!await seen.runs()) {
    say(program.name, `does not run; ${pidFile} is stale`);
    return false;
  }
  const within = await sharedBy(pidFile);
  await stopProcess(seen.pid, { runs: () => seen.runs() });
  if (within === asked) say(asked, "stopped");
  else {
    const whole = within === undefined ? "" : `, as all of ${within}`;
    say(program.name, `stopped${whole}`);
  }
  return within === asked;
}

/** Stops the program if it runs, and starts it. */
export async function restart(part: LoadedProgram): Promise<number> {
  refuseStderr(part);
  const within = await sharedBy(part.loaded.config.pidFile);
  if (within !== undefined) {
    throw new RuntimeError(`works in the process of ${within}`, {
      hint: `restart that: ${within} restart`,
    });
  }
  await stop(part);
  return await start(part, [part]);
}

/** Prints whether the program runs, and its totals. */
export async function status(
  { program, options, loaded }: LoadedProgram,
): Promise<number> {
  const { pidFile } = loaded.config;
  using seen = await PidFile.see(pidFile);
  if (seen === undefined || !await seen.runs()) {
    const stale = seen === undefined ? "" : `; ${pidFile} is stale`;
    say(program.name, `does not run${stale}`);
    return EXIT_CODES.runtime;
  }
  const report = await askStatus(statusSocketPath(pidFile));
  const render = options.logFormat === "json" ? encodeStatus : renderStatus;
  writeText(Deno.stdout, render(report));
  return EXIT_CODES.ok;
}

function say(name: string, text: string): void {
  writeText(Deno.stdout, `${name}: ${text}\n`);
}

async function refuseRunning(
  { loaded: { config: { pidFile } } }: LoadedProgram,
): Promise<void> {
  using seen = await PidFile.see(pidFile);
  if (seen !== undefined && await seen.runs()) {
    throw new RuntimeError(`already runs, with process id ${seen.pid}`, {
      hint: `its pid file is ${pidFile}`,
    });
  }
}

/**
 * The program in whose process another runs; `undefined` when it has its own,
 * or does not answer.
 */
async function sharedBy(pidFile: string): Promise<string | undefined> {
  try {
    return (await askStatus(statusSocketPath(pidFile))).within;
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

function refuseStderr({ loaded: { config, sources } }: LoadedProgram): void {
  if (config.general.logTarget?.kind !== "stderr") return;
  const key = "general.logtarget";
  const source = sources.find(({ section, key }) =>
    section === "general" && key === "logtarget"
  );
  throw new ConfigError([{
    file: source?.from ?? "(defaults)",
    key,
    value: "STDERR",
    expected: "SYSLOG or a file, since `start` leaves the terminal",
  }]);
}

function commandOf(asked: AskedProgram): DetachedCommand {
  return {
    command: Deno.execPath(),
    args: commandArgs(asked, "run"),
    env: { [DETACHED_VARIABLE]: "1" },
  };
}
