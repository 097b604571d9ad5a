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
    help: "Where a detached subscriber writes its process id.",
  }),
  httpbindurl: HTTP_BIND,
  heartbeaturl: HEARTBEAT_URL,
  zmqpublisherurl: option({
    kind: endpointKind("connect"),
    default: PUBLISHER_PORTS.broadcast,
    help: "Where bans are heard from: the publisher's broadcasterbindurl.",
  }),
  controlserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "none: protocol 1 is spoken",
    help:
      "For protocol 2: the publisher's controlbindurl, of several publishers a list. zmqpublisherurl is not used then.",
  }),
  streamserver: option({
    kind: publisherUrlsKind,
    default: undefined,
    unset: "controlserver's host, one port up",
    help:
      "For protocol 2: the publisher's streambindurl; of several a list in the same order.",
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
    help:
      "What is done about a ban: log, fail2banclient, nftables, exec; none: it is only counted.",
  }),
  takejails: option({
    kind: takenKind,
    default: "*",
    help: "Only bans of these jails are taken, and what operators ban.",
  }),
  ignorejails: option({
    kind: leftOutKind,
    default: "none",
    help: "Bans of these jails are left out here.",
  }),
  takenodes: option({
    kind: takenKind,
    default: "*",
    help:
      "Only what these nodes and lists (import:NAME) report is taken, and what operators ban.",
  }),
  ignorenodes: option({
    kind: leftOutKind,
    default: "none",
    help:
      "What these nodes and lists (import:NAME) report is left out here; others may report the same.",
  }),
  observenodes: option({
    kind: leftOutKind,
    default: "none",
    help:
      "What these nodes and lists (import:NAME) report is only counted, unless another reports the same.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "1h",
    help:
      "How long a ban holds here of which nobody says how long; log leaves that to its jail.",
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
