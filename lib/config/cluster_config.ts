/**
 * The part of the configuration that the operator's command needs. It is small,
 * so that the command works before the rest of the file is right.
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

/** The operator's command's configuration. */
export interface ClusterConfig {
  /** Absolute path of the folder for state. */
  readonly stateDir: string;
  /** `undefined`: neither the file nor the system has one. */
  readonly hostName: HostName | undefined;
  /** Absolute path of the publisher's pid file. */
  readonly publisherPidFile: string;
  /** Absolute paths of the pid files of a node's programs, by role. */
  readonly nodePidFiles: {
    readonly monitor: string;
    readonly subscriber: string;
  };
  /** Where the publisher binds protocol 2, as ZeroMQ takes it. */
  readonly controlBindUrl: string;
  /** Likewise. */
  readonly streamBindUrl: string;
  /** Where several publishers share their table; `undefined` for `none`. */
  readonly engine: EngineConfig | undefined;
  /** Where others are told what happens; `undefined` for `none`. */
  readonly webhook: WebhookConfig | undefined;
  /** What programs ask for while nothing is wrong with them, by role. */
  readonly heartbeats: Readonly<Record<Role, HttpTarget | undefined>>;
}

/**
 * Reads the operator's command's configuration.
 *
 * @param files The files, `*.conf` before `*.local`.
 * @param system What is taken from the host.
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

/** The ports that the publisher binds protocol 2 to. */
export function protocol2Ports(
  { controlBindUrl, streamBindUrl }: ClusterConfig,
): readonly [control: number, stream: number] {
  return [
    portOf(controlBindUrl, PUBLISHER_PORTS.control),
    portOf(streamBindUrl, PUBLISHER_PORTS.stream),
  ];
}

/**
 * What has to be set for nodes on other hosts to reach the publisher.
 *
 * @param address The host that they will reach it at, as a URL.
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
