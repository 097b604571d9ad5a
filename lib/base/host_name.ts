/**
 * Names of nodes: host names, also with the underscore that many hosts use.
 *
 * ```abnf
 * host  = label *("." label)                     ; 253 characters at most
 * label = alnum [ *61(alnum / "-") alnum ]
 * alnum = ALPHA / DIGIT / "_"
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1123 | RFC 1123, section 2.1}
 * @module
 */

/** @internal */
declare const brand: unique symbol;

/** The name of a node; see {@link parseHostName}. */
export type HostName = string & { readonly [brand]: "HostName" };

const GRAMMAR =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/**
 * Reads a host name. It keeps the case; compare with {@link sameHost}.
 *
 * @param text Text from the wire, the system or a configuration.
 * @returns The name, or `undefined` when it is invalid.
 *
 * @example
 * ```ts
 * import { parseHostName } from "./host_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseHostName("web_1.example.net"), "web_1.example.net");
 * strictEqual(parseHostName(""), undefined);
 * ```
 */
export function parseHostName(text: string): HostName | undefined {
  return GRAMMAR.test(text) ? text as HostName : undefined;
}

/**
 * Whether two names are of the same host: names are compared without case (RFC
 * 4343).
 */
export function sameHost(left: HostName, right: HostName): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * The spelling under which tables keep a host name: lower case.
 *
 * @param name The name as it was written.
 */
export function canonicalHost(name: HostName): HostName {
  return name.toLowerCase() as HostName;
}
