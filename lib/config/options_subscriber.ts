/**
 * The options of `[subscriber]`; see `options.ts`.
 *
 * @module
 */

import { option } from "./option.ts";
import {
  actionsKind,
  jailMapKind,
  leftOutKind,
  tableNameKind,
  takenKind,
} from "./cluster_kinds.ts";
import {
  banTimeKind,
  durationKind,
  endpointKind,
  optionalPathKind,
  pathKind,
  publisherUrlsKind,
  rateKind,
  socketPathKind,
  textKind,
} from "./value_kinds.ts";
import { HEARTBEAT_URL, HTTP_BIND, PUBLISHER_PORTS } from "./options_common.ts";

/** `[subscriber]`, in the order of the shipped file. */
export const SUBSCRIBER = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-subscriber.pid",
    help: "File with the process id of a subscriber in the background.",
  }),
  httpbindurl: HTTP_BIND,
  heartbeaturl: HEARTBEAT_URL,
  zmqpublisherurl: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.broadcast,
    help:
      "Where bans are received by protocol 1: the publisher's broadcasterbindurl.",
  }),
  controlserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "none: protocol 1 is used",
    help:
      "For protocol 2, in place of zmqpublisherurl: the publisher's controlbindurl; a list if there are several publishers.",
  }),
  streamserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "controlserver's host, next port",
    help:
      "For protocol 2: the publisher's streambindurl; a list in the same order if there are several.",
  }),
  zmqprefixfilter: option({
    kind: textKind,
    default: "",
    help:
      "Receive only messages that begin with this, such as a host's name and |.",
  }),
  subscriberaction: option({
    kind: actionsKind,
    default: "log",
    help:
      "Actions for a ban: log, fail2banclient, nftables, exec; none: it is only counted.",
  }),
  takejails: option({
    kind: takenKind,
    default: "*",
    help: "Jails whose bans are enforced here; bans of operators always are.",
  }),
  ignorejails: option({
    kind: leftOutKind,
    default: "none",
    help: "Jails whose bans are not enforced here.",
  }),
  takenodes: option({
    kind: takenKind,
    default: "*",
    help:
      "Nodes and lists (import:NAME) whose bans are enforced here; bans of operators always are.",
  }),
  ignorenodes: option({
    kind: leftOutKind,
    default: "none",
    help:
      "Nodes and lists (import:NAME) whose bans are not enforced here, unless another one reports the same.",
  }),
  observenodes: option({
    kind: leftOutKind,
    default: "none",
    help:
      "Nodes and lists (import:NAME) whose bans are only counted here, unless another one reports the same.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "1h",
    help:
      "Ban time of a ban that carries none; the action log leaves that to its jail.",
  }),
  resync: option({
    kind: durationKind(86_400, "1d"),
    default: "10m",
    help:
      "How often the bans in force are compared with the table and repaired.",
  }),
  maxrate: option({
    kind: rateKind,
    default: "none",
    help:
      "Most bans and unbans per second of an action, or none for no limit; the action log has no limit.",
  }),
  jailmap: option({
    kind: jailMapKind,
    default: "* = fail2bancluster",
    help:
      "For fail2banclient: the jail of this host for a ban, by the jail that reported it.",
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
      "For fail2banclient: a fail2ban-client to run if the socket can't be used, or none.",
  }),
  nfttable: option({
    kind: tableNameKind,
    default: "fail2ban_cluster",
    help: "For nftables: the name of its own table.",
  }),
  execprogram: option({
    kind: optionalPathKind,
    default: "none",
    help: "For exec: the program to run for each ban and unban.",
  }),
  exectimeout: option({
    kind: durationKind(300, "5m"),
    default: "10s",
    help: "For exec: time limit of the program.",
  }),
} as const;
