/**
 * The configuration: text of files -> one role's typed values, or every
 * problem at once.
 *
 * @module
 */

import type { HostName } from "./host_name.ts";
import type { Severity } from "./ports.ts";

/** A program of the cluster that has a section of its own. */
export type Role = "monitor" | "publisher" | "subscriber";

/** A configuration file that was read. */
export interface ConfigFile {
  /** Where it stands; shown in problems. */
  readonly path: string;
  /** All of its text. */
  readonly text: string;
}

/** What the configuration takes from the host. */
export interface SystemFacts {
  /** The system's host name, as it is; used where `hostname` is not set. */
  readonly hostname: string;
}

/** Where a program's own log goes. */
export type LogTarget =
  | { readonly kind: "stderr" }
  | { readonly kind: "syslog" }
  | { readonly kind: "file"; readonly path: string };

/** Names of syslog facilities, in lower case. */
export type SyslogFacility = "auth" | "daemon";

/** What stands before the message of fail2ban's lines. */
export type LogFormat = "file" | "syslog" | "sysout" | "journal";

/** A word of `subscriberaction`. */
export type SubscriberAction = "log";

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
}

/** The configuration of each role. */
export interface RoleConfigs {
  readonly monitor: MonitorConfig;
  readonly publisher: PublisherConfig;
  readonly subscriber: SubscriberConfig;
}

/** Where a value came from. */
export interface ValueSource {
  /** `section.key`. */
  readonly key: string;
  /** The value as written, secrets masked; `undefined`: not set and no default. */
  readonly shown: string | undefined;
  /** `file:line`, or `default`. */
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

/**
 * Reads one role's configuration. Later files override earlier ones, key by key.
 *
 * @param role Whose configuration.
 * @param files The files, `*.conf` before `*.local`.
 * @param system What is taken from the host.
 * @throws {ConfigError} with every problem of every file.
 */
export function loadConfig<R extends Role>(
  _role: R,
  _files: readonly ConfigFile[],
  _system: SystemFacts,
): LoadedConfig<R> {
  throw new Error("loadConfig is not written yet");
}

/**
 * Renders a configuration in the files' own format, with where each value
 * came from, secrets masked. Ends in a line end.
 */
export function renderConfig(_loaded: LoadedConfig<Role>): string {
  throw new Error("renderConfig is not written yet");
}
