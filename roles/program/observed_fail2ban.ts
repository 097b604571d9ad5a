/**
 * Observes this host's fail2ban, as far as a node needs it.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { localJails } from "../../lib/base/jail_map.ts";
import type {
  MonitorConfig,
  SubscriberConfig,
  ValueSource,
} from "../../lib/config/config.ts";
import {
  clientCommand,
  type DatabaseFacts,
  type Fail2banFacts,
  type Fail2banRunFacts,
} from "../../lib/diagnosis/fail2ban_check.ts";
import { infoOf, readEnd } from "../../lib/diagnosis/io/file_look.ts";
import type { LogFacts, TargetFacts } from "../../lib/diagnosis/log_check.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import { Fail2banDatabase } from "../../lib/fail2ban/io/fail2ban_database.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import type { Fail2banClient } from "../../lib/fail2ban/ports.ts";
import { judgeSample } from "../../lib/monitor/log_sample.ts";
import { logTargetTrouble } from "../../lib/monitor/log_target_watch.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { findLogTrouble } from "../../lib/tail/io/log_probe.ts";
import { openFail2ban } from "./opened_fail2ban.ts";

/**
 * The configurations of a node's programs; `undefined` where a program is
 * missing.
 */
export interface NodeConfigs {
  readonly monitor: MonitorConfig | undefined;
  readonly subscriber: SubscriberConfig | undefined;
  /** Where the monitor's options were set. */
  readonly monitorSources: readonly ValueSource[];
}

/** What was observed. */
export interface ObservedFail2ban {
  readonly fail2ban: Fail2banFacts | undefined;
  readonly log: LogFacts | undefined;
  readonly database: DatabaseFacts | undefined;
}

/** Timeout of all questions together. */
const ASK_MS = 5_000;
const QUESTION_MS = 2_000;
/** Size of the log's end that is checked. */
const SAMPLE_BYTES = 65_536;
const USUAL_SOCKET = "/var/run/fail2ban/fail2ban.sock";
const JAIL_FILE = "/etc/fail2ban/jail.d/fail2bancluster.conf";

/**
 * Observes fail2ban.
 *
 * @param configs The programs that need it.
 * @param figures Totals of the running monitor; `undefined` when none runs.
 * @param dir The folder of this program.
 */
export async function observeFail2ban(
  configs: NodeConfigs,
  figures: StatusFigures | undefined,
  dir: string,
): Promise<ObservedFail2ban> {
  const { monitor } = configs;
  const asked = await askFail2ban(configs);
  const facts = asked && await factsOf(configs, asked, dir);
  const client = (words: string) =>
    clientCommand({
      socketPath: facts?.socketPath ?? USUAL_SOCKET,
      isUsualSocket: facts?.isUsualSocket ?? true,
    }, words);
  return {
    fail2ban: facts,
    log: monitor &&
      await observeLog(monitor, configs.monitorSources, asked?.target, client),
    database: monitor &&
      await observeDatabase(monitor, configs, figures, asked?.run),
  };
}

/** The answers from fail2ban's socket. */
interface AskedFail2ban {
  readonly socketPath: string;
  readonly run: Fail2banRunFacts;
  readonly target: TargetFacts | undefined;
}

/** @returns `undefined` where no program uses the socket. */
async function askFail2ban(
  { monitor, subscriber }: NodeConfigs,
): Promise<AskedFail2ban | undefined> {
  const isEnforcing = subscriber?.actions.includes("fail2banclient") === true;
  const socketPath = isEnforcing
    ? subscriber.fail2banSocket
    : monitor?.fail2banSocket;
  if (socketPath === undefined) return undefined;
  await using client: Fail2banClient = isEnforcing
    ? openFail2ban(subscriber)
    : new Fail2banSocket({ path: socketPath, questionTimeoutMs: QUESTION_MS });
  const fail2ban = new Fail2banInfo(client, new SystemClock());
  const signal = AbortSignal.timeout(ASK_MS);
  try {
    await fail2ban.check(signal);
    const { jails } = await fail2ban.allJails(signal);
    const version = await fail2ban.version(signal);
    const databasePath = await fail2ban.databasePath(signal);
    const run = {
      kind: "answers",
      version,
      jails: [...jails],
      databasePath,
    } as const;
    const target = monitor && await targetOf(fail2ban, monitor, signal);
    return { socketPath, run, target };
  } catch (error) {
    const run = silent(error, signal);
    return { socketPath, run, target: undefined };
  }
}

function silent(error: unknown, signal: AbortSignal): Fail2banRunFacts {
  if (error === signal.reason) {
    const reason = `no answer in ${ASK_MS / 1_000} s`;
    return { kind: "silent", reason, hint: undefined, isDenied: false };
  }
  if (!(error instanceof RuntimeError)) throw error;
  const { message: reason, hint } = error;
  const isDenied = /permission denied/i.test(`${reason} ${error.cause}`);
  return { kind: "silent", reason, hint, isDenied };
}

async function targetOf(
  fail2ban: Fail2banInfo,
  { logPath, logFormat }: MonitorConfig,
  signal: AbortSignal,
): Promise<TargetFacts> {
  const { target, level } = await fail2ban.logging(signal);
  const realPath = (path: string) => Deno.realPath(path).catch(() => path);
  const followed = { logPath, logFormat, realPath };
  return {
    target,
    level,
    wrong: await logTargetTrouble(target, level, followed),
  };
}

async function factsOf(
  { subscriber }: NodeConfigs,
  { socketPath, run }: AskedFail2ban,
  dir: string,
): Promise<Fail2banFacts> {
  const shipped = await firstThere([
    `${dir}/fail2ban/jail.d/fail2bancluster.conf`,
    `${dir}/../fail2ban/jail.d/fail2bancluster.conf`,
  ]);
  return {
    ...{ socketPath, run },
    isEnforcing: subscriber?.actions.includes("fail2banclient") === true,
    jails: subscriber === undefined ? [] : [...localJails(subscriber.jailMap)],
    jailFile: {
      path: JAIL_FILE,
      isThere: await infoOf(JAIL_FILE) !== undefined,
    },
    shippedJail: shipped,
    isUsualSocket: socketPath.replace(/^\/var\/run\//, "/run/") ===
      USUAL_SOCKET.replace(/^\/var\/run\//, "/run/"),
  };
}

async function firstThere(
  paths: readonly string[],
): Promise<string | undefined> {
  for (const path of paths) {
    if (await infoOf(path) !== undefined) return path;
  }
  return undefined;
}

async function observeLog(
  { logPath: path, logFormat: format }: MonitorConfig,
  sources: readonly ValueSource[],
  target: TargetFacts | undefined,
  client: (words: string) => string,
): Promise<LogFacts> {
  const trouble = await findLogTrouble(path);
  const end = trouble === undefined
    ? await readEnd(path, SAMPLE_BYTES)
    : undefined;
  const modifiedMs = end?.modifiedMs;
  return {
    ...{ path, format, trouble, target, client },
    ageMs: modifiedMs === undefined ? undefined : Date.now() - modifiedMs,
    sample: end && judgeSample(end.bytes, format),
    option: {
      ...{ section: "monitor", key: "logformat" },
      from: sources.find(({ key }) => key === "logformat")?.from,
    },
  };
}

async function observeDatabase(
  { databasePath: path }: MonitorConfig,
  { monitorSources }: NodeConfigs,
  figures: StatusFigures | undefined,
  run: Fail2banRunFacts | undefined,
): Promise<DatabaseFacts | undefined> {
  if (path === undefined) return undefined;
  const said = figures?.["database"];
  const isMonitors = typeof said === "string" && said !== "answers";
  return {
    ...{ path, isMonitors },
    isThere: await infoOf(path) !== undefined,
    trouble: isMonitors ? said : await lookAtDatabase(path),
    option: {
      ...{ section: "monitor", key: "fail2bandb" },
      from: monitorSources.find(({ key }) => key === "fail2bandb")?.from,
    },
    dbfile: run?.kind === "answers" ? run.databasePath : undefined,
    assumed: monitorSources.find(({ key }) => key === "bantime")?.shown ??
      "10m",
  };
}

async function lookAtDatabase(path: string): Promise<string | undefined> {
  using database = new Fail2banDatabase(path);
  await database.list(AbortSignal.timeout(ASK_MS));
  return database.lastFailure;
}
