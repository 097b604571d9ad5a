/**
 * The verbs of the operator's command, `fail2ban-cluster`: one table for the
 * parser and the help text.
 *
 * @module
 */

import { LIST_FORMATS } from "../lists/list_formats.ts";
import { EXPORT_FORMATS } from "../views/export_formats.ts";
import { PAGE_VERBS, PUBLISHER_VERBS } from "./extra_verbs.ts";

/** An option of a verb. */
export interface VerbOption {
  /** Placeholder of its value in the help text; `undefined`: it takes none. */
  readonly value?: string;
  /** Its possible values, for completions; absent: they can't be listed. */
  readonly choices?: readonly string[];
  readonly help: string;
}

/** A verb. */
export interface VerbUsage {
  /** Its operands in the help text, as in `NAME...`; empty: none. */
  readonly operands: string;
  /** Allowed number of operands. */
  readonly count: readonly [min: number, max: number];
  readonly about: string;
  readonly options: Readonly<Record<string, VerbOption>>;
}

const JSON_OPTION = {
  json: { help: "print JSON" },
} as const;

const JSON_LINES_OPTION = {
  json: { help: "print one JSON object per line (docs/schemas)" },
} as const;

const LIST_OPTIONS = {
  ...JSON_LINES_OPTION,
  csv: { help: "print CSV" },
} as const;

/** Options that select bans, also in live events. */
const SUBJECT_FILTERS = {
  jail: { value: "JAIL", help: "only bans of this jail" },
  node: { value: "NAME", help: "only bans that this node reported" },
  address: {
    value: "ADDRESS",
    help: "only bans of this address, or of a network around it",
  },
  in: { value: "NETWORK", help: "only bans of this network, or inside it" },
} as const;

/** Options that select bans. */
const BAN_FILTERS = {
  ...SUBJECT_FILTERS,
  since: {
    value: "TIME",
    help: "only bans first reported within this time, such as 2h",
  },
  "not-enforced": { help: "only bans that some node does not enforce" },
} as const;

const ONE = [1, 1] as const;
const NONE = [0, 0] as const;

/** The verbs by their words. */
export const CLUSTER_VERBS = {
  "status": {
    operands: "",
    count: NONE,
    about: "show the state of the cluster; on a node, of its programs",
    options: JSON_LINES_OPTION,
  },
  "doctor": {
    operands: "",
    count: NONE,
    about: "find what is wrong with this host, and how to fix it",
    options: JSON_LINES_OPTION,
  },
  "report": {
    operands: "",
    count: NONE,
    about: "print what a bug report needs, without secrets and names",
    options: {
      addresses: { help: "show addresses instead of hashing them" },
    },
  },
  "init": {
    operands: "",
    count: NONE,
    about: "make the publisher's keys; never overwrites any",
    options: {
      address: {
        value: "HOST",
        help: "address or name at which nodes reach this host [127.0.0.1]",
      },
    },
  },
  "join": {
    operands: "[NAME] CODE",
    count: [1, 2],
    about:
      "make this host the node NAME of the join code; - reads both from standard input",
    options: {},
  },
  "node add": {
    operands: "NAME...",
    count: [1, 100],
    about: "add nodes, and print NAME and join code of each, one per line",
    options: {
      roles: {
        value: "ROLES",
        choices: ["monitor", "subscriber"],
        help: "monitor, subscriber, or both separated by a comma [both]",
      },
      jails: {
        value: "GLOBS",
        help: "jails whose bans it may report, separated by commas [*]",
      },
      unban: { help: "its unbans also lift bans that other nodes reported" },
      rate: {
        value: "N",
        help:
          "events per second that it may report [the publisher's ratelimit]",
      },
      address: {
        value: "HOST",
        help: "address or name at which they reach the publisher [init's]",
      },
    },
  },
  "node list": {
    operands: "",
    count: NONE,
    about: "show the state of each node, and what to do about it",
    options: JSON_LINES_OPTION,
  },
  "nodes": {
    operands: "",
    count: NONE,
    about: "same as node list",
    options: JSON_LINES_OPTION,
  },
  "node show": {
    operands: "NAME",
    count: ONE,
    about: "show everything known about a node",
    options: JSON_OPTION,
  },
  "node revoke": {
    operands: "NAME",
    count: ONE,
    about: "remove a node from the cluster; it is cut off within seconds",
    options: {},
  },
  "node rotate": {
    operands: "NAME",
    count: ONE,
    about: "print a new join code for a node; its old keys become invalid",
    options: {
      address: {
        value: "HOST",
        help: "address or name at which it reaches the publisher [init's]",
      },
    },
  },
  "node readdress": {
    operands: "HOST",
    count: ONE,
    about:
      "announce the publisher's next address; nodes move there once it stops answering here",
    options: {
      node: { value: "NAME", help: "only this node [all, also later ones]" },
    },
  },
  "node withdraw": {
    operands: "NAME",
    count: ONE,
    about:
      "take back the reports of a node; bans that others reported too stay",
    options: {
      since: {
        value: "TIME",
        help: "only reports within this time, such as 2h [all]",
      },
    },
  },
  "node release": {
    operands: "NAME",
    count: ONE,
    about: "accept reports again from a node that was set aside",
    options: {},
  },
  "bans": {
    operands: "",
    count: NONE,
    about: "list the cluster's bans, newest first",
    options: {
      ...BAN_FILTERS,
      sort: {
        value: "BY",
        // The same as BAN_SORTS, which would load the wire for help and version.
        choices: ["since", "ends", "address", "jail"],
        help: "since, ends, address or jail [since; with --all unsorted]",
      },
      limit: { value: "N", help: "at most this many, up to 10000 [50]" },
      all: { help: "all of them, unsorted; with --sort at most 10000" },
      ...LIST_OPTIONS,
    },
  },
  "export": {
    operands: "",
    count: NONE,
    about: "print the bans in a format for other programs",
    options: {
      format: {
        value: "FORMAT",
        choices: EXPORT_FORMATS,
        help:
          "plain, csv, json, nft, ipset, mikrotik, haproxy, nginx-geo or pf [plain]",
      },
      aggregate: { help: "merge addresses into as few networks as possible" },
      "min-left": {
        value: "TIME",
        help: "only bans that last at least this long, such as 1h",
      },
      ...BAN_FILTERS,
    },
  },
  "import": {
    operands: "[FILE]",
    count: [0, 1],
    about:
      "ban the entries of a list; importing the same name again replaces them; - reads standard input",
    options: {
      name: { value: "NAME", help: "name of the import, such as drop" },
      for: {
        value: "TIME",
        help:
          "how long it lasts unless it is imported again, such as 36h; -1: for ever",
      },
      widest: {
        value: "N",
        help: "widest IPv4 prefix that is accepted [minprefix4]",
      },
      widest6: {
        value: "N",
        help: "widest IPv6 prefix that is accepted [minprefix6]",
      },
      format: {
        value: "FORMAT",
        choices: LIST_FORMATS,
        help:
          "plain, netset, csv, abuseipdb, crowdsec, fail2ban or csf [detected]",
      },
      tolerate: {
        value: "N",
        help:
          "skip up to this many entries that must not be banned; refuse the whole list if there are more [10]",
      },
      max: { value: "N", help: "most entries that are accepted [200000]" },
      remove: {
        value: "NAME",
        help: "take back all bans of this import, and forget it",
      },
      ...JSON_OPTION,
    },
  },
  "imports": {
    operands: "",
    count: NONE,
    about: "show the imported lists, and until when they last",
    options: LIST_OPTIONS,
  },
  "why": {
    operands: "ADDRESS",
    count: ONE,
    about:
      "show who banned an address, which nodes enforce it, and its history",
    options: JSON_OPTION,
  },
  "ban": {
    operands: "ADDRESS",
    count: ONE,
    about: "ban an address or a prefix on all nodes, at once",
    options: {
      for: { value: "TIME", help: "duration, such as 7d; -1: for ever [1d]" },
      reason: { value: "TEXT", help: "reason, for the audit" },
      force: { help: "allow a private address or a wide prefix" },
      ...JSON_OPTION,
    },
  },
  "unban": {
    operands: "[ADDRESS]",
    count: [0, 1],
    about: "lift bans, whoever made them; only a new detection bans again",
    options: {
      node: { value: "NAME", help: "bans that this node reported" },
      jail: { value: "JAIL", help: "bans of this jail" },
      all: { help: "all bans" },
      local: { help: "also unban in the fail2bans that reported it" },
      yes: { help: "do not ask for confirmation" },
      ...JSON_OPTION,
    },
  },
  "tail": {
    operands: "",
    count: NONE,
    about: "show events as they happen, until interrupted",
    options: { ...SUBJECT_FILTERS, ...JSON_LINES_OPTION },
  },
  "test": {
    operands: "",
    count: NONE,
    about: "test whether a ban would reach all nodes, without banning anybody",
    options: {
      node: { value: "NAME", help: "only on this node" },
      address: {
        value: "ADDRESS",
        help: "address to test with [192.0.2.1]",
      },
      "with-firewall": {
        help: "have each node really ban it for 5 s, check, and lift it",
      },
      ...JSON_OPTION,
    },
  },
  "notify test": {
    operands: "",
    count: NONE,
    about:
      "call this host's heartbeaturl and webhookurl once, and show the answers",
    options: {},
  },
  "audit": {
    operands: "",
    count: NONE,
    about: "show who did what and when, the latest entries",
    options: {
      max: { value: "N", help: "at most this many entries, up to 1000 [50]" },
      ...JSON_OPTION,
    },
  },
  "backup": {
    operands: "DIR",
    count: ONE,
    about:
      "copy bans, keys and members to a new folder; the publisher may be running",
    options: {},
  },
  "restore": {
    operands: "[DIR]",
    count: [0, 1],
    about: "restore a backup; the publisher must not be running",
    options: {
      from: {
        value: "FILE",
        help:
          "take the bans from a subscriber's replica.sqlite3 [from the backup]",
      },
    },
  },
  "allow add": {
    operands: "NETWORK",
    count: ONE,
    about: "never ban this address or prefix, and lift its bans",
    options: {
      for: { value: "TIME", help: "duration, such as 7d [until removed]" },
      note: { value: "TEXT", help: "reason" },
      force: { help: "allow a network wider than /8, or than /7 of IPv6" },
    },
  },
  "allow remove": {
    operands: "NETWORK",
    count: ONE,
    about: "let it be banned again",
    options: {},
  },
  "allow list": {
    operands: "",
    count: NONE,
    about: "list what must not be banned",
    options: JSON_OPTION,
  },
  "allow check": {
    operands: "NETWORK",
    count: ONE,
    about: "show whether it may be banned, and which entry forbids it",
    options: {},
  },
  ...PUBLISHER_VERBS,
  ...PAGE_VERBS,
} as const satisfies Readonly<Record<string, VerbUsage>>;

/** A valid verb. */
export type ClusterVerb = keyof typeof CLUSTER_VERBS;
