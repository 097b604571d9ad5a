/**
 * The options: the one table behind the parser, `--help`, the README's table
 * and the shipped `fail2ban-cluster.conf`.
 *
 * @module
 */

import { rateKind, socketPathKind } from "./enforcement_option_value.ts";
import { type Option, option } from "./option.ts";
import {
  actionsKind,
  addressListKind,
  banTimeKind,
  durationKind,
  endpointKind,
  facilityKind,
  hostNameKind,
  integerKind,
  jailMapKind,
  logFormatKind,
  logTargetKind,
  optionalPathKind,
  pathKind,
  severityKind,
  switchKind,
  tableNameKind,
  textKind,
  tokenKind,
} from "./option_value.ts";

export type { Option, OptionValue } from "./option.ts";

/** A program of the cluster that has a section of its own. */
export type Role = "monitor" | "publisher" | "subscriber";

/** A section of the configuration file. */
export type SectionName = "general" | Role;

/** The token that the shipped file has. It must not leave the machine. */
export const SHIPPED_TOKEN = "CHANGE_ME";

const PUBLISHER_PORTS = {
  reply: "tcp://127.0.0.1:5678",
  broadcast: "tcp://127.0.0.1:5680",
} as const;

const AUTH = option({
  kind: switchKind,
  default: "true",
  help: "Whether reports carry the token and those without it are refused.",
});

const AUTH_TOKEN = option({
  kind: tokenKind,
  default: undefined,
  unset: "none: auth = true needs one",
  help:
    "The secret that monitors and publisher share; it travels in the clear.",
  isSecret: true,
  shipped: SHIPPED_TOKEN,
});

const GENERAL = {
  logtarget: option({
    kind: logTargetKind,
    default: undefined,
    unset: "STDERR in the foreground, SYSLOG when detached",
    help: "Where the program's own log goes: SYSLOG, STDERR or a file.",
  }),
  loglevel: option({
    kind: severityKind,
    default: "INFO",
    help:
      "The least that is logged: CRITICAL, ERROR, WARNING, NOTICE, INFO or DEBUG.",
  }),
  syslogfacility: option({
    kind: facilityKind,
    default: "AUTH",
    help: "The facility of what goes to syslog.",
  }),
  statedir: option({
    kind: pathKind,
    default: "/var/lib/fail2ban-cluster",
    help: "The folder for what has to outlive the program.",
  }),
  hostname: option({
    kind: hostNameKind,
    default: undefined,
    unset: "the system's host name",
    help: "This node's name in the cluster.",
  }),
  minprefix4: option({
    kind: integerKind("BITS", 1, 32),
    default: "24",
    help: "The widest IPv4 prefix that may be banned, in bits.",
  }),
  minprefix6: option({
    kind: integerKind("BITS", 1, 128),
    default: "48",
    help: "The widest IPv6 prefix that may be banned, in bits.",
  }),
  ignoreip: option({
    kind: addressListKind,
    default: "",
    help:
      "Who is never banned: addresses, prefixes and host names, between spaces, commas or lines.",
  }),
  members: option({
    kind: addressListKind,
    default: "",
    help:
      "The cluster's own hosts, never banned either: the other nodes, and the publisher unless a URL here leads to it.",
  }),
  allowprivate: option({
    kind: switchKind,
    default: "false",
    help:
      "Whether private addresses may be banned: 10/8, 172.16/12, 192.168/16, 100.64/10 and fc00::/7.",
  }),
} as const;

const MONITOR = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-monitor.pid",
    help: "Where a detached monitor writes its process id.",
  }),
  zmqreplyserver: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.reply,
    help: "Where reports are sent: the publisher's replybindurl.",
  }),
  fail2banlogpath: option({
    kind: pathKind,
    default: "/var/log/fail2ban.log",
    help: "The log of this host's fail2ban.",
  }),
  logformat: option({
    kind: logFormatKind,
    default: "file",
    help:
      "What fail2ban's lines begin with: as in a file, syslog, sysout or journal.",
  }),
  fail2bandb: option({
    kind: optionalPathKind,
    default: "/var/lib/fail2ban/fail2ban.sqlite3",
    help: "fail2ban's database, which tells an unban from a restart, or none.",
  }),
  unbanhold: option({
    kind: durationKind(3600, "1h"),
    default: "30s",
    help:
      "How long an unban waits for signs of a restart when the database can't be asked; in seconds, or with a unit.",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
} as const;

const PUBLISHER = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-publisher.pid",
    help: "Where a detached publisher writes its process id.",
  }),
  broadcasterbindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.broadcast,
    help: "Where subscribers connect to hear of bans.",
  }),
  replybindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.reply,
    help: "Where monitors connect to report bans.",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
} as const;

const SUBSCRIBER = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-subscriber.pid",
    help: "Where a detached subscriber writes its process id.",
  }),
  zmqpublisherurl: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.broadcast,
    help: "Where bans are heard from: the publisher's broadcasterbindurl.",
  }),
  zmqprefixfilter: option({
    kind: textKind,
    default: "",
    help:
      "Only messages that begin with this are asked for: a host's name and |, say.",
  }),
  subscriberaction: option({
    kind: actionsKind,
    default: "log",
    help: "What is done about a ban: log, fail2banclient, nftables, exec.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "1h",
    help:
      "How long a ban holds here, unless it is lifted; log leaves that to its jail.",
  }),
  resync: option({
    kind: durationKind(86_400, "1d"),
    default: "10m",
    help:
      "How often what should be in force is compared with what is, and repaired.",
  }),
  maxrate: option({
    kind: rateKind,
    default: "none",
    help:
      "How many bans and unbans an action carries out in a second at most, or none for no limit; log has none.",
  }),
  jailmap: option({
    kind: jailMapKind,
    default: "* = fail2bancluster",
    help:
      "For fail2banclient: in which jail of this host a ban goes, by the jail that decided.",
  }),
  fail2bansocket: option({
    kind: socketPathKind,
    default: "/var/run/fail2ban/fail2ban.sock",
    help: "For fail2banclient: the socket of this host's fail2ban.",
  }),
  fail2banprogram: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "For fail2banclient: a fail2ban-client to be run where the socket can't be spoken to.",
  }),
  nfttable: option({
    kind: tableNameKind,
    default: "fail2ban_cluster",
    help: "For nftables: the table of its own.",
  }),
  execprogram: option({
    kind: optionalPathKind,
    default: "none",
    help: "For exec: the program that is run for each ban and each unban.",
  }),
  exectimeout: option({
    kind: durationKind(300, "5m"),
    default: "10s",
    help: "For exec: how long the program may take.",
  }),
} as const;

/** Every option, by section and key, in the order of the shipped file. */
export const OPTIONS = {
  general: GENERAL,
  monitor: MONITOR,
  publisher: PUBLISHER,
  subscriber: SUBSCRIBER,
} as const satisfies Record<SectionName, Record<string, Option<unknown>>>;

/** An option with its place. */
export interface ListedOption {
  readonly section: SectionName;
  readonly key: string;
  readonly option: Option<unknown>;
}

/**
 * Lists options in the table's order.
 *
 * @param sections Which sections' options; all when none is named.
 */
export function listOptions(
  ...sections: readonly SectionName[]
): readonly ListedOption[] {
  const all: readonly SectionName[] = [
    "general",
    "monitor",
    "publisher",
    "subscriber",
  ];
  return (sections.length === 0 ? all : sections).flatMap((section) =>
    Object.entries<Option<unknown>>(OPTIONS[section]).map(([key, option]) => ({
      section,
      key,
      option,
    }))
  );
}
