/**
 * Classifies the publisher's errors, and explains them.
 *
 * @module
 */

import type { ErrorCode } from "../wire/v2_messages.ts";
import type { HostName } from "../base/host_name.ts";

/** Refusals that only an operator can fix; the client retries slowly. */
export const REFUSALS: readonly (ErrorCode | undefined)[] = [
  "token",
  "protocol",
  "rights",
  "version",
  "twin",
  "aside",
];
/**
 * Errors of a publisher that is up; they are over when it answers a request.
 */
export const STUMBLES: readonly (ErrorCode | undefined)[] = [
  "busy",
  "store",
  "aside",
];

/** The operator's fix at the publisher. */
export function remedyFor(
  code: ErrorCode | undefined,
  node: HostName,
): string | undefined {
  switch (code) {
    case "aside":
      return `fail2ban-cluster node release ${node}, on the publisher's host`;
    case "twin":
      return "fail2ban-cluster node add NAME on the publisher's host, and fail2ban-cluster join CODE with that code here: each host has a name and a code of its own";
    case "version":
      return "update the older of the two programs";
    default:
      return undefined;
  }
}

/** The meanings of the codes, in words for a log. */
export const REASONS: Readonly<Record<ErrorCode, string>> = {
  protocol: "it does not understand this program",
  session: "it does not know the session",
  token: "it refuses the token",
  rights: "this node may not do that",
  version: "it speaks no revision of protocol 2 that this program speaks",
  twin: "another host runs as this node with the same join code",
  aside: "it sets this node's reports aside until an operator releases it",
  busy: "it is busy",
  store: "it can't store anything",
};
