/**
 * Jails that are named by patterns, as in `jailmap`: `*` stands for any
 * characters.
 *
 * @module
 */

import { matchesJail } from "./jail_map.ts";
import type { JailName } from "./jail_name.ts";

/**
 * Whether one of the patterns matches a jail's name.
 *
 * @example
 * ```ts
 * import { matchesAnyJail } from "./jail_globs.ts";
 * import { parseJailName } from "./jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const jail = parseJailName("nginx-botsearch");
 * ok(jail);
 * strictEqual(matchesAnyJail(["sshd", "nginx-*"], jail), true);
 * strictEqual(matchesAnyJail(["sshd"], jail), false);
 * ```
 */
export function matchesAnyJail(
  patterns: readonly string[],
  jail: JailName,
): boolean {
  return patterns.some((pattern) => matchesJail(pattern, jail));
}
