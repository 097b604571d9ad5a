/**
 * What a node makes of the publisher's errors.
 *
 * @module
 */

import type { ErrorCode } from "../wire/v2_messages.ts";
import type { HostName } from "../base/host_name.ts";

/** What only an operator mends: tried again slowly. */
export const REFUSALS: readonly (ErrorCode | undefined)[] = [
  "token",
  "protocol",
  "rights",
  "aside",
];
/** Said by a publisher that is there: over when it answers what it was asked. */
export const STUMBLES: readonly (ErrorCode | undefined)[] = [
  "busy",
  "store",
  "aside",
];

/** What an operator does about it, at the publisher. */
export function remedyFor(
  code: ErrorCode | undefined,
  node: HostName,
): string | undefined {
  return code === "aside"
    ? `fail2ban-cluster node release ${node}, on the publisher's host`
    : undefined;
}

/** What they mean, in words for a log. */
export const REASONS: Readonly<Record<ErrorCode, string>> = {
  protocol: "it does not understand this program",
  session: "it does not know the session",
  token: "it refuses the token",
  rights: "this node may not do that",
  aside: "it sets this node's reports aside until an operator releases it",
  busy: "it is busy",
  store: "it can't store anything",
};
