/**
 * Spans as operators read them.
 *
 * @module
 */

const SPANS: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/**
 * A span in its largest unit, rounded down.
 *
 * @param ms In milliseconds; below a second it is `0 s`.
 *
 * @example
 * ```ts
 * import { spanText } from "./plain_texts.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(spanText(240_000), "4 min");
 * strictEqual(spanText(90_000_000), "1 d");
 * ```
 */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [unit, size] = SPANS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
