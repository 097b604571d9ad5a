/**
 * The checks of `check` on this host, beside the configuration. Their findings
 * may change without a restart, so they prevent no program from starting.
 *
 * @module
 */

import type {
  GeneralConfig,
  MonitorConfig,
  PublisherConfig,
  SubscriberConfig,
  ValueSource,
} from "../../lib/config/config.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { endpointHost, endpointPort } from "../../lib/base/endpoint_url.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { parseHostName } from "../../lib/base/host_name.ts";
import { localJails } from "../../lib/base/jail_map.ts";
import {
  checkEngine,
  type EngineFacts,
} from "../../lib/diagnosis/engine_check.ts";
import type { PortTrouble } from "../../lib/diagnosis/publisher_check.ts";
import { checkProgram } from "../../lib/enforce/io/program_check.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import { findLogFileTrouble } from "../../lib/log/io/log_file_probe.ts";
import { NftEnforcer } from "../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../lib/nftables/io/nft_process.ts";
import { DnsResolver } from "../../lib/protection/io/dns_resolver.ts";
import { findPortTrouble } from "../../lib/service/io/port_probe.ts";
import { hasServiceManager } from "../../lib/service/io/state_folder.ts";
import { findUnitFolders } from "../../lib/service/io/unit_view.ts";
import { logFileTrouble } from "../../lib/service/unit_paths.ts";
import { findLogTrouble } from "../../lib/tail/io/log_probe.ts";
import { openFail2ban } from "./opened_fail2ban.ts";
import { isRunning } from "./running_programs.ts";

/** Timeout of one check. */
const LOOK_MS = 5_000;

/**
 * Checks the log file.
 *
 * @param program The program's name.
 * @param general Its configuration.
 * @returns Why the program can't write it; empty when it can.
 */
export async function checkLogFile(
  program: string,
  { logTarget }: GeneralConfig,
): Promise<readonly string[]> {
  if (logTarget?.kind !== "file") return [];
  const { path } = logTarget;
  const reason = await findLogFileTrouble(path);
  const folders = await hasServiceManager()
    ? await findUnitFolders(program)
    : undefined;
  const trouble = logFileTrouble({ path, program, reason, folders });
  return trouble === undefined ? [] : [trouble];
}

/** Finds paths with a `*`, which is not expanded. */
export function checkPaths(sources: readonly ValueSource[]): readonly string[] {
  return sources.flatMap(({ section, key, shown = "" }) =>
    shown.startsWith("/") && shown.includes("*")
      ? [
        `${section}.${key} = ${shown}: nothing is put in for a *: name the one file; rotated ones are found by themselves`,
      ]
      : []
  );
}

/**
 * Checks a monitor's host: fail2ban's log, and the name of the publisher's
 * host.
 */
export async function checkMonitorHost(
  config: MonitorConfig,
): Promise<readonly string[]> {
  const { logPath, controlServerUrls, replyServerUrl } = config;
  const trouble = await findLogTrouble(logPath);
  const log = trouble === undefined ? [] : [
    `monitor.fail2banlogpath = ${logPath}: ${trouble}: is fail2ban installed and running, ` +
    "and is it what fail2ban-client get logtarget says?",
  ];
  const hubs = controlServerUrls === undefined
    ? [{ key: "monitor.zmqreplyserver", url: replyServerUrl }]
    : controlServerUrls.map((url) => ({ key: "monitor.controlserver", url }));
  const names = (await Promise.all(hubs.map(checkName))).flat();
  return [...log, ...names, ...await checkHttpPort("monitor", config)];
}

/**
 * Checks whether the metrics port of a node's program is free, unless that
 * program runs.
 */
async function checkHttpPort(
  role: "monitor" | "subscriber",
  { pidFile, httpBind }: MonitorConfig | SubscriberConfig,
): Promise<readonly string[]> {
  if (httpBind === undefined || await isRunning(pidFile)) return [];
  const reason = portTrouble(httpBind.endpoint);
  return reason === undefined
    ? []
    : [`${role}.httpbindurl = ${httpBind.url}: ${reason}`];
}

/**
 * Checks a publisher's host: the shared engine, and whether its ports are free
 * unless it runs.
 */
export async function checkPublisherHost(
  config: PublisherConfig,
): Promise<readonly string[]> {
  const engine = await lookAtEngine(config);
  const found = engine === undefined ? [] : checkEngine(engine);
  const troubles = found.flatMap(({ state, subject, finding, fix }) =>
    state === "ok" ? [] : [
      `${subject}: ${finding}${fix === undefined ? "" : `; ${fix}`}`,
    ]
  );
  if (await isRunning(config.pidFile)) return troubles;
  const ports = findPortTroubles(config).map(({ key, url, reason }) =>
    `publisher.${key} = ${url}: ${reason}`
  );
  return [...troubles, ...ports];
}

/**
 * State of the engine that several publishers share; `undefined` for a single
 * publisher.
 */
export async function lookAtEngine(
  config: PublisherConfig,
): Promise<EngineFacts | undefined> {
  const { engine } = config;
  if (engine === undefined) return undefined;
  // A single publisher loads none of this code.
  const { observeEngine } = await import("./observed_engine.ts");
  return await observeEngine(config, engine);
}

/** The ports that a publisher could not bind now, with the reasons. */
export function findPortTroubles(
  config: PublisherConfig,
): readonly PortTrouble[] {
  const bound = [
    ["broadcasterbindurl", config.broadcasterBindUrl],
    ["replybindurl", config.replyBindUrl],
    ["controlbindurl", config.controlBindUrl],
    ["streambindurl", config.streamBindUrl],
  ] as const;
  const http = ([
    ["httpbindurl", config.httpBind],
    ["pagebindurl", config.pageBind],
  ] as const).flatMap(([key, bind]) =>
    bind === undefined ? [] : [[key, bind.url, bind.endpoint] as const]
  );
  return [...bound, ...http].flatMap(([key, url, endpoint = url]) => {
    const reason = portTrouble(endpoint);
    return reason === undefined ? [] : [{ key, url, reason }];
  });
}

/**
 * Checks a subscriber's host: its actions, and the names of the publisher's
 * host.
 */
export async function checkSubscriberHost(
  config: SubscriberConfig,
): Promise<readonly string[]> {
  const { protocol2, publisherUrl, actions } = config;
  const hubs = protocol2 === undefined
    ? [{ key: "subscriber.zmqpublisherurl", url: publisherUrl }]
    : protocol2.map(({ controlUrl: url }) => ({
      key: "subscriber.controlserver",
      url,
    }));
  const found = [
    ...(await Promise.all(hubs.map(checkName))).flat(),
    ...await checkHttpPort("subscriber", config),
  ];
  for (const action of actions) {
    const key = `subscriber.subscriberaction = ${action}`;
    const troubles = await troublesOf(
      (signal) => checkAction(action, config, signal),
    );
    found.push(...troubles.map((trouble) => `${key}: ${trouble}`));
  }
  return found;
}

async function checkAction(
  action: SubscriberConfig["actions"][number],
  config: SubscriberConfig,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const clock = new SystemClock();
  switch (action) {
    case "log":
      return [];
    case "nftables":
      await new NftEnforcer({
        clock,
        program: new NftProcess(clock),
        table: config.nftTable,
      }).list(signal);
      return [];
    case "exec":
      await checkProgram(config.execProgram ?? "");
      return [];
    case "fail2banclient": {
      await using client = openFail2ban(config);
      const fail2ban = new Fail2banInfo(client, clock);
      await fail2ban.check(signal);
      const missing: string[] = [];
      for (const jail of localJails(config.jailMap)) {
        const ignored = await fail2ban.ignoredIn(jail, signal);
        if (ignored === undefined) missing.push(jail);
      }
      return missing.map((jail) =>
        `fail2ban has no jail ${jail}: put it into /etc/fail2ban/jail.d (install.sh brings fail2bancluster), then fail2ban-client reload`
      );
    }
  }
}

/** The findings of a check, or the reason why it failed. */
async function troublesOf(
  look: (signal: AbortSignal) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(LOOK_MS);
  try {
    return await look(signal);
  } catch (error) {
    if (error === signal.reason) return [`no answer in ${LOOK_MS / 1_000} s`];
    if (!(error instanceof RuntimeError)) throw error;
    const { message, hint } = error;
    return [hint === undefined ? message : `${message}; ${hint}`];
  }
}

async function checkName(
  { key, url }: { readonly key: string; readonly url: string },
): Promise<readonly string[]> {
  const name = parseHostName(endpointHost(url) ?? "");
  if (name === undefined) return [];
  const troubles = await troublesOf(async (signal) => {
    await new DnsResolver().resolve(name, signal);
    return [];
  });
  return troubles.map((trouble) => `${key} = ${url}: ${trouble}`);
}

/** Interface names can't be checked, and Unix sockets are no ports. */
function portTrouble(url: string): string | undefined {
  const host = endpointHost(url);
  const port = endpointPort(url);
  if (host === undefined || port === undefined) return undefined;
  const hostname = host === "*" ? "0.0.0.0" : host;
  return /^[\d.]+$|:/.test(hostname)
    ? findPortTrouble(hostname, port)
    : undefined;
}
