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
    help: "Where a detached monitor writes its process id.",
  }),
  httpbindurl: HTTP_BIND,
  heartbeaturl: HEARTBEAT_URL,
  zmqreplyserver: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.reply,
    help: "Where reports are sent: the publisher's replybindurl.",
  }),
  controlserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "none: reports go to zmqreplyserver, by protocol 1",
    help:
      "Where reports are sent by protocol 2, instead: the publisher's controlbindurl; of several publishers a list.",
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
      "How lines begin (file, syslog, sysout, journal), or who keeps them (journal-json, docker-json, container).",
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
  fail2bansocket: option({
    kind: optionalPathKind,
    default: "/var/run/fail2ban/fail2ban.sock",
    help:
      "The socket of this host's fail2ban, which is asked for ban times by protocol 2, or none.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "10m",
    help:
      "How long a ban is reported to hold, by protocol 2, where neither fail2ban's database nor its socket tells.",
  }),
  importexisting: option({
    kind: switchKind,
    default: "false",
    help:
      "Whether the very first start reports the bans that fail2ban has already.",
  }),
  ignorejails: option({
    kind: leftOutKind,
    default: "none",
    help:
      "Bans of these jails are not reported, with * for any characters; what was before is taken back.",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
} as const;
