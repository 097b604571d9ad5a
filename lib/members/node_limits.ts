/**
 * What the publisher takes of a node, at most.
 *
 * @module
 */

import type { BreakerLimit } from "./breaker.ts";
import type { BucketRate } from "./token_bucket.ts";

/** The bounds of every node; a member may have a rate of its own. */
export interface NodeLimits {
  /** Events in a second, in the long run. */
  readonly maxPerSecond: number;
  /** When its reports are set aside. */
  readonly breaker: BreakerLimit;
  /** Reports of it that may stand. */
  readonly maxReports: number;
}

/** What holds unless it is set otherwise. */
export const DEFAULT_NODE_LIMITS: NodeLimits = {
  maxPerSecond: 200,
  breaker: { count: 100, withinMs: 600_000 },
  maxReports: 200_000,
};

/** What has gathered while a node was cut off goes at once, up to so many seconds' worth. */
const BURST_SECONDS = 25;
/** A node sends a message for each event at worst; to this come those of copies. */
const MIN_MESSAGES_PER_SECOND = 500;
/** A copy of a million bans is asked for in a few thousand messages. */
const MIN_MESSAGE_BURST = 20_000;

/** How fast a node may report. */
export function eventRate(maxPerSecond: number): BucketRate {
  return { perSecond: maxPerSecond, burst: BURST_SECONDS * maxPerSecond };
}

/** How fast a node may send messages, whatever is in them: one that sends more is cut off. */
export function messageRate(maxPerSecond: number): BucketRate {
  const perSecond = Math.max(MIN_MESSAGES_PER_SECOND, 2 * maxPerSecond);
  const burst = Math.max(MIN_MESSAGE_BURST, BURST_SECONDS * perSecond);
  return { perSecond, burst };
}
