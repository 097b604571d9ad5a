/**
 * `run`: works in the foreground until told to end.
 *
 * @module
 */

import type {
  LoadedConfig,
  Role,
  RoleConfigs,
} from "../../lib/config/config.ts";
import { describeError, EXIT_CODES } from "../../lib/base/errors.ts";
import { secretsOfTarget } from "../../lib/http/http_target.ts";
import {
  PidFile,
  UnwritablePidFileError,
} from "../../lib/service/io/pid_file.ts";
import { makeFolder } from "../../lib/service/io/user_folders.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { isStderrJournal } from "../../lib/log/io/journal_stream.ts";
import { PRESENCE_PACE } from "../../lib/wire/presence_pace.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { ProgramLog } from "./program_log.ts";
import type { Invocation } from "./invocation.ts";
import { type OwnProcess, runProcess } from "./own_process.ts";
import { answerStatus } from "./status_socket.ts";

/**
 * Runs until SIGTERM or SIGINT, and on a terminal until SIGHUP as well.
 *
 * @param invocation The program, its options and its configuration.
 * @returns The exit code.
 */
export async function runRole<R extends Role>(
  invocation: Invocation<R>,
): Promise<number> {
  await runProcess([(process) => workIn(process, invocation)]);
  return EXIT_CODES.ok;
}

/**
 * Runs a role in a process, alone or beside another role.
 *
 * @param process The process.
 * @param invocation The program, its options and its configuration.
 * @param within Name of the program that contains both roles, such as
 * `fail2ban-node`.
 */
export async function workIn<R extends Role>(
  process: OwnProcess,
  invocation: Invocation<R>,
  within?: string,
): Promise<void> {
  const { program, options, loaded: { config, warnings, notices } } =
    invocation;
  const clock = new SystemClock();
  await using last = new AsyncDisposableStack();
  const secrets = [...secretsOf(config)];
  await using programLog = new ProgramLog({
    source: { name: program.name, pid: Deno.pid },
    general: config.general,
    options,
    isDetached: process.isDetached,
    isJournal: isStderrJournal(),
    isShared: within !== undefined,
    secrets,
    clock,
  });
  const { log } = programLog;
  for (const warning of warnings) {
    log.record("warning", "configuration", { warning });
  }
  for (const note of notices) log.record("notice", "configuration", { note });
  try {
    const hide = (found: readonly string[]) => {
      secrets.push(...found.filter((secret) => !secrets.includes(secret)));
    };
    const around = { clock, programLog, hide, process, within, last };
    await work(invocation, around);
  } catch (error) {
    // Standard error, where the error will be printed, may be closed by now.
    if (process.isDetached) {
      const { lines } = describeError(program.name, error);
      log.record("critical", "ended by an error", { error: lines.join("; ") });
    }
    throw error;
  }
}

interface Surroundings {
  readonly clock: Clock;
  readonly programLog: ProgramLog;
  readonly hide: (secrets: readonly string[]) => void;
  readonly process: OwnProcess;
  readonly within: string | undefined;
  /** Disposed of last. */
  readonly last: AsyncDisposableStack;
}

async function work<R extends Role>(
  invocation: Invocation<R>,
  { clock, programLog, hide, process, within, last }: Surroundings,
): Promise<void> {
  const { program, options, loaded } = invocation;
  const { log, messages } = programLog;
  const { config } = loaded;
  const { signal, onReload } = process;
  await makeFolders(loaded, options.dryRun);
  const pidFile = await takePidFile(config.pidFile, process.isDetached, log);
  last.defer(() => pidFile?.leave());
  await using held = new AsyncDisposableStack();
  onReload(() => log.record("notice", "reading files again"));
  const startedMs = clock.monotonicMs();
  const ready = async (figures: () => StatusFigures) => {
    const report = () => ({
      program: program.name,
      version: program.version,
      pid: Deno.pid,
      node: config.general.hostName,
      ...(within === undefined ? {} : { within }),
      upSeconds: Math.round((clock.monotonicMs() - startedMs) / 1_000),
      figures: { ...figures(), ...programLog.figures },
    });
    held.use(await answerStatus(config.pidFile, report, log));
    const { version } = program;
    const node = config.general.hostName;
    const dryRun = options.dryRun ? true : undefined;
    log.record("info", "ready", { version, node, dryRun });
    await process.ready(await programLog.probe(signal));
  };
  await runTogether(signal, [
    (group) =>
      program.work({
        config,
        dryRun: options.dryRun,
        log,
        messages,
        lostLines: () => programLog.lostLines,
        clock,
        pace: program.pace ?? PRESENCE_PACE,
        signal: group,
        hide,
        onReload,
        ready,
      }),
    (group) => programLog.failed(group),
  ]);
  log.record("info", "stopped");
}

/**
 * Creates the folders; a dry run needs no state folder. A pid file's folder is
 * created only if it is this user's own.
 */
async function makeFolders(
  { config: { general, pidFile }, ownRunFolder }: LoadedConfig<Role>,
  dryRun: boolean,
): Promise<void> {
  if (!dryRun) await makeFolder(general.stateDir, "statedir");
  if (ownRunFolder) {
    await makeFolder(pidFile.slice(0, pidFile.lastIndexOf("/")), "pidfile");
  }
}

/** Writes the pid file; a program in the foreground can run without one. */
async function takePidFile(
  path: string,
  isDetached: boolean,
  log: Log,
): Promise<PidFile | undefined> {
  try {
    const pidFile = await PidFile.take(path, Deno.pid);
    const { stalePid } = pidFile;
    if (stalePid !== undefined) {
      log.record("notice", "stale pid file replaced", { path, stalePid });
    }
    return pidFile;
  } catch (error) {
    if (isDetached || !(error instanceof UnwritablePidFileError)) throw error;
    const { message: reason, hint } = error;
    log.record("warning", "no pid file", { reason, hint });
    return undefined;
  }
}

function secretsOf(config: RoleConfigs[Role]): readonly string[] {
  const token = "token" in config ? config.token : undefined;
  const lists = "lists" in config ? config.lists : [];
  const targets = [config.heartbeat, config.general.webhook?.target]
    .filter((target) => target !== undefined);
  return [
    token,
    ...lists.map(({ credentials }) => credentials?.password),
    ...targets.flatMap(secretsOfTarget),
  ].filter((secret) => secret !== undefined);
}
