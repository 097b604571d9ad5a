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
  controlbindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.control,
    help: "Where nodes connect that speak protocol 2.",
  }),
  streambindurl: option({
    kind: endpointKind("bind"),
    default: PUBLISHER_PORTS.stream,
    help: "Where subscribers of protocol 2 connect to hear of changes.",
  }),
  httpbindurl: option({
    kind: httpBindKind,
    default: "none",
    help:
      "Where lists are read by HTTP, and this host asks /metrics, /healthz and /readyz: such as http://127.0.0.1:9680 or unix:PATH, or none.",
  }),
  pagebindurl: option({
    kind: httpBindKind,
    default: "none",
    help:
      "Where operators open the page with a browser: unix:PATH or an address of this host such as http://127.0.0.1:9683, or none.",
  }),
  pagehosts: option({
    kind: hostNamesKind,
    default: "",
    help:
      "Names under which a proxy of this host serves the page, which browsers then say.",
  }),
  pageusers: option({
    kind: pageUsersKind,
    default: "",
    help:
      "Users who need no code where that proxy has asked who they are and says it as Remote-User, over unix:PATH only: such as alice, bob:read.",
  }),
  heartbeaturl: HEARTBEAT_URL,
  engine: option({
    kind: engineKind,
    default: "none",
    help:
      "Where several publishers share one table of bans: etcd, or none for one publisher alone.",
  }),
  engineurls: option({
    kind: engineUrlsKind,
    default: "http://127.0.0.1:2379",
    help: "Where etcd's members are asked, a list; other hosts' by https only.",
  }),
  engineca: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "The authority, as PEM, that etcd's certificates are of; none: what publisher join has kept, else the system's.",
  }),
  enginelogin: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "A file of mode 0600 with USER:PASSWORD for etcd; none: what publisher join has kept, if anything.",
  }),
  engineprefix: option({
    kind: enginePrefixKind,
    default: "/fail2ban-cluster/",
    help: "What the cluster's keys in etcd begin with.",
  }),
  bantime: option({
    kind: banTimeKind,
    default: "1h",
    help:
      "How long a report of protocol 1 holds, unless it is taken back: it does not say.",
  }),
  keephistory: option({
    kind: durationKind(31_536_000, "365d"),
    default: "30d",
    help: "How long it is kept who reported what.",
  }),
  durability: option({
    kind: durabilityKind,
    default: "power",
    help:
      "What an acknowledged report survives: a loss of power, or the end of the process only.",
  }),
  quorum: option({
    kind: quorumKind,
    default: "",
    help:
      "How many nodes a ban takes within a time, by jail, such as sshd:2/10m; one is enough for others.",
  }),
  growth: option({
    kind: growthKind,
    default: "off",
    help:
      "How much longer a ban holds that comes again within a time after it ended, on any node: 1d:x4 is four times as long each time.",
  }),
  widen4: option({
    kind: widen4Kind,
    default: "off",
    help:
      "Which network is banned once so many different IPv4 addresses of it are banned in a jail, such as /24 after 5.",
  }),
  widen6: option({
    kind: widen6Kind,
    default: "/64 after 3",
    help: "The same for IPv6; by jail as sshd:/64 after 2, nginx-*:off.",
  }),
  ratelimit: option({
    kind: integerKind("EVENTS", 1, 1_000_000),
    default: "200",
    help:
      "Events that a node of protocol 2 may report in a second in the long run; 25 times as many at once.",
  }),
  breaker: option({
    kind: breakerKind,
    default: "100/10m",
    help:
      "So many refused or malformed reports within that time set a node's reports aside until it is released.",
  }),
  maxbans: option({
    kind: integerKind("BANS", 1, 1_000_000),
    default: "200000",
    help: "Reports of one node that may stand at once.",
  }),
  legacy: option({
    kind: legacyKind,
    default: undefined,
    unset: "on until there is a member (node add), off from the next start",
    help:
      "Whether protocol 1 is served, which is plain text: on, off, or readonly, which takes no reports.",
  }),
  auth: AUTH,
  authtoken: AUTH_TOKEN,
  authtokens: option({
    kind: optionalPathKind,
    default: "none",
    help:
      "A file of further tokens of protocol 1, NAME = TOKEN or NAME = TOKEN HOST, HOST... on a line, or none.",
  }),
} as const;
