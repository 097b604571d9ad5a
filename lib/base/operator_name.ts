/**
 * Who reports bans: nodes by their names, operators, and lists that operators
 * import.
 *
 * ```abnf
 * origin = host / "import:" import-name          ; host: see host_name.ts
 * import-name = (LOWER / DIGIT) *31(LOWER / DIGIT / "_" / "." / "-")
 * ```
 *
 * No node is called `operator`, nor `widened` or `grown`, under which the
 * publisher reports what follows from others' reports. No host's name has a
 * colon.
 *
 * @module
 */

import { canonicalHost, type HostName, parseHostName } from "./host_name.ts";
import { CLUSTER_JAIL, type JailName } from "./jail_name.ts";

/** The origin of what an operator bans, and who lifts what an operator lifts. */
export const OPERATOR_ORIGIN = "operator" as HostName;
/** The jail of what an operator bans. */
export const OPERATOR_JAIL = "operator" as JailName;

/** Whether a name is that of operators. */
export function isOperatorOrigin(name: HostName): boolean {
  return canonicalHost(name) === OPERATOR_ORIGIN;
}

/** @internal */
declare const brand: unique symbol;

/** The name of an import; made by {@link parseImportName} only. */
export type ImportName = string & { readonly [brand]: "ImportName" };

/** The jail of what lists name. */
export const LIST_JAIL = "list" as JailName;

/** What the origins of imports begin with. */
export const IMPORT_PREFIX = "import:";
const IMPORT_NAME = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

/** The jail of what an operator has nodes ban for a moment: each does so by itself. */
export const DRILL_JAIL = "fail2bancluster-drill" as JailName;

const RESERVED_JAILS: ReadonlySet<JailName> = new Set([
  ...[CLUSTER_JAIL, OPERATOR_JAIL, LIST_JAIL, DRILL_JAIL],
]);

/** Whether a jail is the cluster's own: no node reports in it. */
export function isReservedJail(jail: JailName): boolean {
  return RESERVED_JAILS.has(jail);
}

/** Reads the name of an import; `undefined`: it is none. */
export function parseImportName(text: string): ImportName | undefined {
  return IMPORT_NAME.test(text) ? text as ImportName : undefined;
}

/** The origin under which an import reports. */
export function importOrigin(name: ImportName): HostName {
  return `${IMPORT_PREFIX}${name}` as HostName;
}

/** Whether an origin is an import's. */
export function isImportOrigin(origin: HostName): boolean {
  return origin.startsWith(IMPORT_PREFIX);
}

/** The origin of a network's ban that stands for those of addresses in it. */
export const WIDENED_ORIGIN = "widened" as HostName;
/** The origin of what makes a ban hold longer that comes again. */
export const GROWN_ORIGIN = "grown" as HostName;

/** Whether an origin is that of what the publisher derives from reports. */
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
 * Reads an origin: of a report, not of whoever is connected.
 *
 * @param text Text from the wire or a store.
 * @returns The origin, or `undefined` when it is none.
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
