/**
 * The values of the options -> one role's configuration, in the types and
 * units of the programs.
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
  /** Who is never banned. */
  readonly ignoreIp: AddressList;
  /** The cluster's own hosts, those among them that the file's URLs lead to. */
  readonly members: AddressList;
  /** Whether private addresses may be banned. */
  readonly allowPrivate: boolean;
  /** Whether operators of the publisher may have this host's own fail2ban unban. */
  readonly localUnban: boolean;
  /** Where others are told what happens; `undefined` for `none`. */
  readonly webhook: WebhookConfig | undefined;
}

/** Where others are told what happens. */
export interface WebhookConfig {
  readonly target: HttpTarget;
  /** What they are told of. */
  readonly kinds: readonly ToldKind[];
  /** Whether addresses are left in what they are told. */
  readonly showsAddresses: boolean;
}

/** The monitor's configuration. */
export interface MonitorConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** Where metrics are read; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** What is asked for while nothing is wrong; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The publisher's `replybindurl`, as ZeroMQ takes it. */
  readonly replyServerUrl: string;
  /** The `controlbindurl` of the publisher, or of each of several, as ZeroMQ takes it; `undefined`: protocol 1 is spoken. */
  readonly controlServerUrls: readonly string[] | undefined;
  /** Absolute path of fail2ban's log. */
  readonly logPath: string;
  readonly logFormat: LogFormat;
  /** Absolute path of fail2ban's database; `undefined` for `none`. */
  readonly databasePath: string | undefined;
  /** Time that an unban is held back, to see whether fail2ban restarts. */
  readonly unbanHoldMs: number;
  /** Absolute path of fail2ban's socket; `undefined` for `none`. */
  readonly fail2banSocket: string | undefined;
  /** Ban time of jails whose own is not known; `Infinity`: permanent. */
  readonly banTimeMs: number;
  /** Whether the first start reports the bans that are there. */
  readonly importExisting: boolean;
  /** Patterns of jails of which nothing is reported. */
  readonly ignoreJails: readonly string[];
  /** The shared token; `undefined` when `auth` is off. */
  readonly token: string | undefined;
}

/** The publisher's configuration. */
export interface PublisherConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** Where subscribers connect, as ZeroMQ takes it. */
  readonly broadcasterBindUrl: string;
  /** Where monitors connect, as ZeroMQ takes it. */
  readonly replyBindUrl: string;
  /** Where nodes of protocol 2 connect, likewise. */
  readonly controlBindUrl: string;
  /** Where subscribers of protocol 2 connect, likewise. */
  readonly streamBindUrl: string;
  /** Where lists and metrics are read; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** What is asked for while nothing is wrong; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The lists that are read there. */
  readonly lists: readonly ListRules[];
  /** Where the page is opened; `undefined` for `none`. */
  readonly pageBind: HttpBind | undefined;
  /** Names of the page besides those of this host, in lower case. */
  readonly pageHosts: readonly HostName[];
  /** Who may use it by the word of a proxy; none: no proxy is believed. */
  readonly pageUsers: readonly PageUser[];
  /** How long a report of protocol 1 holds; `Infinity`: until it is taken back. */
  readonly banTimeMs: number;
  /** Retention time of the history of bans. */
  readonly keepHistoryMs: number;
  readonly durability: Durability;
  /** Where several publishers share one table; `undefined`: this one is alone. */
  readonly engine: EngineConfig | undefined;
  /** Number of nodes that must report a ban before it counts. */
  readonly quorum: QuorumRules;
  /** How much longer bans hold that come again. */
  readonly growth: GrowthRules;
  /** When networks are banned for their addresses. */
  readonly widening: Readonly<Record<WidenFamily, WidenRules>>;
  /** Limits of a node of protocol 2. */
  readonly limits: NodeLimits;
  /** How far protocol 1 is served; `undefined`: it depends on whether there are members. */
  readonly legacy: LegacyMode | undefined;
  /** The shared token; `undefined` when `auth` is off, or there are named ones only. */
  readonly token: string | undefined;
  /** Absolute path of the file of named tokens; `undefined` for `none`, and when `auth` is off. */
  readonly tokensPath: string | undefined;
}

/** Where the publisher is, as ZeroMQ takes it. */
export interface Protocol2Urls {
  readonly controlUrl: string;
  readonly streamUrl: string;
}

/** The subscriber's configuration. */
export interface SubscriberConfig {
  readonly general: GeneralConfig;
  /** Absolute path. */
  readonly pidFile: string;
  /** Where metrics are read; `undefined` for `none`. */
  readonly httpBind: HttpBind | undefined;
  /** What is asked for while nothing is wrong; `undefined` for `none`. */
  readonly heartbeat: HttpTarget | undefined;
  /** The publisher's `broadcasterbindurl`, as ZeroMQ takes it. */
  readonly publisherUrl: string;
  /** For protocol 2, of the publisher or of each of several; `undefined`: protocol 1 is spoken. */
  readonly protocol2: readonly Protocol2Urls[] | undefined;
  /** The messages to ask for begin with this; empty for all. */
  readonly prefixFilter: string;
  /** The actions on a ban, in order, each once; none: every ban is only observed. */
  readonly actions: readonly SubscriberAction[];
  /** What is taken of the cluster's bans, and what is only observed. */
  readonly choice: ReceiverChoice;
  /** How long a ban holds here; `Infinity`: until it is lifted. */
  readonly banTimeMs: number;
  /** Interval between comparisons of the bans in force with the wanted ones. */
  readonly resyncEveryMs: number;
  /** Most bans and unbans of an action in a second; `Infinity`: no limit. */
  readonly maxPerSecond: number;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** Absolute path of the socket of this host's fail2ban. */
  readonly fail2banSocket: string;
  /** Absolute path of a fail2ban-client to be used instead; `undefined` for `none`. */
  readonly fail2banProgram: string | undefined;
  /** The table of nftables. */
  readonly nftTable: NftTable;
  /** Absolute path of the program of `exec`; `undefined` for `none`. */
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
 * @param role Whose.
 * @param values The values of all options, without problems.
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

/** Where there is no URL the rest says nothing. */
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

/** Without an action there is nothing that could be done. */
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

/** Rules see to it that there is a stream wherever there is a control socket. */
function protocol2Urls(
  { controlserver, streamserver }: OptionValues["subscriber"],
): readonly Protocol2Urls[] | undefined {
  return controlserver?.flatMap((controlUrl, at) => {
    const streamUrl = streamserver?.[at] ?? nextPortUrl(controlUrl);
    return streamUrl === undefined ? [] : [{ controlUrl, streamUrl }];
  });
}

/** The hosts that connections lead to, without this one. */
function publishers(urls: readonly string[]): AddressList {
  const hosts = urls.filter((url) => !isLoopbackUrl(url)).map(endpointHost);
  return [...new Set(hosts)].flatMap((host) =>
    host === undefined ? [] : parseListEntry(host) ?? []
  );
}
