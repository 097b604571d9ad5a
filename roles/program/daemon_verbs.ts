/**
 * `start`, `stop`, `restart` and `status`: a program in the background.
 *
 * @module
 */

import type { LoadedConfig, Role } from "../../lib/config/config.ts";
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
  commandArgs,
  DETACHED_VARIABLE,
  type Invocation,
} from "./invocation.ts";
import { note, warn } from "./said.ts";
import { writeText } from "./write_text.ts";

/** Starts the program in the background; returns once it works, or has failed. */
export async function start<R extends Role>(
  invocation: Invocation<R>,
): Promise<number> {
  const { program, loaded } = invocation;
  refuseStderr(loaded);
  warn(program, loaded.warnings);
  note(program, loaded.notices);
  const { pidFile } = loaded.config;
  using seen = await PidFile.see(pidFile);
  if (seen !== undefined && await seen.runs()) {
    throw new RuntimeError(`already runs, with process id ${seen.pid}`, {
      hint: `its pid file is ${pidFile}`,
    });
  }
  const outcome = await startDetached(commandOf(invocation));
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

/** Ends the program; one that does not run is fine. */
export async function stop<R extends Role>(
  { program, loaded }: Invocation<R>,
): Promise<number> {
  const { pidFile } = loaded.config;
  using seen = await PidFile.see(pidFile);
  if (seen === undefined) {
    say(program.name, "does not run");
  } else if (!await seen.runs()) {
    say(program.name, `does not run; ${pidFile} is stale`);
  } else {
    await stopProcess(seen.pid, { runs: () => seen.runs() });
    say(program.name, "stopped");
  }
  return EXIT_CODES.ok;
}

/** Ends the program if it runs, and starts it. */
export async function restart<R extends Role>(
  invocation: Invocation<R>,
): Promise<number> {
  refuseStderr(invocation.loaded);
  await stop(invocation);
  return await start(invocation);
}

/** Says whether the program runs, and what it has done. */
export async function status<R extends Role>(
  { program, options, loaded }: Invocation<R>,
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

function refuseStderr({ config, sources }: LoadedConfig<Role>): void {
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

function commandOf<R extends Role>(
  invocation: Invocation<R>,
): DetachedCommand {
  return {
    command: Deno.execPath(),
    args: commandArgs(invocation, "run"),
    env: { [DETACHED_VARIABLE]: "1" },
  };
}
