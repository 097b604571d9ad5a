/**
 * fail2ban-monitor: follows fail2ban's log and reports this host's bans.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { ledgerPath } from "../lib/enforce/io/sqlite_ban_ledger.ts";
import { Fail2banDatabase } from "../lib/fail2ban/io/fail2ban_database.ts";
import { EchoReader } from "../lib/enforce/io/echo_reader.ts";
import { AllowlistProtection } from "../lib/protection/allowlist_protection.ts";
import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { PositionFile } from "../lib/tail/io/position_file.ts";
import { LineClock } from "../lib/fail2ban/line_clock.ts";
import { areLocal } from "../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../lib/tail/io/log_folder.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import { ReportedBansStore } from "../lib/monitor/reported_bans_store.ts";
import { StateFile } from "../lib/base/io/state_file.ts";
import { ReportedBansKeeper } from "../lib/monitor/reported_bans_keeper.ts";
import { FolderEvents } from "../lib/tail/io/folder_events.ts";
import { LogFollower } from "../lib/tail/log_follower.ts";
import { Monitor } from "../lib/monitor/monitor.ts";
import { monitorSamples } from "../lib/metrics/node_samples.ts";
import { monitorFaults } from "../lib/metrics/role_faults.ts";
import { runTogether } from "../lib/async/tasks.ts";
import { AskedFail2ban } from "./program/asked_fail2ban.ts";
import { watchProtection } from "./program/host_protection.ts";
import { linkFigures, openReportLink } from "./program/monitor_link.ts";
import { NodeHttp } from "./program/node_http.ts";
import { ProgramMetrics } from "./program/program_metrics.ts";
import { readLogBeginning } from "./program/log_beginning.ts";
import { checkMembership } from "./program/node_membership.ts";
import type { RoleContext, RoleProgram } from "./program/invocation.ts";
import { runProgram } from "./program/role_program.ts";

/** The program. */
export const PROGRAM: RoleProgram<"monitor"> = {
  name: "fail2ban-monitor",
  role: "monitor",
  version: deno.version,
  moduleUrl: import.meta.url,
  checkHost: async (config) => {
    const { checkMonitorHost } = await import("./program/host_check.ts");
    return await checkMonitorHost(config);
  },
  check: async ({ general, controlServerUrls }) => {
    if (controlServerUrls !== undefined) await checkMembership(general);
  },
  work,
};

/** The action whose bans appear in this host's fail2ban log. */
const FAIL2BAN_ACTION = "fail2banclient";
/**
 * A subscriber creates its ledger at its start, long before fail2ban logs its
 * bans.
 */
const LOOK_FOR_LEDGER_MS = 5;

/**
 * Runs the program.
 *
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  return await runProgram(PROGRAM, argv);
}

async function work(context: RoleContext<"monitor">): Promise<void> {
  const { config, log, clock, dryRun, signal, ready } = context;
  const { general, logFormat, unbanHoldMs } = config;
  const protection = await watchProtection(context);
  const allowlist = new AllowlistProtection(() => protection.policy);
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  using oracle = new Fail2banDatabase(config.databasePath, log);
  using echoes = new EchoReader(
    ledgerPath(general.stateDir),
    FAIL2BAN_ACTION,
    { lookEveryMs: LOOK_FOR_LEDGER_MS },
  );
  await using folder = new DiskLogFolder(config.logPath, log, {
    watch: FolderEvents.open,
    areLocal,
  });
  const positions = new PositionFile(`${general.stateDir}/monitor.position`);
  const metrics: ProgramMetrics = await ProgramMetrics.begin({
    program: "monitor",
    version: deno.version,
    context,
    samples: () =>
      monitorSamples({
        counters: monitor.counters,
        unacknowledged: link.counters.submitted - link.settled,
        oldestAgoMs: link.oldestAgoMs,
        logReadAgoMs: monitor.logReadAgoMs,
        isLogUnderstood: !monitor.format.isOther,
        missingFiles: lines.gaps,
        assumedTimes: fail2ban.ends.assumed,
        publisherAnswers: link.reachable,
        startedMs: metrics.startedMs,
        nowMs: clock.nowMs(),
      }),
    look: () =>
      monitorFaults({
        oldestAgoMs: link.oldestAgoMs,
        publisherAnswers: link.reachable,
        isLogUnderstood: !monitor.format.isOther,
        logSilentMs: monitor.logSilentMs,
        logTargetTrouble: fail2ban.logTarget?.trouble,
        placeTrouble: monitor.placeTrouble,
      }),
    startingWith: () =>
      link.reachable ? undefined : "the publisher does not answer yet",
  });
  await using http = NodeHttp.open(context, metrics.route);
  const { from, atStart } = await readLogBeginning(positions, log);
  const store = new ReportedBansStore(
    new StateFile(`${general.stateDir}/monitor.reported`),
    log,
  );
  await using lines = await LogFollower.begin({
    ...{ folder, from, atStart, log, clock },
  });
  const lineClock = new LineClock(log, from?.behindMs);
  await using fail2ban = new AskedFail2ban(config, {
    rows: oracle,
    lines: lineClock,
    ...{ clock, log, reported: await store.load() },
    reportedUntilMs: from?.modifiedMs ??
      (from === undefined && !atStart ? undefined : clock.nowMs()),
  });
  const { link, publisherFigures, tasks } = await openReportLink({
    ...{ ...context, zeromq, allowlist },
    version: deno.version,
    logReadAgoMs: () => monitor.logReadAgoMs,
  });
  const monitor: Monitor = new Monitor({
    ...{ lines, link, oracle, echoes, positions, clock, log },
    detections: oracle,
    lineClock,
    ends: fail2ban.ends,
    existing: atStart ? undefined : fail2ban.existingAt(from),
    drift: fail2ban.drift,
    known: fail2ban.known,
    reported: dryRun
      ? undefined
      : new ReportedBansKeeper({ known: fail2ban.known, store, clock, log }),
    hostName: general.hostName,
    logFormat,
    unbanHoldMs,
    protection: () => allowlist.policy,
    ignoreJails: config.ignoreJails,
    dryRun,
  });
  metrics.markReady();
  await ready(() => ({
    protocol: link.carriesTimes ? 2 : 1,
    ...monitor.counters,
    held: monitor.held,
    ...linkFigures(link),
    unanswered: link.counters.submitted - link.settled,
    publisherAnswers: link.reachable,
    ...publisherFigures(),
    database: config.databasePath === undefined
      ? "none"
      : oracle.lastFailure ?? "answers",
    assumedTimes: fail2ban.ends.assumed,
    clockOffsetSeconds: Math.round(lineClock.offsetMs / 1_000),
    ...fail2ban.drift.counters,
    oddJails: fail2ban.drift.oddJails.join(" ") || "none",
    ...monitor.format.counters,
    logLines: monitor.format.isOther ? "not as logformat says" : "understood",
    fail2banLog: fail2ban.logTarget?.state ?? "not asked",
    missingFiles: lines.gaps,
    place: monitor.placeTrouble ?? "stored",
    ...metrics.figures,
    unresolvedNames: protection.unresolvedNames,
    allowed: allowlist.list.ignore.length,
  }));
  await runTogether(signal, [
    (group) => protection.run(group),
    (group) => monitor.run(group),
    ...(fail2ban.logTarget === undefined
      ? []
      : [(group: AbortSignal) =>
        fail2ban.logTarget?.run(group) ??
          Promise.resolve()]),
    ...metrics.tasks,
    ...(http === undefined ? [] : [(group: AbortSignal) => http.run(group)]),
    ...tasks,
  ]);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
