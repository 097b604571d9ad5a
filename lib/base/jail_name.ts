/**
 * Names of jails as the cluster accepts them.
 *
 * ```abnf
 * jail = (ALPHA / DIGIT) *63(ALPHA / DIGIT / "_" / "." / "@" / ":" / "+" / "-")
 * ```
 *
 * Also rejected: the words that fail2ban's `set` takes for its own settings
 * (`fail2ban/server/transmitter.py`), since `set logtarget banip ...` moves
 * fail2ban's log, and `all`, which older servers take for every jail.
 *
 * @module
 */

/** @internal */
declare const brand: unique symbol;

/** The name of a jail; see {@link parseJailName}. */
export type JailName = string & { readonly [brand]: "JailName" };

/** The dedicated jail: all bans in it are the cluster's own. */
export const CLUSTER_JAIL = "fail2bancluster" as JailName;

const GRAMMAR = /^[A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63}$/;

const RESERVED: ReadonlySet<string> = new Set([
  "all",
  "allowipv6",
  "dbfile",
  "dbmaxmatches",
  "dbpurgeage",
  "loglevel",
  "logtarget",
  "syslogsocket",
  "thread",
]);

/**
 * Reads a jail name.
 *
 * @param text Text from a log, the wire or a configuration.
 * @returns The name, or `undefined` when the cluster does not accept it.
 *
 * @example
 * ```ts
 * import { parseJailName } from "./jail_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseJailName("my.jail"), "my.jail");
 * strictEqual(parseJailName("a|b"), undefined);
 * strictEqual(parseJailName("logtarget"), undefined);
 * ```
 */
export function parseJailName(text: string): JailName | undefined {
  return GRAMMAR.test(text) && !RESERVED.has(text)
    ? text as JailName
    : undefined;
}
