/**
 * Builds one role's configuration from the values of the options, in the types
 * and units of the programs.
 *
 * @module
 */

import { type AddressList, parseListEntry } from "../base/address_list.ts";
import type { OptionValues } from "./config_reader.ts";
import { type EngineConfig, engineOf } from "./engine_config.ts";
import { pathOf } from "./value_kinds.ts";
import {
  endpointHost,
  isLoopbackUrl,
  nextPortUrl,
} from "../base/endpoint_url.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailMap } from "../base/jail_map.ts";
import type { NodeLimits } from "../members/node_limits.ts";
import type { LegacyMode } from "./legacy.ts";
import type { PageUser } from "../members/page_user.ts";
import type { NftTable } from "../nftables/nft_names.ts";
import type { Durability } from "../ban/ban_store.ts";
import {
  onlyObserving,
  type ReceiverChoice,
} from "../choice/receiver_choice.ts";
import type { LogTarget, SubscriberAction } from "./cluster_kinds.ts";
import type { HttpBind } from "../http/http_bind.ts";
import type { HttpTarget } from "../http/http_target.ts";
import type { ToldKind } from "../notify/told_event.ts";
import type { ListRules } from "../exports/list_rules.ts";
import type { LogFormat } from "../fail2ban/log_format.ts";
import type { SyslogFacility } from "../log/syslog_facility.ts";
import type { Role } from "./options.ts";
import type { Severity } from "../log/log.ts";
import type { GrowthRules } from "../ban/growth_rules.ts";
import type { QuorumRules } from "../ban/quorum_rules.ts";
import type { WidenFamily, WidenRules } from "../widen/widen_rules.ts";

/** `[general]`, for every role. */
export interface GeneralConfig {
  /** `undefined`: stderr in the foreground, syslog when detached. */
  readonly logTarget: LogTarget | undefined;
  /** The lowest severity that is logged. */
  readonly logLevel: Severity;
  readonly syslogFacility: SyslogFacility;
  /** Absolute path of the folder for state that outlives the process. */
  readonly stateDir: string;
  /** This node's name. */
  readonly hostName: HostName;
  /** The widest IPv4 prefix that is accepted, in bits. */
  readonly minPrefix4Bits: number;
  /** The widest IPv6 prefix that is accepted, in bits. */
  readonly minPrefix6Bits: number;
  /** The addresses that are never banned. */
  readonly ignoreIp: AddressList;
  /** The cluster's own hosts, including the publishers in the file's URLs. */
  readonly members: AddressList;
  /** Whether private addresses may be banned. */
  readonly allowPrivate: boolean;
  /** Whether the publisher's operators may make this host's fail2ban unban. */
  readonly localUnban: boolean;
  /** The webhook that is told about events; `undefined` for `none`. */
  readonly webhook: WebhookConfig | undefined;
}

/** A webhook that is told about events. */
export interface WebhookConfig {
  readonly target: HttpTarget;
  /** The events. */
  readonly kinds: readonly ToldKind[];
  /** Whether they show addresses. */
  readonly showsAddresses: boolean;
}

/** The monitor's configuration. */
export interface MonitorConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** The address that serves metrics; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** The URL to request while all is well; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The publisher's `replybindurl`, for ZeroMQ. */
  readonly replyServerUrl: string;
  /** Each publisher's `controlbindurl`, for ZeroMQ; `undefined`: protocol 1. */
  readonly controlServerUrls: readonly string[] | undefined;
  /** Absolute path of fail2ban's log. */
  readonly logPath: string;
  readonly logFormat: LogFormat;
  /** Absolute path of fail2ban's database; `undefined` for `none`. */
  readonly databasePath: string | undefined;
  /** How long an unban is held back to see whether fail2ban restarts. */
  readonly unbanHoldMs: number;
  /** Absolute path of fail2ban's socket; `undefined` for `none`. */
  readonly fail2banSocket: string | undefined;
  /** Ban time of jails whose own is unknown; `Infinity`: permanent. */
  readonly banTimeMs: number;
  /** Whether the first start reports existing bans. */
  readonly importExisting: boolean;
  /** Patterns of jails that are not reported. */
  readonly ignoreJails: readonly string[];
  /** The shared token; `undefined` when `auth` is off. */
  readonly token: string | undefined;
}

/** The publisher's configuration. */
export interface PublisherConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** The URL to which subscribers connect, for ZeroMQ. */
  readonly broadcasterBindUrl: string;
  /** The URL to which monitors connect, for ZeroMQ. */
  readonly replyBindUrl: string;
  /** The URL to which nodes of protocol 2 connect, for ZeroMQ. */
  readonly controlBindUrl: string;
  /** The URL to which subscribers of protocol 2 connect, for ZeroMQ. */
  readonly streamBindUrl: string;
  /** The address that serves lists and metrics; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** The URL to request while all is well; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The lists that are served there. */
  readonly lists: readonly ListRules[];
  /** The address that serves the page; `undefined` for `none`. */
  readonly pageBind: HttpBind | undefined;
  /** Names of the page besides this host's, in lower case. */
  readonly pageHosts: readonly HostName[];
  /** The users whom a proxy may authenticate; none: no proxy is trusted. */
  readonly pageUsers: readonly PageUser[];
  /** Duration of protocol 1's reports; `Infinity`: until withdrawn. */
  readonly banTimeMs: number;
  /** Retention time of the history of bans. */
  readonly keepHistoryMs: number;
  readonly durability: Durability;
  /** The engine that several publishers share; `undefined`: only this one. */
  readonly engine: EngineConfig | undefined;
  /** Number of nodes that must report a ban before it counts. */
  readonly quorum: QuorumRules;
  /** How recurring bans are lengthened. */
  readonly growth: GrowthRules;
  /** When networks are banned because of their addresses. */
  readonly widening: Readonly<Record<WidenFamily, WidenRules>>;
  /** Limits for a node of protocol 2. */
  readonly limits: NodeLimits;
  /** Whether protocol 1 is served; `undefined`: it depends on the members. */
  readonly legacy: LegacyMode | undefined;
  /** The shared token; `undefined` if `auth` is off or all tokens are named. */
  readonly token: string | undefined;
  /** Absolute path of the named tokens; `undefined` for `none` or no `auth`. */
  readonly tokensPath: string | undefined;
}

/** The URLs of a publisher, for ZeroMQ. */
export interface Protocol2Urls {
  readonly controlUrl: string;
  readonly streamUrl: string;
}

/** The subscriber's configuration. */
export interface SubscriberConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** The address that serves metrics; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** The URL to request while all is well; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The publisher's `broadcasterbindurl`, for ZeroMQ. */
  readonly publisherUrl: string;
  /** The URLs of each publisher; `undefined`: protocol 1. */
  readonly protocol2: readonly Protocol2Urls[] | undefined;
  /** The prefix of the messages to subscribe to; empty for all. */
  readonly prefixFilter: string;
  /** The actions on a ban, in order, without repeats; none: only observe. */
  readonly actions: readonly SubscriberAction[];
  /** Which of the cluster's bans are taken, and which are only observed. */
  readonly choice: ReceiverChoice;
  /** Duration of a ban here; `Infinity`: until it is lifted. */
  readonly banTimeMs: number;
  /** Interval between comparisons of the bans in force with the wanted ones. */
  readonly resyncEveryMs: number;
  /** Maximum rate of bans and unbans of an action; `Infinity`: no limit. */
  readonly maxPerSecond: number;
  /** The jail of this host that enforces a ban. */
  readonly jailMap: JailMap;
  /** Absolute path of the socket of this host's fail2ban. */
  readonly fail2banSocket: string;
  /**
   * Absolute path of a fail2ban-client to use instead; `undefined` for `none`.
   */
  readonly fail2banProgram: string | undefined;
  /** The nftables table. */
  readonly nftTable: NftTable;
  /** Absolute path of the `exec` program; `undefined` for `none`. */
  readonly execProgram: string | undefined;
  /** Timeout of that program. */
  readonly execTimeoutMs: number;
}

/** The configuration of each role. */
export interface RoleConfigs {
  readonly monitor: MonitorConfig;
  readonly publisher: PublisherConfig;
  readonly subscriber: SubscriberConfig;
}

const BUILDERS: {
  readonly [R in Role]: (
    values: OptionValues,
    general: GeneralConfig,
    lists: readonly ListRules[],
  ) => RoleConfigs[R];
} = {
  monitor: buildMonitor,
  publisher: buildPublisher,
  subscriber: buildSubscriber,
};

/**
 * Builds a role's configuration.
 *
 * @param role The role.
 * @param values The valid values of all options.
 * @param hostName This node's name.
 * @param lists The publisher's lists.
 */
export function buildConfig<R extends Role>(
  role: R,
  values: OptionValues,
  hostName: HostName,
  lists: readonly ListRules[] = [],
): RoleConfigs[R] {
  return BUILDERS[role](values, buildGeneral(values, hostName), lists);
}

function buildGeneral(
  { general, monitor, subscriber }: OptionValues,
  hostName: HostName,
): GeneralConfig {
  const urls = [
    monitor.zmqreplyserver,
    subscriber.zmqpublisherurl,
    ...monitor.controlserver ?? [],
    ...subscriber.controlserver ?? [],
  ];
  return {
    logTarget: general.logtarget,
    logLevel: general.loglevel,
    syslogFacility: general.syslogfacility,
    stateDir: general.statedir,
    hostName,
    minPrefix4Bits: general.minprefix4,
    minPrefix6Bits: general.minprefix6,
    ignoreIp: general.ignoreip,
    members: [...general.members, ...publishers(urls)],
    allowPrivate: general.allowprivate,
    localUnban: general.localunban,
    webhook: webhookOf(general),
  };
}

/** Without a URL the other options have no effect. */
export function webhookOf(
  { webhookurl, webhookevents, webhookaddresses }: OptionValues["general"],
): WebhookConfig | undefined {
  return webhookurl === null ? undefined : {
    target: webhookurl,
    kinds: webhookevents,
    showsAddresses: webhookaddresses,
  };
}

function buildMonitor(
  { monitor }: OptionValues,
  general: GeneralConfig,
): MonitorConfig {
  return {
    general,
    pidFile: monitor.pidfile,
    httpBind: monitor.httpbindurl ?? undefined,
    heartbeat: monitor.heartbeaturl ?? undefined,
    replyServerUrl: monitor.zmqreplyserver,
    controlServerUrls: monitor.controlserver,
    logPath: monitor.fail2banlogpath,
    logFormat: monitor.logformat,
    databasePath: pathOf(monitor.fail2bandb),
    unbanHoldMs: monitor.unbanhold * 1000,
    fail2banSocket: pathOf(monitor.fail2bansocket),
    banTimeMs: monitor.bantime * 1000,
    importExisting: monitor.importexisting,
    ignoreJails: monitor.ignorejails,
    token: monitor.auth ? monitor.authtoken : undefined,
  };
}

function buildPublisher(
  { publisher }: OptionValues,
  general: GeneralConfig,
  lists: readonly ListRules[],
): PublisherConfig {
  return {
    general,
    pidFile: publisher.pidfile,
    broadcasterBindUrl: publisher.broadcasterbindurl,
    replyBindUrl: publisher.replybindurl,
    controlBindUrl: publisher.controlbindurl,
    streamBindUrl: publisher.streambindurl,
    httpBind: publisher.httpbindurl ?? undefined,
    heartbeat: publisher.heartbeaturl ?? undefined,
    lists,
    pageBind: publisher.pagebindurl ?? undefined,
    pageHosts: publisher.pagehosts,
    pageUsers: publisher.pageusers,
    banTimeMs: publisher.bantime * 1000,
    keepHistoryMs: publisher.keephistory * 1000,
    durability: publisher.durability,
    engine: engineOf(publisher),
    quorum: publisher.quorum,
    growth: publisher.growth,
    widening: { IPv4: publisher.widen4, IPv6: publisher.widen6 },
    limits: {
      maxPerSecond: publisher.ratelimit,
      breaker: publisher.breaker,
      maxReports: publisher.maxbans,
    },
    legacy: publisher.legacy,
    token: publisher.auth ? publisher.authtoken : undefined,
    tokensPath: publisher.auth ? pathOf(publisher.authtokens) : undefined,
  };
}

function buildSubscriber(
  { subscriber }: OptionValues,
  general: GeneralConfig,
): SubscriberConfig {
  return {
    general,
    pidFile: subscriber.pidfile,
    httpBind: subscriber.httpbindurl ?? undefined,
    heartbeat: subscriber.heartbeaturl ?? undefined,
    publisherUrl: subscriber.zmqpublisherurl,
    protocol2: protocol2Urls(subscriber),
    prefixFilter: subscriber.zmqprefixfilter,
    actions: subscriber.subscriberaction,
    choice: choiceOf(subscriber),
    banTimeMs: subscriber.bantime * 1000,
    resyncEveryMs: subscriber.resync * 1000,
    maxPerSecond: subscriber.maxrate,
    jailMap: subscriber.jailmap,
    fail2banSocket: subscriber.fail2bansocket,
    fail2banProgram: pathOf(subscriber.fail2banprogram),
    nftTable: subscriber.nfttable,
    execProgram: pathOf(subscriber.execprogram),
    execTimeoutMs: subscriber.exectimeout * 1000,
  };
}

/** Without an action the subscriber can only observe. */
function choiceOf(
  { subscriberaction, ...values }: OptionValues["subscriber"],
): ReceiverChoice {
  const choice = {
    takeJails: values.takejails,
    ignoreJails: values.ignorejails,
    takeNodes: values.takenodes,
    ignoreNodes: values.ignorenodes,
    observeNodes: values.observenodes,
  };
  return subscriberaction.length === 0 ? onlyObserving(choice) : choice;
}

/** The rules ensure that each control URL has a stream URL. */
function protocol2Urls(
  { controlserver, streamserver }: OptionValues["subscriber"],
): readonly Protocol2Urls[] | undefined {
  return controlserver?.flatMap((controlUrl, at) => {
    const streamUrl = streamserver?.[at] ?? nextPortUrl(controlUrl);
    return streamUrl === undefined ? [] : [{ controlUrl, streamUrl }];
  });
}

/** The hosts of the URLs, without this one. */
function publishers(urls: readonly string[]): AddressList {
  const hosts = urls.filter((url) => !isLoopbackUrl(url)).map(endpointHost);
  return [...new Set(hosts)].flatMap((host) =>
    host === undefined ? [] : parseListEntry(host) ?? []
  );
}
