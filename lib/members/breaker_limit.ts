/**
 * The text form of a breaker's limit: `100/10m`.
 *
 * @module
 */

import type { BreakerLimit } from "./breaker.ts";
import { parseDuration } from "../base/duration.ts";

const LIMIT = /^(\d{1,6})\s*\/\s*(\S.*)$/;
const MIN_SECONDS = 1;
const MAX_SECONDS = 86_400;

/**
 * Reads a limit.
 *
 * @param text As in `100/10m`: from 1 to 999999, within a second to a day.
 * @returns The limit, or `undefined` when the text is not one.
 *
 * @example
 * ```ts
 * import { parseBreakerLimit } from "./breaker_limit.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parseBreakerLimit("100/10m"), { count: 100, withinMs: 600_000 });
 * ```
 */
export function parseBreakerLimit(text: string): BreakerLimit | undefined {
  const [, written, duration] = LIMIT.exec(text) ?? [];
  const count = Number(written);
  const seconds = duration === undefined ? undefined : parseDuration(duration);
  const isGood = count >= 1 && seconds !== undefined &&
    seconds >= MIN_SECONDS && seconds <= MAX_SECONDS;
  return isGood ? { count, withinMs: seconds * 1_000 } : undefined;
}
