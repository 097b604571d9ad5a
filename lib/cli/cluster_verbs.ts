/**
 * The verbs of the operator's command, `fail2ban-cluster`: one table behind the
 * parser and the help text.
 *
 * @module
 */

import { LIST_FORMATS } from "../lists/list_formats.ts";
import { EXPORT_FORMATS } from "../views/export_formats.ts";
import { PAGE_VERBS, PUBLISHER_VERBS } from "./extra_verbs.ts";
import type { BanSort } from "../wire/operator_bans.ts";

/** An option of a verb. */
export interface VerbOption {
  /** Placeholder of its value in the help text; `undefined`: it takes none. */
  readonly value?: string;
  /** What its value may be, for completions; left out: what can't be listed. */
  readonly choices?: readonly string[];
  readonly help: string;
}

/** A verb. */
export interface VerbUsage {
  /** Its operands in the help text, as in `NAME...`; empty: none. */
  readonly operands: string;
  /** How many of these there may be. */
  readonly count: readonly [min: number, max: number];
  readonly about: string;
  readonly options: Readonly<Record<string, VerbOption>>;
}

const JSON_OPTION = {
  json: { help: "print JSON" },
} as const;

const JSON_LINES_OPTION = {
  json: { help: "print an object a line, as docs/schemas says" },
} as const;

const LIST_OPTIONS = {
  ...JSON_LINES_OPTION,
  csv: { help: "print CSV" },
} as const;

/** Which bans, also in what happens. */
const SUBJECT_FILTERS = {
  jail: { value: "JAIL", help: "of this jail" },
  node: { value: "NAME", help: "that this node reported" },
  address: { value: "ADDRESS", help: "of this address, or around it" },
  in: { value: "NETWORK", help: "of this network, or in it" },
} as const;

/** Which bans. */
const BAN_FILTERS = {
  ...SUBJECT_FILTERS,
  since: { value: "TIME", help: "reported first within it, as in 2h" },
  "not-enforced": { help: "that some node has not in force" },
} as const;

/** The wire's `BAN_SORTS`; a line that asks for help or the version loads nothing of the wire. */
const SORTS = [
  "since",
  "ends",
  "address",
  "jail",
] as const satisfies readonly BanSort[];

const ONE = [1, 1] as const;
const NONE = [0, 0] as const;

/** By word or words. */
export const CLUSTER_VERBS = {
  "status": {
    operands: "",
    count: NONE,
    about: "how the whole cluster is; on a node, how its programs are",
    options: JSON_LINES_OPTION,
  },
  "doctor": {
    operands: "",
    count: NONE,
    about: "what is wrong with this host, each fault with its fix",
    options: JSON_LINES_OPTION,
  },
  "report": {
    operands: "",
    count: NONE,
    about: "print all that a bug report takes, without secrets and names",
    options: {
      addresses: { help: "show addresses instead of hashing them" },
    },
  },
  "init": {
    operands: "",
    count: NONE,
    about:
      "make the publisher's keys, on its host; nothing is ever overwritten",
    options: {
      address: {
        value: "HOST",
        help: "where nodes reach this host: an address or a name [127.0.0.1]",
      },
    },
  },
  "join": {
    operands: "[NAME] CODE",
    count: [1, 2],
    about:
      "make this host the node that the code is for, and that NAME says; - reads both from standard input",
    options: {},
  },
  "node add": {
    operands: "NAME...",
    count: [1, 100],
    about:
      "make members, and print a line for each: NAME CODE, which it joins with",
    options: {
      roles: {
        value: "ROLES",
        choices: ["monitor", "subscriber"],
        help: "monitor, subscriber, or both with a comma between [both]",
      },
      jails: {
        value: "GLOBS",
        help: "of which jails it may report, with commas between [*]",
      },
      unban: { help: "its unbans lift what others reported, too" },
      rate: {
        value: "N",
        help:
          "events in a second that it may report [the publisher's ratelimit]",
      },
      address: {
        value: "HOST",
        help: "where these nodes reach the publisher [as init was told]",
      },
    },
  },
  "node list": {
    operands: "",
    count: NONE,
    about: "how each node is, and what to do about it",
    options: JSON_LINES_OPTION,
  },
  "nodes": {
    operands: "",
    count: NONE,
    about: "the same as node list",
    options: JSON_LINES_OPTION,
  },
  "node show": {
    operands: "NAME",
    count: ONE,
    about: "all that is known of a member",
    options: JSON_OPTION,
  },
  "node revoke": {
    operands: "NAME",
    count: ONE,
    about: "make it no member: its connections end within seconds",
    options: {},
  },
  "node rotate": {
    operands: "NAME",
    count: ONE,
    about:
      "print a new join code for it; what it has is worthless from then on",
    options: {
      address: {
        value: "HOST",
        help: "where it reaches the publisher [as init was told]",
      },
    },
  },
  "node readdress": {
    operands: "HOST",
    count: ONE,
    about:
      "tell nodes where the publisher will be: they go there once nobody answers here",
    options: {
      node: { value: "NAME", help: "this one only [all, and who comes later]" },
    },
  },
  "node withdraw": {
    operands: "NAME",
    count: ONE,
    about: "take back all that it reported; what others reported too stands",
    options: {
      since: { value: "TIME", help: "what it said within it, as in 2h [ever]" },
    },
  },
  "node release": {
    operands: "NAME",
    count: ONE,
    about: "take its reports again, which were set aside",
    options: {},
  },
  "bans": {
    operands: "",
    count: NONE,
    about: "the bans of the cluster, the newest first",
    options: {
      ...BAN_FILTERS,
      sort: {
        value: "BY",
        choices: SORTS,
        help: "since, ends, address or jail [since; with --all none]",
      },
      limit: { value: "N", help: "so many at most, up to 10000 [50]" },
      all: { help: "all, as they come; in an order 10000 at most" },
      ...LIST_OPTIONS,
    },
  },
  "export": {
    operands: "",
    count: NONE,
    about: "what is banned, for another program to read",
    options: {
      format: {
        value: "FORMAT",
        choices: EXPORT_FORMATS,
        help:
          "plain, csv, json, nft, ipset, mikrotik, haproxy, nginx-geo or pf [plain]",
      },
      aggregate: { help: "as few networks as have the same addresses" },
      "min-left": {
        value: "TIME",
        help: "only what holds for so long, as in 1h",
      },
      ...BAN_FILTERS,
    },
  },
  "import": {
    operands: "[FILE]",
    count: [0, 1],
    about:
      "ban what a list names, under a name: the same name again replaces it; - reads standard input",
    options: {
      name: { value: "NAME", help: "the import's, as in drop" },
      for: {
        value: "TIME",
        help:
          "how long it holds without being imported again, as in 36h; -1 for ever",
      },
      widest: {
        value: "N",
        help: "the widest prefix that it may name [minprefix4]",
      },
      widest6: { value: "N", help: "the same of IPv6 [minprefix6]" },
      format: {
        value: "FORMAT",
        choices: LIST_FORMATS,
        help:
          "plain, netset, csv, abuseipdb, crowdsec, fail2ban or csf [seen by looking]",
      },
      tolerate: {
        value: "N",
        help:
          "entries that nobody may ban and that are left out; with more the list is refused whole [10]",
      },
      max: { value: "N", help: "entries that it may have [200000]" },
      remove: {
        value: "NAME",
        help: "take all bans of this import back, and forget it",
      },
      ...JSON_OPTION,
    },
  },
  "imports": {
    operands: "",
    count: NONE,
    about: "the lists that were imported, and until when they hold",
    options: LIST_OPTIONS,
  },
  "why": {
    operands: "ADDRESS",
    count: ONE,
    about: "who banned an address, who has it in force, and what was before",
    options: JSON_OPTION,
  },
  "ban": {
    operands: "ADDRESS",
    count: ONE,
    about: "ban an address or a prefix in the whole cluster, at once",
    options: {
      for: { value: "TIME", help: "for so long, as in 7d; -1 for ever [1d]" },
      reason: { value: "TEXT", help: "why, for the audit" },
      force: { help: "also a private address, and a wide prefix" },
      ...JSON_OPTION,
    },
  },
  "unban": {
    operands: "[ADDRESS]",
    count: [0, 1],
    about: "lift what anybody banned; only a later detection brings it back",
    options: {
      node: { value: "NAME", help: "what this node reported" },
      jail: { value: "JAIL", help: "in this jail" },
      all: { help: "everything" },
      local: { help: "ask the fail2bans that reported it to unban, too" },
      yes: { help: "do not ask" },
      ...JSON_OPTION,
    },
  },
  "tail": {
    operands: "",
    count: NONE,
    about: "what happens, as it happens, until it is interrupted",
    options: { ...SUBJECT_FILTERS, ...JSON_LINES_OPTION },
  },
  "test": {
    operands: "",
    count: NONE,
    about: "whether a ban would arrive everywhere; nobody is banned",
    options: {
      node: { value: "NAME", help: "on this node only" },
      address: {
        value: "ADDRESS",
        help: "whether one of this address would [192.0.2.1]",
      },
      "with-firewall": {
        help: "each node bans it for 5 s, looks, and lifts it again",
      },
      ...JSON_OPTION,
    },
  },
  "notify test": {
    operands: "",
    count: NONE,
    about:
      "ask for this host's heartbeaturl and tell its webhookurl once, and say what came back",
    options: {},
  },
  "audit": {
    operands: "",
    count: NONE,
    about: "who did what and when, the last of it",
    options: {
      max: { value: "N", help: "so many entries at most, up to 1000 [50]" },
      ...JSON_OPTION,
    },
  },
  "backup": {
    operands: "DIR",
    count: ONE,
    about:
      "copy the bans, the keys and the members to a new folder, also while the publisher runs",
    options: {},
  },
  "restore": {
    operands: "[DIR]",
    count: [0, 1],
    about: "put a backup back, on a host whose publisher does not run",
    options: {
      from: {
        value: "FILE",
        help:
          "take the bans of a subscriber's copy, replica.sqlite3 [the backup's]",
      },
    },
  },
  "allow add": {
    operands: "NETWORK",
    count: ONE,
    about:
      "an address or a prefix that nobody may ban; standing bans of it end",
    options: {
      for: {
        value: "TIME",
        help: "for so long, as in 7d [until it is removed]",
      },
      note: { value: "TEXT", help: "why" },
    },
  },
  "allow remove": {
    operands: "NETWORK",
    count: ONE,
    about: "it may be banned again",
    options: {},
  },
  "allow list": {
    operands: "",
    count: NONE,
    about: "whom nobody may ban",
    options: JSON_OPTION,
  },
  "allow check": {
    operands: "NETWORK",
    count: ONE,
    about: "whether somebody may ban it, and which entry forbids it",
    options: {},
  },
  ...PUBLISHER_VERBS,
  ...PAGE_VERBS,
} as const satisfies Readonly<Record<string, VerbUsage>>;

/** A verb that may be typed. */
export type ClusterVerb = keyof typeof CLUSTER_VERBS;
