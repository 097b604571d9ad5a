/**
 * The options of `[publisher]`; see `options.ts`.
 *
 * @module
 */

import { option } from "./option.ts";
import {
  breakerKind,
  durabilityKind,
  engineKind,
  enginePrefixKind,
  engineUrlsKind,
  growthKind,
  legacyKind,
  pageUsersKind,
  quorumKind,
  widen4Kind,
  widen6Kind,
} from "./cluster_kinds.ts";
import {
  banTimeKind,
  durationKind,
  endpointKind,
  hostNamesKind,
  httpBindKind,
  integerKind,
  optionalPathKind,
  pathKind,
} from "./value_kinds.ts";
import {
  AUTH,
  AUTH_TOKEN,
  HEARTBEAT_URL,
  PUBLISHER_PORTS,
} from "./options_common.ts";

/** `[publisher]`, in the order of the shipped file. */
export const PUBLISHER = {
  pidfile: option({
    kind: pathKind,
    default: "/var/run/fail2ban-publisher.pid",
    help: "File with the process id of a publisher in the background.",
  }),
  broadcasterbindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.broadcast,
    help: "Where subscribers of protocol 1 connect.",
  }),
  replybindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.reply,
    help: "Where monitors of protocol 1 connect.",
  }),
  controlbindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.control,
    help: "Where nodes of protocol 2 connect.",
  }),
  streambindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.stream,
    help: "Where subscribers of protocol 2 receive changes.",
  }),
  httpbindurl: option({
    kind: httpBindKind,
    default: "none",
    help:
      "Where lists are served by HTTP, and /metrics, /healthz and /readyz to this host: http://127.0.0.1:9680, unix:PATH, or none.",
  }),
  pagebindurl: option({
    kind: httpBindKind,
    default: "none",
    help:
      "Where the page for operators is served: unix:PATH, an address of this host such as http://127.0.0.1:9683, or none.",
  }),
  pagehosts: option({
    kind: hostNamesKind,
    default: "",
    help: "Host names under which a proxy of this host serves the page.",
  }),
  pageusers: option({
    kind: pageUsersKind,
    default: "",
    help:
      "Users whom that proxy has authenticated and names in Remote-User, over unix:PATH only, such as alice, bob:read; they need no code.",
  }),
  heartbeaturl: HEARTBEAT_URL,
  engine: option({
    kind: engineKind,
    default: "none",
    help:
      "How several publishers share one table of bans: etcd, or none for a single publisher.",
  }),
  engineurls: option({
    kind: engineUrlsKind,
    default: "http://127.0.0.1:2379",
    help: "URLs of etcd's members; those on other hosts by https only.",
  }),
  engineca: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "CA certificate of etcd, a PEM file; none: the one publisher join kept, or else the system's.",
  }),
  enginelogin: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "File of mode 0600 with USER:PASSWORD for etcd; none: what publisher join kept, if anything.",
  }),
  engineprefix: option({
    kind: enginePrefixKind,
    default: "/fail2ban-cluster/",
    help: "Prefix of the cluster's keys in etcd.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "1h",
    help:
      "How long a ban reported by protocol 1 lasts, which carries no ban time.",
  }),
  keephistory: option({
    kind: durationKind(31_536_000, "365d"),
    default: "30d",
    help: "How long the history of reports is kept.",
  }),
  durability: option({
    kind: durabilityKind,
    default: "power",
    help:
      "What an acknowledged report survives: power (a power loss) or process (only the end of the process).",
  }),
  quorum: option({
    kind: quorumKind,
    default: "",
    help:
      "Nodes that must report an address before it is banned, by jail, such as sshd:2/10m (2 within 10 minutes); 1 for other jails.",
  }),
  growth: option({
    kind: growthKind,
    default: "off",
    help:
      "Longer bans for repeat offenders: with 1d:x4 a ban within a day of the last one's end, on any node, lasts four times as long.",
  }),
  widen4: option({
    kind: widen4Kind,
    default: "off",
    help:
      "Ban a whole IPv4 network once this many of its addresses are banned in a jail, such as /24 after 5.",
  }),
  widen6: option({
    kind: widen6Kind,
    default: "/64 after 3",
    help: "The same for IPv6; by jail: sshd:/64 after 2, nginx-*:off.",
  }),
  ratelimit: option({
    kind: integerKind("EVENTS", 1, 1_000_000),
    default: "200",
    help:
      "Events per second that a node of protocol 2 may report on average, with bursts of 25 times as many.",
  }),
  breaker: option({
    kind: breakerKind,
    default: "100/10m",
    help:
      "Refused or malformed reports within a time after which a node's reports are set aside until it is released.",
  }),
  maxbans: option({
    kind: integerKind("BANS", 1, 1_000_000),
    default: "200000",
    help: "Most reports of one node that may be in effect at once.",
  }),
  legacy: option({
    kind: legacyKind,
    default: undefined,
    unset: "on until there is a member (node add), off from the next start",
    help:
      "Whether protocol 1, which is not encrypted, is served: on, off, or readonly (no reports are accepted).",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
  authtokens: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "File of further tokens of protocol 1, one per line: NAME = TOKEN or NAME = TOKEN HOST, HOST..., or none.",
  }),
} as const;
