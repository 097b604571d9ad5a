/**
 * The kinds of the publisher's limits.
 *
 * @module
 */

import type { BreakerLimit } from "../members/breaker.ts";
import { parseBreakerLimit } from "../members/breaker_limit.ts";
import type { ValueKind } from "./value_kinds.ts";
import { parseQuorumRules, type QuorumRules } from "../ban/quorum_rules.ts";

/** When a node is set aside. */
export const breakerKind: ValueKind<BreakerLimit> = {
  placeholder: "COUNT/DURATION",
  expected: "a number and a duration of 1s to 1d, such as 100/10m",
  read: parseBreakerLimit,
};

/** How many nodes a ban takes. */
export const quorumKind: ValueKind<QuorumRules> = {
  placeholder: "PATTERN:NODES/DURATION",
  expected: "rules such as sshd:2/10m or nginx-*:3/1h, one a line",
  read: parseQuorumRules,
};
