/**
 * The cost of a node's messages, for its message rate.
 *
 * @module
 */

import type { NodeMessage } from "../wire/v2_messages.ts";
import type { Frames } from "../zmq/ports.ts";

/** Number of bytes that cost as much as one plain message. */
const BYTES_PER_COST = 16_384;
/**
 * Costs of serving messages, in plain messages: SYNC is answered with up to
 * some 2,000 bans.
 */
const COSTS: Readonly<
  Record<Exclude<NodeMessage["kind"], "HELLO">, number>
> = {
  EVENTS: 1,
  RECEIPTS: 1,
  STATE: 1,
  BYE: 1,
  UNBANNED: 1,
  MOVED: 1,
  PROBED: 1,
  DRILLED: 1,
  SYNC: 10,
};

/** The cost of a message, in plain messages. */
export function messageCost(
  { kind }: Exclude<NodeMessage, { readonly kind: "HELLO" }>,
  frames: Frames,
): number {
  return COSTS[kind] + sizeCost(frames);
}

/**
 * The cost of a message's size: a long message is as much work as many short
 * ones.
 */
export function sizeCost(frames: Frames): number {
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  return Math.floor(bytes / BYTES_PER_COST);
}
