/**
 * The block of a SNAPSHOT, as its header has it.
 *
 * @module
 */

import { BanBlock } from "../ban/ban_block.ts";
import { MAX_SPAN_MS } from "./v2_limits.ts";
import type { SnapshotHeader } from "./v2_bodies.ts";

/**
 * Reads the frame behind a header.
 *
 * @param header What it says.
 * @param frame The bytes of the block.
 * @returns `undefined`: it is no block, or none of that header.
 */
export function readSnapshotBlock(
  { isLast, nowMs }: SnapshotHeader,
  frame: Uint8Array,
): BanBlock | undefined {
  const block = BanBlock.read(frame);
  if (!block.ok) return undefined;
  const { spans, firstMs, lastMs, expiresMs } = block.value.columns;
  // The next request must ask for something later.
  if (spans.length === 0 && !isLast) return undefined;
  const mostMs = nowMs + MAX_SPAN_MS;
  const isGood = firstMs.every((ms) => ms <= nowMs) &&
    lastMs.every((ms) => ms <= nowMs) &&
    expiresMs.every((ms) => ms === Infinity || ms <= mostMs);
  return isGood ? block.value : undefined;
}
