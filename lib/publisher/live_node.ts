/**
 * Converts a node's state to its form for operators.
 *
 * @module
 */

import type { LiveNode, LiveRole } from "../wire/operator_status.ts";
import type { NodeQuotaState } from "./node_quotas.ts";
import type { NodeState, RoleState } from "../presence/node_states.ts";

/**
 * Combines what is known of a node.
 *
 * @param state The state of its programs.
 * @param quota Its limits and counts.
 * @param reports Number of its current reports.
 * @param nowMs The publisher's steady time.
 */
export function liveNode(
  { node, state, seenMs, roles }: NodeState,
  { accepted, known, refused, aside }: NodeQuotaState,
  reports: number,
  nowMs: number,
): LiveNode {
  return {
    node,
    state,
    seenAgoMs: ageOf(seenMs, nowMs),
    roles: roles.map((role) => liveRole(role, nowMs)),
    accepted,
    known,
    refused,
    reports,
    aside: aside === undefined ? null : {
      reason: aside.reason,
      count: aside.count,
      sinceMs: aside.sinceMs,
    },
  };
}

function liveRole(
  { role, state, seenMs, version, lag, condition, toldMs, hasTwin }: RoleState,
  nowMs: number,
): LiveRole {
  return {
    role,
    state,
    seenAgoMs: ageOf(seenMs, nowMs),
    version: version ?? null,
    lag: lag ?? null,
    condition: condition ?? null,
    toldAgoMs: ageOf(toldMs, nowMs),
    hasTwin,
  };
}

function ageOf(atMs: number | undefined, nowMs: number): number | null {
  return atMs === undefined ? null : Math.max(0, Math.round(nowMs - atMs));
}
