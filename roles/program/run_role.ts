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
import {
  notifySettings,
  ServiceNotify,
} from "../../lib/service/io/service_notify.ts";
import { makeFolder } from "../../lib/service/io/user_folders.ts";
import { StopSignal } from "../../lib/service/io/signals.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { isStderrJournal } from "../../lib/log/io/journal_stream.ts";
import { UnixDatagrams } from "../../lib/log/io/unix_datagrams.ts";
import { PRESENCE_PACE } from "../../lib/wire/presence_pace.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { ProgramLog } from "./program_log.ts";
import { DETACHED_VARIABLE, type Invocation } from "./invocation.ts";
import { answerStatus } from "./status_socket.ts";

/**
 * Works until SIGTERM or SIGINT, on a terminal until SIGHUP as well.
 *
 * @param invocation What was asked.
 * @returns The exit code.
 */
export async function runRole<R extends Role>(
  invocation: Invocation<R>,
): Promise<number> {
  const { program, options, loaded: { config, warnings, notices } } =
    invocation;
  const isDetached = Deno.env.has(DETACHED_VARIABLE);
  const clock = new SystemClock();
  using stopSignal = new StopSignal({
    hangUpStops: Deno.stdin.isTerminal(),
  });
  await using last = new AsyncDisposableStack();
  const secrets = [...secretsOf(config)];
  await using programLog = new ProgramLog({
    source: { name: program.name, pid: Deno.pid },
    general: config.general,
    options,
    isDetached,
    isJournal: isStderrJournal(),
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
    await work(invocation, {
      clock,
      programLog,
      hide,
      stopSignal,
      isDetached,
      last,
    });
  } catch (error) {
    // Standard error, where the error will be shown, may be nowhere by now.
    if (isDetached) {
      const { lines } = describeError(program.name, error);
      log.record("critical", "ended by an error", { error: lines.join("; ") });
    }
    throw error;
  }
  return EXIT_CODES.ok;
}

interface Surroundings {
  readonly clock: Clock;
  readonly programLog: ProgramLog;
  readonly hide: (secrets: readonly string[]) => void;
  readonly stopSignal: StopSignal;
  readonly isDetached: boolean;
  /** Disposed when nothing else is left to do. */
  readonly last: AsyncDisposableStack;
}

async function work<R extends Role>(
  { program, options, loaded }: Invocation<R>,
  { clock, programLog, hide, stopSignal, isDetached, last }: Surroundings,
): Promise<void> {
  const { log, messages } = programLog;
  const { config } = loaded;
  await makeFolders(loaded, options.dryRun);
  const pidFile = await takePidFile(config.pidFile, isDetached, log);
  last.defer(() => pidFile?.leave());
  await using held = new AsyncDisposableStack();
  const settings = notifySettings(Deno.pid);
  const notify = held.use(
    new ServiceNotify(
      settings && { ...settings, datagrams: new UnixDatagrams() },
    ),
  );
  const { signal } = stopSignal;
  stopSignal.onReload(() => log.record("notice", "reading files again"));
  const startedMs = clock.monotonicMs();
  const ready = async (figures: () => StatusFigures) => {
    const report = () => ({
      program: program.name,
      version: program.version,
      pid: Deno.pid,
      node: config.general.hostName,
      upSeconds: Math.round((clock.monotonicMs() - startedMs) / 1_000),
      figures: { ...figures(), ...programLog.figures },
    });
    held.use(await answerStatus(config.pidFile, report, log));
    const { version } = program;
    const node = config.general.hostName;
    const dryRun = options.dryRun ? true : undefined;
    log.record("info", "ready", { version, node, dryRun });
    const trouble = await programLog.probe(signal);
    await notify.send("READY=1", trouble);
  };
  using _announcement = announceStop(signal, notify, last);
  const alive = new AbortController();
  const keepingAlive = notify.keepAlive(clock, alive.signal);
  try {
    const { dryRun } = options;
    await runTogether(signal, [
      (group) =>
        program.work({
          config,
          dryRun,
          log,
          messages,
          lostLines: () => programLog.lostLines,
          clock,
          pace: program.pace ?? PRESENCE_PACE,
          signal: group,
          hide,
          onReload: (listener) => stopSignal.onReload(listener),
          ready,
        }),
      (group) => programLog.failed(group),
    ]);
  } finally {
    alive.abort();
    await keepingAlive;
  }
  log.record("info", "stopped");
}

/** Tells the service manager once the program is told to stop. */
function announceStop(
  signal: AbortSignal,
  notify: ServiceNotify,
  last: AsyncDisposableStack,
): Disposable {
  let notice: Promise<void> | undefined;
  const announce = () => notice = notify.send("STOPPING=1");
  signal.addEventListener("abort", announce, { once: true });
  // The notifier is closed by then: a manager that hangs delays nothing.
  last.defer(async () => await notice);
  return {
    [Symbol.dispose]: () => signal.removeEventListener("abort", announce),
  };
}

/** A dry run leaves no state. The folder of a pid file is the system's, unless it is this user's own. */
async function makeFolders(
  { config: { general, pidFile }, ownRunFolder }: LoadedConfig<Role>,
  dryRun: boolean,
): Promise<void> {
  if (!dryRun) await makeFolder(general.stateDir, "statedir");
  if (ownRunFolder) {
    await makeFolder(pidFile.slice(0, pidFile.lastIndexOf("/")), "pidfile");
  }
}

/** In the foreground the program is found without a pid file. */
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
