/**
 * Caches results for names that recur.
 *
 * @module
 */

/** Maximum number of cached names; beyond it the cache is emptied. */
const MAX_NAMES = 4_096;

/**
 * Makes a cached parser of names: it neither parses nor stores a known name
 * twice.
 *
 * @param parse Reads a name; must be deterministic.
 *
 * @example
 * ```ts
 * import { rememberNames } from "./name_cache.ts";
 * import { parseJailName } from "./jail_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const read = rememberNames(parseJailName);
 * strictEqual(read("sshd"), "sshd");
 * strictEqual(read("a|b"), undefined);
 * ```
 */
export function rememberNames<T extends string>(
  parse: (text: string) => T | undefined,
): (text: string) => T | undefined {
  const names = new Map<string, T>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const name = parse(text);
    if (name === undefined) return undefined;
    if (names.size >= MAX_NAMES) names.clear();
    names.set(name, name);
    return name;
  };
}

/**
 * Makes a cached function of a name.
 *
 * @param ask The function; must be deterministic.
 *
 * @example
 * ```ts
 * import { rememberResults } from "./name_cache.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * let asked = 0;
 * const isLong = rememberResults((name) => (asked++, name.length > 8));
 * strictEqual(isLong("sshd") || isLong("sshd"), false);
 * strictEqual(asked, 1);
 * ```
 */
export function rememberResults<K extends string, V extends string | boolean>(
  ask: (name: K) => V,
): (name: K) => V {
  const results = new Map<K, V>();
  return (name) => {
    const known = results.get(name);
    if (known !== undefined) return known;
    const result = ask(name);
    if (results.size >= MAX_NAMES) results.clear();
    results.set(name, result);
    return result;
  };
}
