/**
 * Kinds of values that are specific to this cluster, such as logs, actions and
 * rules.
 *
 * @module
 */

import type { Durability } from "../ban/ban_store.ts";
import { parseQuorumRules, type QuorumRules } from "../ban/quorum_rules.ts";
import { type GrowthRules, parseGrowthRules } from "../ban/growth_rules.ts";
import { parseWidenRules, type WidenRules } from "../widen/widen_rules.ts";
import { type JailMap, parseJailMap } from "../base/jail_map.ts";
import { parsePatternList } from "../choice/pattern_list.ts";
import { type PageUser, parsePageUsers } from "../members/page_user.ts";
import { type NftTable, parseNftTable } from "../nftables/nft_names.ts";
import { LOG_FORMATS, type LogFormat } from "../fail2ban/log_format.ts";
import { SEVERITIES, type Severity } from "../log/log.ts";
import {
  SYSLOG_FACILITIES,
  type SyslogFacility,
} from "../log/syslog_facility.ts";
import type { BreakerLimit } from "../members/breaker.ts";
import { parseBreakerLimit } from "../members/breaker_limit.ts";
import type { LegacyMode } from "./legacy.ts";
import { TOLD_KINDS, type ToldKind } from "../notify/told_event.ts";
import { isAbsolutePath, type ValueKind, wordKind } from "./value_kinds.ts";

/** The destination of a program's own log. */
export type LogTarget =
  | { readonly kind: "stderr" }
  | { readonly kind: "syslog" }
  | { readonly kind: "file"; readonly path: string };

/** A word of `subscriberaction`. */
export type SubscriberAction = typeof SUBSCRIBER_ACTIONS[number];

/** Every {@link SubscriberAction}. */
export const SUBSCRIBER_ACTIONS = [
  "log",
  "fail2banclient",
  "nftables",
  "exec",
] as const;

/** The users whom a proxy of the page may authenticate. */
export const pageUsersKind: ValueKind<readonly PageUser[]> = {
  placeholder: "NAME[:read]...",
  expected:
    "names of users, each once, with :read where nothing may be changed",
  read: parsePageUsers,
};

/** fail2ban's names for log targets. */
export const logTargetKind: ValueKind<LogTarget> = {
  placeholder: "TARGET",
  expected: "SYSLOG, STDERR or the absolute path of a file",
  read: (text) => {
    const word = text.toUpperCase();
    if (word === "STDERR") return { kind: "stderr" };
    if (word === "SYSLOG") return { kind: "syslog" };
    return isAbsolutePath(text) ? { kind: "file", path: text } : undefined;
  },
};

/** fail2ban's names for log levels. */
export const severityKind: ValueKind<Severity> = wordKind("LEVEL", SEVERITIES);

/** A syslog facility. */
export const facilityKind: ValueKind<SyslogFacility> = wordKind(
  "FACILITY",
  SYSLOG_FACILITIES,
);

/** The kind of log to which fail2ban writes, which shapes the lines. */
export const logFormatKind: ValueKind<LogFormat> = wordKind(
  "FORMAT",
  LOG_FORMATS,
);

/** A list of actions; `none` is read as an empty list. */
export const actionsKind: ValueKind<readonly SubscriberAction[]> = {
  placeholder: "ACTION...",
  expected: `none, or a list, without repeats, of: ${
    SUBSCRIBER_ACTIONS.join(", ")
  }`,
  read: (text) => {
    if (text.trim() === "none") return [];
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const actions = words.flatMap((word) =>
      SUBSCRIBER_ACTIONS.find((known) => known === word) ?? []
    );
    return words.length > 0 && new Set(actions).size === words.length
      ? actions
      : undefined;
  },
};

/** The names to take: patterns, `*` for all. */
export const takenKind: ValueKind<readonly string[]> = {
  placeholder: "PATTERN...",
  expected: "names, in which * is any characters, such as sshd nginx-*",
  read: (text) => {
    const patterns = parsePatternList(text);
    return patterns?.length === 0 ? undefined : patterns;
  },
};

/** The names to leave out or only observe: patterns, or `none`. */
export const leftOutKind: ValueKind<readonly string[]> = {
  placeholder: "PATTERN...|none",
  expected:
    "none, or names, in which * is any characters, such as sshd nginx-*",
  read: parsePatternList,
};

/** The events for a webhook; `all` is read as the list of all. */
export const toldEventsKind: ValueKind<readonly ToldKind[]> = {
  placeholder: "EVENT...|all",
  expected: `all, or a list, without repeats, of: ${TOLD_KINDS.join(", ")}`,
  read: (text) => {
    if (text.trim() === "all") return TOLD_KINDS;
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const kinds = words.flatMap((word) =>
      TOLD_KINDS.find((kind) => kind === word) ?? []
    );
    return words.length > 0 && new Set(kinds).size === words.length
      ? kinds
      : undefined;
  },
};

/** The jails of this host in which bans are enforced. */
export const jailMapKind: ValueKind<JailMap> = {
  placeholder: "PATTERN = JAIL",
  expected: "rules such as sshd = sshd or nginx-* = web, one a line",
  read: parseJailMap,
};

/** The name of an nftables table. */
export const tableNameKind: ValueKind<NftTable> = {
  placeholder: "NAME",
  expected: "fail2ban_ and 1 to 32 small letters, digits and _",
  read: parseNftTable,
};

/** The shared secret, which precedes the first `|` of a message. */
export const tokenKind: ValueKind<string> = {
  placeholder: "TOKEN",
  expected: "1 to 256 printable ASCII characters, none of them |",
  read: (text) => /^[ -{}~]{1,256}$/.test(text) ? text : undefined,
};

/** The durability of a store. */
export const durabilityKind: ValueKind<Durability> = wordKind("WORD", [
  "power",
  "process",
]);

/** The engine with which several publishers share one table. */
export const engineKind: ValueKind<"none" | "etcd"> = wordKind("WORD", [
  "none",
  "etcd",
]);

/**
 * URLs of etcd's members. They receive a password, so they are encrypted or on
 * this host.
 */
export const engineUrlsKind: ValueKind<readonly string[]> = {
  placeholder: "URL...",
  expected:
    "URLs such as https://hub2:2379, or http://127.0.0.1:2379 for this host only",
  read: (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const urls = words.flatMap((word) => engineUrl(word) ?? []);
    const isGood = urls.length === words.length && words.length > 0 &&
      new Set(urls).size === urls.length;
    return isGood ? urls : undefined;
  },
};

/** The prefix of all keys of a cluster in etcd. */
export const enginePrefixKind: ValueKind<string> = {
  placeholder: "PREFIX",
  expected: "/NAME/, of letters, digits, -, _, . and /, 100 at most",
  read: (text) => /^\/[A-Za-z0-9/._-]{1,98}\/$/.test(text) ? text : undefined,
};

function engineUrl(word: string): string | undefined {
  const url = URL.parse(word);
  if (url === null || url.origin === "null") return undefined;
  const isLocal = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  const isSafe = url.protocol === "https:" ||
    url.protocol === "http:" && isLocal;
  const isBare = url.pathname === "/" && url.search === "" &&
    url.hash === "" && url.username === "" && url.password === "";
  return isSafe && isBare ? url.origin : undefined;
}

/** Whether protocol 1 is served, wholly or read-only. */
export const legacyKind: ValueKind<LegacyMode> = wordKind("WORD", [
  "on",
  "off",
  "readonly",
]);

/** How many bad reports within a time set a node aside. */
export const breakerKind: ValueKind<BreakerLimit> = {
  placeholder: "COUNT/DURATION",
  expected: "a number and a duration of 1s to 1d, such as 100/10m",
  read: parseBreakerLimit,
};

/** The number of nodes that must report a ban. */
export const quorumKind: ValueKind<QuorumRules> = {
  placeholder: "PATTERN:NODES/DURATION",
  expected: "rules such as sshd:2/10m or nginx-*:3/1h, one a line",
  read: parseQuorumRules,
};

/** How recurring bans are lengthened. */
export const growthKind: ValueKind<GrowthRules> = {
  placeholder: "WITHIN:xFACTOR/LONGEST",
  expected: "rules such as 1d:x4, sshd:12h:x2/1w or nginx-*:off, one a line",
  read: parseGrowthRules,
};

/** When an IPv4 network is banned because of its addresses. */
export const widen4Kind: ValueKind<WidenRules> = {
  placeholder: "/BITS after COUNT",
  expected: "rules such as /24 after 5, sshd:/28 or nginx-*:off, one a line",
  read: (text) => parseWidenRules(text, "IPv4"),
};

/** When an IPv6 network is banned because of its addresses. */
export const widen6Kind: ValueKind<WidenRules> = {
  placeholder: "/BITS after COUNT",
  expected: "rules such as /64 after 3, sshd:/56 or nginx-*:off, one a line",
  read: (text) => parseWidenRules(text, "IPv6"),
};
