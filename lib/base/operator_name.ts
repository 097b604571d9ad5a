/**
 * The origins of bans: nodes, operators, and lists that operators import.
 *
 * ```abnf
 * origin = host / "import:" import-name          ; host: see host_name.ts
 * import-name = (LOWER / DIGIT) *31(LOWER / DIGIT / "_" / "." / "-")
 * ```
 *
 * No node may be called `operator`, nor `widened` or `grown`, the origins of
 * the publisher's derived reports. Host names contain no colon.
 *
 * @module
 */

import { canonicalHost, type HostName, parseHostName } from "./host_name.ts";
import { CLUSTER_JAIL, type JailName } from "./jail_name.ts";

/**
 * The origin of operators' bans, and the name under which operators lift bans.
 */
export const OPERATOR_ORIGIN = "operator" as HostName;
/** The jail of operators' bans. */
export const OPERATOR_JAIL = "operator" as JailName;

/** Whether a name is that of the operators. */
export function isOperatorOrigin(name: HostName): boolean {
  return canonicalHost(name) === OPERATOR_ORIGIN;
}

/** @internal */
declare const brand: unique symbol;

/** The name of an import; made by {@link parseImportName} only. */
export type ImportName = string & { readonly [brand]: "ImportName" };

/** The jail of imported lists. */
export const LIST_JAIL = "list" as JailName;

/** Prefix of the origins of imports. */
export const IMPORT_PREFIX = "import:";
const IMPORT_NAME = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

/**
 * The jail of drills, in which each node bans an address for a moment at an
 * operator's request.
 */
export const DRILL_JAIL = "fail2bancluster-drill" as JailName;

const RESERVED_JAILS: ReadonlySet<JailName> = new Set([
  ...[CLUSTER_JAIL, OPERATOR_JAIL, LIST_JAIL, DRILL_JAIL],
]);

/** Whether a jail belongs to the cluster: no node reports in it. */
export function isReservedJail(jail: JailName): boolean {
  return RESERVED_JAILS.has(jail);
}

/** Reads the name of an import; `undefined`: it is invalid. */
export function parseImportName(text: string): ImportName | undefined {
  return IMPORT_NAME.test(text) ? text as ImportName : undefined;
}

/** The origin under which an import reports. */
export function importOrigin(name: ImportName): HostName {
  return `${IMPORT_PREFIX}${name}` as HostName;
}

/** Whether an origin is an import. */
export function isImportOrigin(origin: HostName): boolean {
  return origin.startsWith(IMPORT_PREFIX);
}

/** The origin of a network's ban that replaces bans of addresses in it. */
export const WIDENED_ORIGIN = "widened" as HostName;
/** The origin of reports that lengthen recurring bans. */
export const GROWN_ORIGIN = "grown" as HostName;

/** Whether an origin is that of reports which the publisher derives. */
export function isDerivedOrigin(origin: HostName): boolean {
  const name = canonicalHost(origin);
  return name === WIDENED_ORIGIN || name === GROWN_ORIGIN;
}

/** Whether an origin is a host with a fail2ban of its own. */
export function isNodeOrigin(origin: HostName): boolean {
  return !isImportOrigin(origin) && !isOperatorOrigin(origin) &&
    !isDerivedOrigin(origin);
}

/**
 * Reads the origin of a report. (A connected node's name is never an import's.)
 *
 * @param text Text from the wire or a store.
 * @returns The origin, or `undefined` when it is invalid.
 *
 * @example
 * ```ts
 * import { parseOrigin } from "./operator_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseOrigin("web1"), "web1");
 * strictEqual(parseOrigin("import:drop"), "import:drop");
 * strictEqual(parseOrigin("import:"), undefined);
 * ```
 */
export function parseOrigin(text: string): HostName | undefined {
  if (!text.startsWith(IMPORT_PREFIX)) return parseHostName(text);
  const name = parseImportName(text.slice(IMPORT_PREFIX.length));
  return name && importOrigin(name);
}
