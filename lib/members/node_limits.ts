/**
 * Limits on what the publisher accepts from a node.
 *
 * @module
 */

import type { BreakerLimit } from "./breaker.ts";
import type { BucketRate } from "./token_bucket.ts";

/** The limits of every node; a member may have its own rate. */
export interface NodeLimits {
  /** Maximum long-term rate of events per second. */
  readonly maxPerSecond: number;
  /** Limit above which its reports are set aside. */
  readonly breaker: BreakerLimit;
  /** Maximum number of its reports in the table. */
  readonly maxReports: number;
}

/** The limits if nothing is configured. */
export const DEFAULT_NODE_LIMITS: NodeLimits = {
  maxPerSecond: 200,
  breaker: { count: 100, withinMs: 600_000 },
  maxReports: 200_000,
};

/**
 * Accepted burst, in seconds of the rate: a node that was disconnected sends
 * the events that have accumulated.
 */
const BURST_SECONDS = 25;
/**
 * Lower bound of the message rate: in the worst case each event has its own
 * message, and copies send messages too.
 */
const MIN_MESSAGES_PER_SECOND = 500;
/**
 * Lower bound of the message burst: fetching a copy of a million bans takes a
 * few thousand messages.
 */
const MIN_MESSAGE_BURST = 20_000;

/** The bucket for a node's events. */
export function eventRate(maxPerSecond: number): BucketRate {
  return { perSecond: maxPerSecond, burst: BURST_SECONDS * maxPerSecond };
}

/**
 * The bucket for a node's messages of any kind: a node that sends more is
 * disconnected.
 */
export function messageRate(maxPerSecond: number): BucketRate {
  const perSecond = Math.max(MIN_MESSAGES_PER_SECOND, 2 * maxPerSecond);
  const burst = Math.max(MIN_MESSAGE_BURST, BURST_SECONDS * perSecond);
  return { perSecond, burst };
}
