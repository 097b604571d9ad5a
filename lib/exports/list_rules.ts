/**
 * What a list is made of, and for whom: a section `[list:NAME]`.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { Ban } from "../ban/ban.ts";
import { ANY_NAME, matchesAnyName } from "../base/name_patterns.ts";
import { canonicalHost } from "../base/host_name.ts";
import type { Credentials } from "../http/basic_credentials.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../views/export_formats.ts";

export { EXPORT_FORMATS };
export type { Credentials, ExportFormat };

/** A list. */
export interface ListRules {
  /** As {@link parseListName} gives it. */
  readonly name: string;
  readonly format: ExportFormat;
  /** Patterns, of which a ban's jail matches one. */
  readonly jails: readonly string[];
  /** Patterns in lower case, of which one matches a node or import that reports a ban. */
  readonly nodes: readonly string[];
  /** A ban that ends earlier than this is left out, in milliseconds. */
  readonly minLeftMs: number;
  /** Whether neighbouring addresses are joined to networks. */
  readonly isAggregated: boolean;
  /** Networks of those who may read it; over a Unix socket the file's rights count. */
  readonly allowFrom: readonly Address[];
  /** What has to be shown as well; `undefined`: nothing. */
  readonly credentials: Credentials | undefined;
}

/** Most lists of a publisher. */
export const MAX_LISTS = 32;

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** Reads a list's name: 1 to 32 small letters, digits, `_` and `-`. */
export function parseListName(text: string): string | undefined {
  return NAME.test(text) ? text : undefined;
}

/**
 * Whether a list has the bans of a jail, as some nodes report them.
 *
 * @param ban The ban; of its reports those count that are not over.
 * @param nowMs By the clock of their ends.
 */
export function isListed(
  { jails, nodes }: Pick<ListRules, "jails" | "nodes">,
  { jail, reports }: Pick<Ban, "jail" | "reports">,
  nowMs: number,
): boolean {
  if (!matchesAnyName(jails, jail)) return false;
  return nodes.includes(ANY_NAME) ||
    reports.some(({ origin, expiresMs }) =>
      expiresMs > nowMs && matchesAnyName(nodes, canonicalHost(origin))
    );
}
