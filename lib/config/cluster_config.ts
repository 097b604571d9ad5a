/**
 * The part of the configuration that the operator's command needs. It is small,
 * so that the command works even while the rest of the file has problems.
 *
 * @module
 */

import type { SystemFacts } from "./config.ts";
import { type ConfigFile, readConfig } from "./config_reader.ts";
import { endpointPort, isLoopbackUrl } from "../base/endpoint_url.ts";
import { ConfigError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import type { IniSetting } from "./ini_edit.ts";
import { PUBLISHER_PORTS } from "./options_common.ts";
import type { Role } from "./options.ts";
import { type EngineConfig, engineOf } from "./engine_config.ts";
import { type WebhookConfig, webhookOf } from "./role_config.ts";
import type { HttpTarget } from "../http/http_target.ts";
import { NO_USER_FOLDERS, placeForUser } from "./user_folders.ts";

/** The configuration of the operator's command. */
export interface ClusterConfig {
  /** Absolute path of the folder for state. */
  readonly stateDir: string;
  /** `undefined`: neither the file nor the system has a valid one. */
  readonly hostName: HostName | undefined;
  /** Absolute path of the publisher's pid file. */
  readonly publisherPidFile: string;
  /** Absolute paths of the pid files of a node's programs, by role. */
  readonly nodePidFiles: {
    readonly monitor: string;
    readonly subscriber: string;
  };
  /**
   * The URL that the publisher binds for protocol 2's control socket, for
   * ZeroMQ.
   */
  readonly controlBindUrl: string;
  /** The URL that it binds for the stream, for ZeroMQ. */
  readonly streamBindUrl: string;
  /**
   * The engine with which several publishers share their table; `undefined` for
   * `none`.
   */
  readonly engine: EngineConfig | undefined;
  /** The webhook that is told about events; `undefined` for `none`. */
  readonly webhook: WebhookConfig | undefined;
  /** The URLs that healthy programs request, by role. */
  readonly heartbeats: Readonly<Record<Role, HttpTarget | undefined>>;
}

/**
 * Reads the configuration of the operator's command.
 *
 * @param files The files, `*.conf` before `*.local`.
 * @param system Facts about the host.
 * @throws {ConfigError} with every problem of every file.
 */
export function readClusterConfig(
  files: readonly ConfigFile[],
  system: SystemFacts,
): ClusterConfig {
  const { values, problems } = readConfig(files);
  if (problems.length > 0) throw new ConfigError(problems);
  const { userFolders = NO_USER_FOLDERS } = system;
  const placed = placeForUser(values, userFolders).values;
  const { general, publisher, monitor, subscriber } = placed;
  return {
    stateDir: general.statedir,
    hostName: general.hostname ?? parseHostName(system.hostname),
    publisherPidFile: publisher.pidfile,
    nodePidFiles: { monitor: monitor.pidfile, subscriber: subscriber.pidfile },
    controlBindUrl: publisher.controlbindurl,
    streamBindUrl: publisher.streambindurl,
    engine: engineOf(publisher),
    webhook: webhookOf(general),
    heartbeats: {
      publisher: publisher.heartbeaturl ?? undefined,
      monitor: monitor.heartbeaturl ?? undefined,
      subscriber: subscriber.heartbeaturl ?? undefined,
    },
  };
}

/** The ports on which the publisher serves protocol 2. */
export function protocol2Ports(
  { controlBindUrl, streamBindUrl }: ClusterConfig,
): readonly [control: number, stream: number] {
  return [
    portOf(controlBindUrl, PUBLISHER_PORTS.control),
    portOf(streamBindUrl, PUBLISHER_PORTS.stream),
  ];
}

/**
 * The settings that the publisher needs so that nodes on other hosts can reach
 * it.
 *
 * @param address The URL at which they will reach it.
 */
export function bindSettings(
  config: ClusterConfig,
  address: string,
): readonly IniSetting[] {
  if (isLoopbackUrl(address)) return [];
  const [control, stream] = protocol2Ports(config);
  return [
    ["controlbindurl", config.controlBindUrl, control] as const,
    ["streambindurl", config.streamBindUrl, stream] as const,
  ].flatMap(([key, url, port]) =>
    isLoopbackUrl(url)
      ? [{ section: "publisher", key, value: `tcp://*:${port}` }]
      : []
  );
}

function portOf(url: string, fallback: string): number {
  return endpointPort(url) ?? endpointPort(fallback) ?? 0;
}
