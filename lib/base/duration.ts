/**
 * Durations in fail2ban's notation.
 *
 * ```abnf
 * duration = "-1" / seconds / 1*(1*DIGIT [" "] unit [" "])   ; each unit once
 * seconds  = 1*DIGIT
 * unit     = "s" / "m" / "h" / "d" / "w" / "mo" / "y"        ; in any case, or written out
 * ```
 *
 * fail2ban evaluates durations as Python expressions; arithmetic is rejected
 * here.
 *
 * @see {@link https://github.com/fail2ban/fail2ban/blob/1.1.0/fail2ban/server/mytime.py | fail2ban's str2seconds}
 * @module
 */

/** The duration `-1`: forever. */
export const PERMANENT_SECONDS = -1;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ...["s", "ss", "sec", "second", "seconds"].map((name) => [name, 1] as const),
  ...["m", "mm", "min", "minute", "minutes"].map((name) =>
    [name, MINUTE] as const
  ),
  ...["h", "hh", "hour", "hours"].map((name) => [name, HOUR] as const),
  ...["d", "dd", "day", "days"].map((name) => [name, DAY] as const),
  ...["w", "ww", "week", "weeks"].map((name) => [name, 7 * DAY] as const),
  ...["mo", "mon", "month", "months"].map((name) => [name, YEAR / 12] as const),
  ...["y", "yy", "year", "years"].map((name) => [name, YEAR] as const),
]);

const MAX_LENGTH = 64;
const WHOLE = /^(?:\d{1,10} *[a-z]{1,7} *)+$/;
const PART = /(\d+) *([a-z]+)/g;

/**
 * Reads a duration.
 *
 * @param text The duration.
 * @returns Whole seconds, {@link PERMANENT_SECONDS} for `-1`, or `undefined`
 * when the text is no duration.
 *
 * @example
 * ```ts
 * import { parseDuration } from "./duration.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseDuration("600"), 600);
 * strictEqual(parseDuration("1d 12h"), 129_600);
 * strictEqual(parseDuration("-1"), -1);
 * strictEqual(parseDuration("1h-30m"), undefined);
 * ```
 */
export function parseDuration(text: string): number | undefined {
  if (text === "-1") return PERMANENT_SECONDS;
  if (text.length > MAX_LENGTH) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const lower = text.toLowerCase();
  if (!WHOLE.test(lower)) return undefined;
  const seen = new Set<number>();
  let seconds = 0;
  for (const [, count, unit] of lower.matchAll(PART)) {
    const size = UNIT_SECONDS.get(unit ?? "");
    if (size === undefined || seen.has(size)) return undefined;
    seen.add(size);
    seconds += Number(count) * size;
  }
  return seconds;
}

/**
 * Writes a duration so that {@link parseDuration} reads the same, as a whole
 * number of the largest unit that allows one, at most days.
 *
 * @param seconds Whole seconds, or {@link PERMANENT_SECONDS}.
 *
 * @example
 * ```ts
 * import { durationText } from "./duration.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(durationText(129_600), "36h");
 * strictEqual(durationText(90), "90s");
 * ```
 */
export function durationText(seconds: number): string {
  if (seconds === PERMANENT_SECONDS) return "-1";
  const [size, unit] =
    ([[DAY, "d"], [HOUR, "h"], [MINUTE, "m"]] as const).find(([size]) =>
      seconds > 0 && seconds % size === 0
    ) ?? [1, "s"];
  return `${seconds / size}${unit}`;
}
