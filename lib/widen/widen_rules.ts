/**
 * The rules of `widen4` and `widen6`: when a network is banned because of the
 * addresses in it, by jail.
 *
 * ```abnf
 * widen   = [rule *((LF / ",") rule)]
 * rule    = [pattern ":"] ("off" / ["/"] bits ["after" count])  ; blanks between the parts
 * pattern = <as in jail_map.ts>                                 ; without one: every jail
 * bits    = 1*3DIGIT                                            ; length of the network
 * count   = 1*3DIGIT                                            ; 1 to 256 addresses
 * ```
 *
 * The first rule whose pattern matches the jail applies; without one, nothing
 * is widened.
 *
 * @module
 */

import { isJailPattern } from "../base/jail_map.ts";
import { matchesName } from "../base/name_patterns.ts";
import type { JailName } from "../base/jail_name.ts";

/** When a network is banned because of the addresses in it. */
export interface Widening {
  /** The network's length, in bits. */
  readonly bits: number;
  /** Number of its different addresses that must be banned. */
  readonly after: number;
}

/** The widening of the jails that match a pattern. */
export interface WidenRule {
  /** The pattern as written, with `*`. */
  readonly pattern: string;
  /** `undefined`: not widened. */
  readonly widening: Widening | undefined;
}

/** The rules of one family, in the order of the text. */
export type WidenRules = readonly WidenRule[];

/** Finds the widening of a jail for IPv4 or IPv6; `undefined`: none. */
export type WideningOf = (
  jail: JailName,
  isIpv4: boolean,
) => Widening | undefined;

/** The family of some rules. */
export type WidenFamily = "IPv4" | "IPv6";

const RULE = /^(?:(\S+)\s*:\s*)?(?:off|\/?(\d{1,3})(?:\s+after\s+(\d{1,3}))?)$/;
const MAX_RULES = 100;
const MAX_COUNT = 256;
/** A network has more than one address. */
const MAX_BITS: Readonly<Record<WidenFamily, number>> = { IPv4: 31, IPv6: 127 };
/** Default number of addresses. */
const USUAL_COUNT: Readonly<Record<WidenFamily, number>> = { IPv4: 5, IPv6: 3 };

/**
 * Parses rules.
 *
 * @param text The rules, separated by line ends or commas.
 * @param family The family of their lengths.
 * @returns The rules; `undefined` when one is invalid.
 *
 * @example
 * ```ts
 * import { parseWidenRules, wideningBy } from "./widen_rules.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
 *
 * const rules = parseWidenRules("nginx-*: off, /64 after 3", "IPv6");
 * const [sshd, nginx] = ["sshd", "nginx-bots"].map(parseJailName);
 * ok(rules && sshd && nginx);
 * const wideningOf = wideningBy({ IPv4: [], IPv6: rules });
 * deepStrictEqual(wideningOf(sshd, false), { bits: 64, after: 3 });
 * strictEqual(wideningOf(nginx, false), undefined);
 * strictEqual(wideningOf(sshd, true), undefined);
 * ```
 */
export function parseWidenRules(
  text: string,
  family: WidenFamily,
): WidenRules | undefined {
  const written = text.split(/[\n,]/).map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  if (written.length > MAX_RULES) return undefined;
  const rules: WidenRule[] = [];
  for (const one of written) {
    const rule = parseRule(one, family);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

/** Looks up the widening of a jail in the rules of both families. */
export function wideningBy(
  rules: Readonly<Record<WidenFamily, WidenRules>>,
): WideningOf {
  return (jail, isIpv4) =>
    rules[isIpv4 ? "IPv4" : "IPv6"]
      .find(({ pattern }) => matchesName(pattern, jail))?.widening;
}

/**
 * The widest network of the rules.
 *
 * @returns Its length in bits; `undefined` when nothing is widened.
 */
export function widestBits(rules: WidenRules): number | undefined {
  const lengths = rules.flatMap(({ widening }) => widening?.bits ?? []);
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}

function parseRule(text: string, family: WidenFamily): WidenRule | undefined {
  // A jail's name may contain a colon, so the last one counts.
  const parts = RULE.exec(text);
  if (parts === null) return undefined;
  const [, pattern = "*", length, count] = parts;
  if (!isJailPattern(pattern)) return undefined;
  if (length === undefined) return { pattern, widening: undefined };
  const bits = Number(length);
  const after = count === undefined ? USUAL_COUNT[family] : Number(count);
  const isGood = bits >= 1 && bits <= MAX_BITS[family] && after >= 1 &&
    after <= MAX_COUNT;
  return isGood ? { pattern, widening: { bits, after } } : undefined;
}
