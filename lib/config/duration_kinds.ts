/**
 * The kinds of durations that options have.
 *
 * @module
 */

import { parseDuration, PERMANENT_SECONDS } from "../base/duration.ts";
import type { ValueKind } from "./value_kinds.ts";

/** Ten years: within every enforcer's reach. */
const MAX_BAN_SECONDS = 315_576_000;

/**
 * A duration that ends.
 *
 * @param maxSeconds The longest.
 * @param maxText The same, as one writes it.
 * @returns A kind that gives seconds.
 */
export function durationKind(
  maxSeconds: number,
  maxText: string,
): ValueKind<number> {
  return {
    placeholder: "DURATION",
    expected: `a duration from 0 to ${maxText}, such as 90, 30s or 10m`,
    read: (text) => {
      const seconds = parseDuration(text);
      return seconds !== undefined && seconds >= 0 && seconds <= maxSeconds
        ? seconds
        : undefined;
    },
  };
}

/** How long a ban holds, in seconds; `-1` is for ever and read as `Infinity`. */
export const banTimeKind: ValueKind<number> = {
  placeholder: "DURATION",
  expected: "a duration from 1s on, such as 600, 10m or 1w, or -1 for ever",
  read: (text) => {
    const seconds = parseDuration(text);
    if (seconds === PERMANENT_SECONDS) return Infinity;
    return seconds !== undefined && seconds >= 1 && seconds <= MAX_BAN_SECONDS
      ? seconds
      : undefined;
  },
};
