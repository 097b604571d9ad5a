/**
 * Parses the rules of `quorum`: the number of nodes that must report before a
 * ban is in force, by jail.
 *
 * ```abnf
 * quorum  = [rule *((LF / ",") rule)]
 * rule    = pattern ":" nodes ["/" duration]   ; blanks between the parts
 * pattern = <as in jail_map.ts>
 * nodes   = 1*3DIGIT                           ; 1 to 256
 * ```
 *
 * The first rule whose pattern matches the jail applies; without a match one
 * report is enough. Without a duration all unexpired reports count.
 *
 * @module
 */

import {
  ANY_NODE,
  MAX_REPORTS,
  type Quorum,
  type QuorumOf,
} from "./ban_decision.ts";
import { parseDuration } from "../base/duration.ts";
import { isJailPattern } from "../base/jail_map.ts";
import { matchesName } from "../base/name_patterns.ts";

/** The quorum of the jails that match a pattern. */
export interface QuorumRule extends Quorum {
  /** As written, with `*`. */
  readonly pattern: string;
}

/** The rules, in the order of the text. */
export type QuorumRules = readonly QuorumRule[];

const RULE = /^(\S+)\s*:\s*(\d{1,3})(?:\s*\/\s*(\S.*))?$/;
const MAX_RULES = 100;

/**
 * Reads rules.
 *
 * @param text The rules, one a line or separated by commas.
 * @returns The rules, or `undefined` when one is invalid.
 *
 * @example
 * ```ts
 * import { parseQuorumRules, quorumBy } from "./quorum_rules.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const rules = parseQuorumRules("sshd:2/10m, nginx-*:3/1h");
 * const jail = parseJailName("sshd");
 * ok(rules && jail);
 * strictEqual(quorumBy(rules)(jail).nodes, 2);
 * ```
 */
export function parseQuorumRules(text: string): QuorumRules | undefined {
  const written = text.split(/[\n,]/).map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  if (written.length > MAX_RULES) return undefined;
  const rules: QuorumRule[] = [];
  for (const one of written) {
    const rule = parseRule(one);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

/** Returns a lookup of a jail's quorum. */
export function quorumBy(rules: QuorumRules): QuorumOf {
  if (rules.length === 0) return ANY_NODE;
  return (jail) =>
    rules.find(({ pattern }) => matchesName(pattern, jail)) ?? ANY_NODE(jail);
}

function parseRule(text: string): QuorumRule | undefined {
  // A jail name may contain a colon: the last one counts.
  const [, pattern = "", count, duration] = RULE.exec(text) ?? [];
  const nodes = Number(count);
  const seconds = duration === undefined ? Infinity : parseDuration(duration);
  const isGood = isJailPattern(pattern) && nodes >= 1 && nodes <= MAX_REPORTS &&
    seconds !== undefined && seconds > 0;
  return isGood ? { pattern, nodes, withinMs: seconds * 1_000 } : undefined;
}
