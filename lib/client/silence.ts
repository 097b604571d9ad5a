/**
 * Explains why a publisher does not answer, and how to fix it.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";

/** The result of a probe of the publisher's URL. */
export type SilenceCause =
  /**
   * Its host name has no address; `code` is the resolver's, such as
   * `ENOTFOUND`.
   */
  | { readonly kind: "lookup"; readonly code: string }
  /** Its host refuses the connection. */
  | { readonly kind: "refused" }
  /** The connection failed; `reason` is the system's. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Something else listens there. */
  | { readonly kind: "stranger" }
  /** ZeroMQ listens there, without encryption, as protocol 1 does. */
  | { readonly kind: "plain" }
  /** ZeroMQ with encryption listens there. */
  | { readonly kind: "encrypted" };

/** The stage at which no answer arrived. */
export type SilenceStage = "connection" | "answer";

/** The facts about a missing answer. */
export interface SilenceFacts {
  readonly cause: SilenceCause;
  readonly stage: SilenceStage;
  /** The configured URL. */
  readonly url: string;
  /** The URL in the join code. */
  readonly joinedUrl: string;
  /** This node's name. */
  readonly node: HostName;
}

/** The explanation for the log. */
export interface Explanation {
  /** One sentence; the same words for the same cause. */
  readonly reason: string;
  readonly hint: string;
  /** Whether anybody accepts connections there. @default {true} */
  readonly isReached?: boolean;
}

/** Nobody accepts connections. */
const NOT_REACHED = ["lookup", "refused", "unreachable"];

/**
 * Explains why nobody answers, and what to do.
 *
 * @param facts The known facts.
 *
 * @example
 * ```ts
 * import { explainSilence } from "./silence.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const node = parseHostName("web1");
 * if (node === undefined) throw new Error("bad example");
 * const url = "tcp://hub:5681";
 * const cause = { kind: "refused" } as const;
 * strictEqual(
 *   explainSilence({ cause, stage: "connection", url, joinedUrl: url, node }).reason,
 *   "no answer from tcp://hub:5681: connection refused, nothing listens there",
 * );
 * ```
 */
export function explainSilence(facts: SilenceFacts): Explanation {
  const { url, joinedUrl } = facts;
  const [why, hint] = describe(facts);
  const elsewhere = url === joinedUrl
    ? ""
    : `the join code said ${joinedUrl}, controlserver is set to another; `;
  return {
    reason: `no answer from ${url}: ${why}`,
    hint: `${elsewhere}${hint}`,
    isReached: !NOT_REACHED.includes(facts.cause.kind),
  };
}

function describe(
  { cause, stage, node }: SilenceFacts,
): readonly [why: string, hint: string] {
  switch (cause.kind) {
    case "lookup":
      return [
        `its host's name can't be looked up (${cause.code})`,
        "is the name right, and does this host's resolver know it?",
      ];
    case "refused":
      return [
        "connection refused, nothing listens there",
        "fail2ban-publisher status, on its host; controlbindurl is where it listens, not 127.0.0.1 for other hosts",
      ];
    case "unreachable":
      return [
        `no connection: ${cause.reason}`,
        "is the host up, and does a firewall on the way let the port through?",
      ];
    case "stranger":
      return [
        "what listens there is no publisher",
        "is it the host and the port of the publisher's controlbindurl?",
      ];
    case "plain":
      return [
        "what listens there is not encrypted, as protocol 1 is, and no control socket",
        "controlserver is the publisher's controlbindurl, 5681 unless it is set",
      ];
    case "encrypted":
      return stage === "answer"
        ? [
          "it is connected, and says nothing",
          "it may be overloaded: its log and fail2ban-publisher status say more",
        ]
        : [
          "no handshake: this node's key is no member's there (revoked, or rotated), or it is another publisher or its stream",
          `the publisher's log has who was refused; fail2ban-cluster node list, on its host, shows members, ` +
          `and fail2ban-cluster node rotate ${node} prints a code to join with anew`,
        ];
  }
}
