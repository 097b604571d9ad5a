/**
 * The rooms of `lib/` and what each may import: the one source of the lint
 * rule, of the test of the import graph, and of the table in ARCHITECTURE.md.
 *
 * @module
 */

import { markdownTable } from "../lib/config/markdown_table.ts";

/** A folder of `lib/`. */
export interface Room {
  /** Its name, as in `lib/<name>/`. */
  readonly name: string;
  /** Its content, as one line in ARCHITECTURE.md's table. */
  readonly holds: string;
  /** Other rooms that its files may import, each listed earlier. */
  readonly mayImport: readonly string[];
}

/**
 * From the lowest to the highest: a room imports only rooms listed before it.
 */
export const ROOMS: readonly Room[] = [
  {
    name: "async",
    holds: "clocks, conditions, task groups, queues, back-off",
    mayImport: [],
  },
  {
    name: "base",
    holds: "addresses, jails, host names, durations, ids, errors, JSON forms",
    mayImport: [],
  },
  {
    name: "rows",
    holds:
      "tables of numbers: rows by key, by end, in sets; names and addresses as numbers",
    mayImport: ["base"],
  },
  {
    name: "lists",
    holds: "lists of addresses that others publish: text -> entries",
    mayImport: ["base"],
  },
  {
    name: "log",
    holds: "our own log: records, throttle, line queue, syslog",
    mayImport: ["async", "base"],
  },
  {
    name: "zmq",
    holds: "ZeroMQ sockets, CURVE keys, ZAP: all that knows zeromq.js",
    mayImport: ["async", "base", "log"],
  },
  {
    name: "members",
    holds: "who may join, with which rights and limits; join codes",
    mayImport: ["base", "log", "zmq"],
  },
  {
    name: "front",
    holds:
      "the publisher's public ports: limits for each peer, bytes passed on to ZeroMQ",
    mayImport: ["async", "base", "log", "members"],
  },
  {
    name: "http",
    holds: "HTTP: addresses to listen on, requests, answers, credentials",
    mayImport: ["base"],
  },
  {
    name: "ban",
    holds: "the domain: bans, the rules that decide, the table, the hub",
    mayImport: ["async", "base", "rows", "log", "members"],
  },
  {
    name: "choice",
    holds: "what a receiver takes of what the cluster bans",
    mayImport: ["base"],
  },
  {
    name: "protection",
    holds: "who is never banned: policy, allowlist, the host's own addresses",
    mayImport: ["async", "base", "log", "members"],
  },
  {
    name: "widen",
    holds: "networks that are banned for the addresses in them",
    mayImport: ["async", "base", "log", "ban", "protection"],
  },
  {
    name: "wire",
    holds: "protocol 1, protocol 2, the operator's requests: bytes and values",
    mayImport: ["base", "ban", "choice", "members", "zmq"],
  },
  {
    name: "service",
    holds: "pid file, status, systemd, signals, state folder",
    mayImport: ["async", "base", "log"],
  },
  {
    name: "tail",
    holds: "follows a log file through its rotations",
    mayImport: ["async", "base", "log"],
  },
  {
    name: "fail2ban",
    holds: "fail2ban's log lines, socket, pickles, database",
    mayImport: ["async", "base", "log", "protection"],
  },
  {
    name: "engine",
    holds: "several publishers with one table: a shared log, who is active",
    mayImport: ["async", "base", "log", "members", "ban"],
  },
  {
    name: "sqlite",
    holds:
      "SQLite's files: found, locked, migrated, and what is wrong with them",
    mayImport: ["base"],
  },
  {
    name: "store",
    holds: "SQLite: the publisher's store and a subscriber's copy",
    mayImport: ["base", "members", "ban", "sqlite"],
  },
  {
    name: "client",
    holds: "a node's side of the control socket",
    mayImport: ["async", "base", "log", "members", "protection", "wire", "zmq"],
  },
  {
    name: "enforce",
    holds: "from wanted bans to nftables, fail2ban, a script; the ledger",
    mayImport: ["async", "base", "log", "ban", "fail2ban", "protection"],
  },
  {
    name: "nftables",
    holds: "bans as elements of sets: scripts, listings, changes by others",
    mayImport: ["async", "base", "log", "enforce"],
  },
  {
    name: "imports",
    holds: "lists that operators import: judged as a whole, made bans in steps",
    mayImport: ["async", "base", "log", "members", "ban", "protection", "wire"],
  },
  {
    name: "operators",
    holds: "answers operators: status, bans, why, tail, ban, unban, test",
    mayImport: [
      "async",
      "base",
      "rows",
      "log",
      "members",
      "ban",
      "choice",
      "protection",
      "wire",
      "imports",
    ],
  },
  {
    name: "presence",
    holds: "who is alive: what is known of each node's programs",
    mayImport: ["async", "base", "log", "members", "wire"],
  },
  {
    name: "publisher",
    holds: "serves nodes and operators; owns the table",
    mayImport: [
      "async",
      "base",
      "log",
      "zmq",
      "members",
      "front",
      "ban",
      "choice",
      "protection",
      "widen",
      "wire",
      "service",
      "operators",
      "presence",
    ],
  },
  {
    name: "monitor",
    holds: "from fail2ban's log to acknowledged reports",
    mayImport: [
      "async",
      "base",
      "log",
      "zmq",
      "ban",
      "protection",
      "wire",
      "tail",
      "fail2ban",
      "client",
      "enforce",
    ],
  },
  {
    name: "subscriber",
    holds: "the copy of the table, and what it hands to the actions",
    mayImport: [
      "async",
      "base",
      "log",
      "zmq",
      "ban",
      "choice",
      "wire",
      "service",
      "client",
      "enforce",
    ],
  },
  {
    name: "metrics",
    holds: "metrics and health of a program, for monitoring systems",
    mayImport: [
      "async",
      "base",
      "members",
      "ban",
      "http",
      "wire",
      "enforce",
      "operators",
      "monitor",
    ],
  },
  {
    name: "notify",
    holds: "sends a program's state to other hosts: heartbeat and webhook",
    mayImport: ["async", "base", "log", "http", "wire", "metrics"],
  },
  {
    name: "views",
    holds: "what an operator is shown: tables, JSON, CSV, lists",
    mayImport: ["base", "lists", "members", "choice", "wire", "service"],
  },
  {
    name: "exports",
    holds: "lists of bans that others fetch: what is in them, for whom",
    mayImport: ["async", "base", "log", "ban", "http", "views"],
  },
  {
    name: "page",
    holds: "the operator's page: who gets in, what may be asked, what goes on",
    mayImport: ["async", "base", "members", "http", "wire"],
  },
  {
    name: "config",
    holds: "INI text, options, rules, typed configuration",
    mayImport: [
      "base",
      "log",
      "members",
      "ban",
      "choice",
      "protection",
      "widen",
      "fail2ban",
      "nftables",
      "http",
      "exports",
      "notify",
    ],
  },
  {
    name: "diagnosis",
    holds: "what is wrong with a host, and the fix; bug reports",
    mayImport: [
      "base",
      "log",
      "http",
      "wire",
      "service",
      "engine",
      "fail2ban",
      "client",
      "notify",
      "views",
    ],
  },
  {
    name: "cli",
    holds: "both command lines, the operator's commands",
    // service: the operator's commands use its line socket.
    mayImport: [
      "base",
      "log",
      "members",
      "wire",
      "service",
      "engine",
      "config",
      "views",
      "lists",
    ],
  },
];

/** The room of a name, if there is one. */
export function roomNamed(name: string): Room | undefined {
  return ROOMS.find((room) => room.name === name);
}

/** The table for ARCHITECTURE.md, in Markdown as `deno fmt` leaves it. */
export function roomTable(): string {
  return markdownTable([
    ["room", "holds", "may import"],
    ...ROOMS.map(({ name, holds, mayImport }) => [
      `\`${name}\``,
      holds,
      mayImport.join(" ") || "nothing",
    ]),
  ]);
}
