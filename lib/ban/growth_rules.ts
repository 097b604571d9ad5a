/**
 * Parses the rules of `growth`, which lengthen recurring bans, by jail.
 *
 * ```abnf
 * growth  = [rule *((LF / ",") rule)]
 * rule    = [pattern ":"] ("off" / within ":x" factor ["/" max])  ; blanks between the parts
 * pattern = <as in jail_map.ts>                                   ; without one: every jail
 * within  = duration
 * factor  = 1*2DIGIT ["." 1*2DIGIT]                               ; above 1
 * max     = duration                                              ; 5w without one
 * ```
 *
 * The first rule whose pattern matches the jail applies; without a match no ban
 * grows.
 *
 * @module
 */

import { parseDuration } from "../base/duration.ts";
import { isJailPattern } from "../base/jail_map.ts";
import { matchesName } from "../base/name_patterns.ts";
import { type Growth, type GrowthOf, NO_GROWTH } from "./ban_growth.ts";

/** The growth of the jails that match a pattern. */
export interface GrowthRule {
  /** As written, with `*`. */
  readonly pattern: string;
  /** `undefined`: no growth. */
  readonly growth: Growth | undefined;
}

/** The rules, in the order of the text. */
export type GrowthRules = readonly GrowthRule[];

const RULE =
  /^(?:(\S+)\s*:\s*)?(?:off|([^:/]+?)\s*:\s*x(\d{1,2}(?:\.\d{1,2})?)(?:\s*\/\s*(\S.*))?)$/;
const MAX_RULES = 100;
const USUAL_MAX = "5w";
/** Ten years, as for every ban time. */
const MAX_SECONDS = 315_576_000;

/**
 * Reads rules.
 *
 * @param text The rules, one a line or separated by commas.
 * @returns The rules, or `undefined` when one is invalid.
 *
 * @example
 * ```ts
 * import { growthBy, parseGrowthRules } from "./growth_rules.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const rules = parseGrowthRules("sshd: 1d:x4/1w");
 * const jail = parseJailName("sshd");
 * ok(rules && jail);
 * const growth = { withinMs: 86_400_000, factor: 4, maxMs: 604_800_000 };
 * deepStrictEqual(growthBy(rules)(jail), growth);
 * ```
 */
export function parseGrowthRules(text: string): GrowthRules | undefined {
  const written = text.split(/[\n,]/).map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  if (written.length > MAX_RULES) return undefined;
  const rules: GrowthRule[] = [];
  for (const one of written) {
    const rule = parseRule(one);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

/** Returns a lookup of a jail's growth. */
export function growthBy(rules: GrowthRules): GrowthOf {
  if (rules.length === 0) return NO_GROWTH;
  return (jail) =>
    rules.find(({ pattern }) => matchesName(pattern, jail))?.growth;
}

function parseRule(text: string): GrowthRule | undefined {
  // A jail name may contain a colon: the last colon with a valid rest counts.
  const parts = RULE.exec(text);
  if (parts === null) return undefined;
  const [, pattern = "*", within, written, longest = USUAL_MAX] = parts;
  if (!isJailPattern(pattern)) return undefined;
  if (within === undefined) return { pattern, growth: undefined };
  const [withinMs, maxMs] = [within, longest].map(spanMs);
  const factor = Number(written);
  return withinMs !== undefined && maxMs !== undefined && factor > 1
    ? { pattern, growth: { withinMs, factor, maxMs } }
    : undefined;
}

function spanMs(text: string): number | undefined {
  const seconds = parseDuration(text);
  return seconds !== undefined && seconds >= 1 && seconds <= MAX_SECONDS
    ? seconds * 1_000
    : undefined;
}
