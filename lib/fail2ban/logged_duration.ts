/**
 * Durations as fail2ban's observer logs them.
 *
 * @see fail2ban/server/observer.py and utils.py of 0.11 to 1.1
 * @module
 */

/** A number as Python writes it; `1.5e-05` for a tiny one. */
const NUMBER = String.raw`\d+(?:\.\d+)?(?:e[+-]\d{1,3})?`;
const CLOCK = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d{1,6})?)$/;
const UNITS = new RegExp(`^${NUMBER}[smhdwy](?: ${NUMBER}[smhdwy])*$`);
const SECONDS_OF = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
} as const;

/**
 * Reads how long a ban was increased to. Ban times with a random or computed
 * part have fractions.
 *
 * @param text As in `4:00:00`, `1 day, 0:00:00`, `6s`, `2d 7h`, `6.0m 28.06s`, `0`, `permanent`.
 * @returns Seconds, with their fraction; `undefined` when it is no duration, or
 * more seconds than a number holds exactly.
 *
 * @example
 * ```ts
 * import { parseLoggedDuration } from "./logged_duration.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseLoggedDuration("1 day, 0:00:10"), 86_410);
 * strictEqual(parseLoggedDuration("2d 7h"), 198_000);
 * strictEqual(parseLoggedDuration("6.0m 28.5s"), 388.5);
 * ```
 */
export function parseLoggedDuration(
  text: string,
): number | "permanent" | undefined {
  if (text === "permanent") return text;
  const seconds = parseSeconds(text);
  return seconds !== undefined && seconds <= Number.MAX_SAFE_INTEGER
    ? seconds
    : undefined;
}

function parseSeconds(text: string): number | undefined {
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const [, days = "0", hours, minutes, seconds] = clock;
    return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 +
      Number(seconds);
  }
  if (text === "0") return 0;
  if (!UNITS.test(text)) return undefined;
  return text.split(" ").reduce((sum, part) => {
    const unit = part.slice(-1) as keyof typeof SECONDS_OF;
    return sum + Number(part.slice(0, -1)) * SECONDS_OF[unit];
  }, 0);
}
