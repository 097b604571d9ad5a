/**
 * Lists of patterns with which options name jails and nodes.
 *
 * ```abnf
 * list    = "none" / pattern *((WSP / LF / ",") pattern)
 * pattern = 1*253(ALPHA / DIGIT / "_" / "." / "@" / ":" / "+" / "-" / "*")
 * ```
 *
 * @module
 */

/** Maximum number of patterns in a list. */
export const MAX_PATTERNS = 64;

const PATTERN = /^[A-Za-z0-9_.@:+*-]{1,253}$/;

/** Whether a text is a valid pattern of a list. */
export function isNamePattern(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * Reads a list.
 *
 * @param text The patterns, separated by white space or commas, or `none`.
 * @returns The patterns without repetitions; `undefined` when one is invalid,
 * or there are none or too many.
 *
 * @example
 * ```ts
 * import { parsePatternList } from "./pattern_list.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parsePatternList("web*, import:drop"), ["web*", "import:drop"]);
 * deepStrictEqual(parsePatternList("none"), []);
 * deepStrictEqual(parsePatternList("web 1|2"), undefined);
 * ```
 */
export function parsePatternList(
  text: string,
): readonly string[] | undefined {
  if (text.trim().toLowerCase() === "none") return [];
  const patterns = text.split(/[\s,]+/).filter((word) => word !== "");
  const isGood = patterns.length > 0 && patterns.length <= MAX_PATTERNS &&
    patterns.every(isNamePattern);
  return isGood ? [...new Set(patterns)] : undefined;
}
