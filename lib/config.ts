/**
 * The configuration: text of files -> one role's typed values, or every
 * problem at once.
 *
 * @module
 */

import {
  type ConfigFile,
  type ConfigReading,
  type OptionValues,
  readConfig,
} from "./config_reader.ts";
import { checkRules } from "./config_rules.ts";
import { ConfigError } from "./errors.ts";
import { type HostName, parseHostName } from "./host_name.ts";
import { quoteIniValue } from "./ini_text.ts";
import type { JailMap } from "./jail_map.ts";
import type { NftTable } from "./nft_names.ts";
import type {
  LogFormat,
  LogTarget,
  SubscriberAction,
  SyslogFacility,
} from "./option_value.ts";
import { type ListedOption, listOptions, type Role } from "./options.ts";
import type { Severity } from "./ports.ts";

export type { ConfigFile, LogFormat, LogTarget, Role, SubscriberAction };
export type { SyslogFacility };

/** What the configuration takes from the host. */
export interface SystemFacts {
  /** The system's host name, as it is; used where `hostname` is not set. */
  readonly hostname: string;
}

/** `[general]`: what every role has. */
export interface GeneralConfig {
  /** `undefined`: stderr in the foreground, syslog when detached. */
  readonly logTarget: LogTarget | undefined;
  /** The least severity that is logged. */
  readonly logLevel: Severity;
  readonly syslogFacility: SyslogFacility;
  /** Absolute path of the folder for what outlives the process. */
  readonly stateDir: string;
  /** This node's name. */
  readonly hostName: HostName;
  /** The widest IPv4 prefix that is accepted, in bits. */
  readonly minPrefix4Bits: number;
  /** The widest IPv6 prefix that is accepted, in bits. */
  readonly minPrefix6Bits: number;
}

/** What the monitor needs. */
export interface MonitorConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** The publisher's `replybindurl`, as ZeroMQ takes it. */
  readonly replyServerUrl: string;
  /** Absolute path of fail2ban's log. */
  readonly logPath: string;
  readonly logFormat: LogFormat;
  /** Absolute path of fail2ban's database; `undefined` for `none`. */
  readonly databasePath: string | undefined;
  /** How long an unban waits for signs of a restart. */
  readonly unbanHoldMs: number;
  /** The shared token; `undefined` when `auth` is off. */
  readonly token: string | undefined;
}

/** What the publisher needs. */
export interface PublisherConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** Where subscribers connect, as ZeroMQ takes it. */
  readonly broadcasterBindUrl: string;
  /** Where monitors connect, as ZeroMQ takes it. */
  readonly replyBindUrl: string;
  /** The shared token; `undefined` when `auth` is off. */
  readonly token: string | undefined;
}

/** What the subscriber needs. */
export interface SubscriberConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** The publisher's `broadcasterbindurl`, as ZeroMQ takes it. */
  readonly publisherUrl: string;
  /** The messages to ask for begin with this; empty for all. */
  readonly prefixFilter: string;
  /** What is done about a ban, in order; each word once, at least one. */
  readonly actions: readonly SubscriberAction[];
  /** How long a ban holds here; `Infinity`: until it is lifted. */
  readonly banTimeMs: number;
  /** How often what is in force is compared with what should be. */
  readonly resyncEveryMs: number;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** Absolute path of the socket of this host's fail2ban. */
  readonly fail2banSocket: string;
  /** The table of nftables. */
  readonly nftTable: NftTable;
  /** Absolute path of the program of `exec`; `undefined` for `none`. */
  readonly execProgram: string | undefined;
  /** How long that program may take. */
  readonly execTimeoutMs: number;
}

/** The configuration of each role. */
export interface RoleConfigs {
  readonly monitor: MonitorConfig;
  readonly publisher: PublisherConfig;
  readonly subscriber: SubscriberConfig;
}

/** Where a value came from. */
export interface ValueSource {
  /** The section it belongs to. */
  readonly section: string;
  readonly key: string;
  /** The value as written, secrets masked; `undefined`: not set, no default. */
  readonly shown: string | undefined;
  /** `file:line`, `default`, or what holds instead. */
  readonly from: string;
}

/** A configuration that can be used. */
export interface LoadedConfig<R extends Role> {
  readonly config: RoleConfigs[R];
  /** What the operator should know; one line each. */
  readonly warnings: readonly string[];
  /** Every option of the role, in the table's order. */
  readonly sources: readonly ValueSource[];
}

/** What secrets are shown as. */
const MASK = "********";

const BUILDERS: {
  readonly [R in Role]: (
    values: OptionValues,
    general: GeneralConfig,
  ) => RoleConfigs[R];
} = {
  monitor: buildMonitor,
  publisher: buildPublisher,
  subscriber: buildSubscriber,
};

/**
 * Reads one role's configuration. Later files override earlier ones, key by
 * key. The sections of the other roles are read as well: one file serves all.
 *
 * @param role Whose configuration.
 * @param files The files, `*.conf` before `*.local`.
 * @param system What is taken from the host.
 * @throws {ConfigError} with every problem of every file.
 *
 * @example
 * ```ts
 * import { loadConfig } from "./config.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const files = [{ path: "a.conf", text: "[monitor]\nauth = off # for now" }];
 * const { config } = loadConfig("monitor", files, { hostname: "web1" });
 * strictEqual(config.general.hostName, "web1");
 * strictEqual(config.token, undefined);
 * strictEqual(config.unbanHoldMs, 30_000);
 * ```
 */
export function loadConfig<R extends Role>(
  role: R,
  files: readonly ConfigFile[],
  system: SystemFacts,
): LoadedConfig<R> {
  const reading = readConfig(files);
  const rules = checkRules(role, files, reading);
  const problems = [...reading.problems, ...rules.problems];
  const hostName = reading.values.general.hostname ??
    parseHostName(system.hostname);
  if (hostName === undefined) {
    problems.push({
      file: files[0]?.path ?? "(defaults)",
      key: "general.hostname",
      expected: "a host's name here, since the system's is none",
    });
    throw new ConfigError(problems);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const general = buildGeneral(reading.values, hostName);
  return {
    config: BUILDERS[role](reading.values, general),
    warnings: rules.warnings,
    sources: listOptions("general", role).map((listed) =>
      sourceOf(listed, reading, hostName)
    ),
  };
}

/**
 * Renders a configuration in the files' own format, with where each value
 * came from as a comment, secrets masked.
 *
 * @param loaded What {@link loadConfig} gave.
 * @returns Lines, each with its line end.
 */
export function renderConfig(loaded: LoadedConfig<Role>): string {
  const lines: string[] = [];
  let section: string | undefined;
  for (const source of loaded.sources) {
    if (source.section !== section) {
      if (section !== undefined) lines.push("");
      section = source.section;
      lines.push(`[${section}]`);
    }
    lines.push(
      source.shown === undefined
        ? `# ${source.key} is not set: ${source.from}`
        : `${source.key} = ${quoteIniValue(source.shown)}  # ${source.from}`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function buildGeneral(
  { general }: OptionValues,
  hostName: HostName,
): GeneralConfig {
  return {
    logTarget: general.logtarget,
    logLevel: general.loglevel,
    syslogFacility: general.syslogfacility,
    stateDir: general.statedir,
    hostName,
    minPrefix4Bits: general.minprefix4,
    minPrefix6Bits: general.minprefix6,
  };
}

function buildMonitor(
  { monitor }: OptionValues,
  general: GeneralConfig,
): MonitorConfig {
  return {
    general,
    pidFile: monitor.pidfile,
    replyServerUrl: monitor.zmqreplyserver,
    logPath: monitor.fail2banlogpath,
    logFormat: monitor.logformat,
    databasePath: monitor.fail2bandb === "" ? undefined : monitor.fail2bandb,
    unbanHoldMs: monitor.unbanhold * 1000,
    token: monitor.auth ? monitor.authtoken : undefined,
  };
}

function buildPublisher(
  { publisher }: OptionValues,
  general: GeneralConfig,
): PublisherConfig {
  return {
    general,
    pidFile: publisher.pidfile,
    broadcasterBindUrl: publisher.broadcasterbindurl,
    replyBindUrl: publisher.replybindurl,
    token: publisher.auth ? publisher.authtoken : undefined,
  };
}

function buildSubscriber(
  { subscriber }: OptionValues,
  general: GeneralConfig,
): SubscriberConfig {
  return {
    general,
    pidFile: subscriber.pidfile,
    publisherUrl: subscriber.zmqpublisherurl,
    prefixFilter: subscriber.zmqprefixfilter,
    actions: subscriber.subscriberaction,
    banTimeMs: subscriber.bantime * 1000,
    resyncEveryMs: subscriber.resync * 1000,
    jailMap: subscriber.jailmap,
    fail2banSocket: subscriber.fail2bansocket,
    nftTable: subscriber.nfttable,
    execProgram: subscriber.execprogram === ""
      ? undefined
      : subscriber.execprogram,
    execTimeoutMs: subscriber.exectimeout * 1000,
  };
}

function sourceOf(
  { section, key, option }: ListedOption,
  { found }: ConfigReading,
  hostName: HostName,
): ValueSource {
  const written = found.get(`${section}.${key}`);
  if (written !== undefined) {
    const shown = option.isSecret === true ? MASK : written.text;
    return { section, key, shown, from: `${written.file}:${written.line}` };
  }
  if (option.default !== undefined) {
    return { section, key, shown: option.default, from: "default" };
  }
  const shown = section === "general" && key === "hostname"
    ? hostName
    : undefined;
  return { section, key, shown, from: option.unset ?? "none" };
}
