/**
 * Spans of time as operators read them.
 *
 * @module
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * A span in the largest unit of which it has one, rounded down.
 *
 * @param ms Milliseconds, not below 0.
 *
 * @example
 * ```ts
 * import { spanText } from "./span_text.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual([2_999, 840_000, 7_200_000, 1e9].map(spanText), [
 *   "2 s", "14 min", "2 h", "11 d",
 * ]);
 * ```
 */
export function spanText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}
