/**
 * Patterns for names, as in `jailmap` and in the options of receivers.
 *
 * ```abnf
 * pattern = 1*(name-char / "*")         ; "*" stands for any characters
 * ```
 *
 * @module
 */

/** Matches every name. */
export const ANY_NAME = "*";

/**
 * Whether a pattern matches a name. It compares piece by piece, and never
 * backtracks.
 */
export function matchesName(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return first === name;
  const last = others.pop() ?? "";
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/**
 * Whether one of the patterns matches a name.
 *
 * @example
 * ```ts
 * import { matchesAnyName } from "./name_patterns.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(matchesAnyName(["sshd", "nginx-*"], "nginx-botsearch"), true);
 * strictEqual(matchesAnyName(["sshd"], "nginx-botsearch"), false);
 * ```
 */
export function matchesAnyName(
  patterns: readonly string[],
  name: string,
): boolean {
  return patterns.some((pattern) =>
    pattern === ANY_NAME || matchesName(pattern, name)
  );
}
