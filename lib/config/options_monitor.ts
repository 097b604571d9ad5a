/**
 * The options of `[monitor]`; see `options.ts`.
 *
 * @module
 */

import { option } from "./option.ts";
import { leftOutKind, logFormatKind } from "./cluster_kinds.ts";
import {
  banTimeKind,
  durationKind,
  endpointKind,
  optionalPathKind,
  pathKind,
  publisherUrlsKind,
  switchKind,
} from "./value_kinds.ts";
import {
  AUTH,
  AUTH_TOKEN,
  HEARTBEAT_URL,
  HTTP_BIND,
  PUBLISHER_PORTS,
} from "./options_common.ts";

/** `[monitor]`, in the order of the shipped file. */
export const MONITOR = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-monitor.pid",
    help: "File with the process id of a monitor in the background.",
  }),
  httpbindurl: HTTP_BIND,
  heartbeaturl: HEARTBEAT_URL,
  zmqreplyserver: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.reply,
    help: "Where reports are sent by protocol 1: the publisher's replybindurl.",
  }),
  controlserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "none: reports go to zmqreplyserver, by protocol 1",
    help:
      "Where reports are sent by protocol 2: the publisher's controlbindurl; a list if there are several publishers.",
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
      "Format of that log: file, syslog, sysout, journal, journal-json, docker-json or container.",
  }),
  fail2bandb: option({
    kind: optionalPathKind,
    default: "/var/lib/fail2ban/fail2ban.sqlite3",
    help: "fail2ban's database, used to tell an unban from a restart, or none.",
  }),
  unbanhold: option({
    kind: durationKind(3600, "1h"),
    default: "30s",
    help:
      "How long to hold an unban that may be a restart when the database can't be read; in seconds, or with a unit.",
  }),
  fail2bansocket: option({
    kind: optionalPathKind,
    default: "/var/run/fail2ban/fail2ban.sock",
    help:
      "Socket of this host's fail2ban, queried for ban times by protocol 2, or none.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "10m",
    help:
      "Ban time reported by protocol 2 if neither fail2ban's database nor its socket has it.",
  }),
  importexisting: option({
    kind: switchKind,
    default: "false",
    help: "Whether the first start reports the bans that fail2ban already has.",
  }),
  ignorejails: option({
    kind: leftOutKind,
    default: "none",
    help:
      "Jails whose bans are not reported, and are taken back if they were; * stands for any characters.",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
} as const;
