/**
 * Maps the jail of a report to the jail of this host that enforces its bans.
 *
 * ```abnf
 * map     = rule *((LF / ",") rule)
 * rule    = pattern *WSP "=" *WSP jail
 * pattern = 1*64(jail-char / "*")       ; "*" stands for any characters
 * jail    = <as in jail_name.ts>
 * ```
 *
 * The first rule whose pattern matches the reported jail applies.
 *
 * @module
 */

import { CLUSTER_JAIL, type JailName, parseJailName } from "./jail_name.ts";
import { matchesName } from "./name_patterns.ts";

/** One rule: bans of reported jails that match go to this jail. */
export interface JailRule {
  /** As written, with `*`. */
  readonly pattern: string;
  /** A jail of this host. */
  readonly jail: JailName;
}

/** The rules, in order. */
export type JailMap = readonly JailRule[];

const PATTERN = /^[A-Za-z0-9_.@:+*-]{1,64}$/;
const MAX_RULES = 1_000;

/**
 * Reads a map.
 *
 * @param text The rules, one a line or separated by commas.
 * @returns The map, or `undefined` when a rule is invalid.
 *
 * @example
 * ```ts
 * import { localJail, parseJailMap } from "./jail_map.ts";
 * import { parseJailName } from "./jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const map = parseJailMap("sshd = sshd, nginx-* = web");
 * const jail = parseJailName("nginx-botsearch");
 * ok(map && jail);
 * strictEqual(localJail(map, jail), "web");
 * ```
 */
export function parseJailMap(text: string): JailMap | undefined {
  const rules: JailRule[] = [];
  const written = text.split(/[\n,]/).map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  if (written.length > MAX_RULES) return undefined;
  for (const rule of written) {
    const [pattern, name, ...more] = rule.split("=").map((part) => part.trim());
    const jail = name === undefined ? undefined : parseJailName(name);
    if (jail === undefined || more.length > 0 || pattern === undefined) {
      return undefined;
    }
    if (!isJailPattern(pattern)) return undefined;
    rules.push({ pattern, jail });
  }
  return rules;
}

/**
 * Returns the jail that enforces a reported ban.
 *
 * @param map The rules.
 * @param reported The jail that decided, on another host.
 * @returns A jail of this host; `fail2bancluster` when no rule matches.
 */
export function localJail(map: JailMap, reported: JailName): JailName {
  return map.find(({ pattern }) => matchesName(pattern, reported))?.jail ??
    CLUSTER_JAIL;
}

/** All jails to which a map leads, without repetitions. */
export function localJails(map: JailMap): readonly JailName[] {
  return [...new Set([...map.map(({ jail }) => jail), CLUSTER_JAIL])];
}

/** Whether a text is a valid pattern of a rule. */
export function isJailPattern(text: string): boolean {
  return PATTERN.test(text);
}
