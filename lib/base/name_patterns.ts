/**
 * Names that are named by patterns: jails in `jailmap`, what a receiver takes.
 *
 * ```abnf
 * pattern = 1*(name-char / "*")         ; "*" stands for any characters
 * ```
 *
 * @module
 */

/** Stands for every name. */
export const ANY_NAME = "*";

/**
 * Whether a pattern matches a name: piece by piece, without backtracking,
 * whatever the pattern.
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
