/**
 * What a list contains and who may read it: a section `[list:NAME]`.
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

/** The rules of a list. */
export interface ListRules {
  /** Checked by {@link parseListName}. */
  readonly name: string;
  readonly format: ExportFormat;
  /** Patterns; a ban's jail has to match one of them. */
  readonly jails: readonly string[];
  /**
   * Patterns in lower case; a node or import that reports a ban has to match
   * one of them.
   */
  readonly nodes: readonly string[];
  /** A ban with less time left than this is left out, in milliseconds. */
  readonly minLeftMs: number;
  /** Whether adjacent addresses are joined to networks. */
  readonly isAggregated: boolean;
  /**
   * Networks of allowed readers; for a Unix socket the file's permissions
   * decide.
   */
  readonly allowFrom: readonly Address[];
  /** Credentials that a reader needs as well; `undefined`: none. */
  readonly credentials: Credentials | undefined;
}

/** Maximum number of lists of a publisher. */
export const MAX_LISTS = 32;

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** Reads a list's name: 1 to 32 lower-case letters, digits, `_` and `-`. */
export function parseListName(text: string): string | undefined {
  return NAME.test(text) ? text : undefined;
}

/**
 * Whether a list contains a jail's ban, given the nodes that report it.
 *
 * @param ban The ban; reports that have ended do not count.
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
