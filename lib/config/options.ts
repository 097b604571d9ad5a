/**
 * The one table of options for the parser, `--help`, CONFIGURATION.md and the
 * shipped `fail2ban-cluster.conf`.
 *
 * @module
 */

import { type Option, option } from "./option.ts";
import { LIST, LIST_SECTION } from "./options_list.ts";
import { MONITOR } from "./options_monitor.ts";
import { PUBLISHER } from "./options_publisher.ts";
import { SUBSCRIBER } from "./options_subscriber.ts";
import {
  facilityKind,
  logTargetKind,
  severityKind,
  toldEventsKind,
} from "./cluster_kinds.ts";
import { WEBHOOK_URL } from "./options_common.ts";
import {
  addressListKind,
  hostNameKind,
  integerKind,
  pathKind,
  switchKind,
} from "./value_kinds.ts";

export type { Option, OptionValue } from "./option.ts";

/** A program of the cluster with its own section. */
export type Role = "monitor" | "publisher" | "subscriber";

/** A section of the configuration file. */
export type SectionName = "general" | Role;

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
      "Least severe level that is logged: CRITICAL, ERROR, WARNING, NOTICE, INFO or DEBUG.",
  }),
  syslogfacility: option({
    kind: facilityKind,
    default: "AUTH",
    help: "Facility of messages sent to syslog.",
  }),
  statedir: option({
    kind: pathKind,
    default: "/var/lib/fail2ban-cluster",
    help: "Folder for everything that has to survive a restart.",
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
      "Addresses, prefixes and host names that are never banned, separated by spaces, commas or lines.",
  }),
  members: option({
    kind: addressListKind,
    default: "",
    help:
      "The cluster's own hosts, never banned either: the other nodes, and the publisher unless a URL here names it.",
  }),
  allowprivate: option({
    kind: switchKind,
    default: "false",
    help:
      "Whether private addresses may be banned: 10/8, 172.16/12, 192.168/16, 100.64/10 and fc00::/7.",
  }),
  webhookurl: WEBHOOK_URL,
  webhookevents: option({
    kind: toldEventsKind,
    default: "all",
    help:
      "Events sent to webhookurl: started, fault, recovered, node_silent, node_back, set_aside, released, not_enforced, enforced, operator, or all.",
  }),
  webhookaddresses: option({
    kind: switchKind,
    default: "false",
    help: "Whether events sent to webhookurl contain addresses.",
  }),
  localunban: option({
    kind: switchKind,
    default: "false",
    help:
      "Whether operators may lift bans of this host's own fail2ban with unban --local.",
  }),
} as const;

/** Every option, by section and key, in the order of the shipped file. */
export const OPTIONS = {
  general: GENERAL,
  monitor: MONITOR,
  publisher: PUBLISHER,
  subscriber: SUBSCRIBER,
} as const satisfies Record<SectionName, Record<string, Option<unknown>>>;

/** An option with its section and key. */
export interface ListedOption<S extends string = SectionName> {
  readonly section: S;
  readonly key: string;
  readonly option: Option<unknown>;
}

/**
 * Lists options in the order of the table.
 *
 * @param sections The sections; all if none is given.
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

/**
 * The options of a list's section, in the order of the table.
 *
 * @param name The list's name, or `NAME` for any list.
 */
export function optionsOfList(
  name: string,
): readonly ListedOption<string>[] {
  return Object.entries<Option<unknown>>(LIST).map(([key, option]) => ({
    section: `${LIST_SECTION}${name}`,
    key,
    option,
  }));
}
