/**
 * Durations as fail2ban's observer logs them.
 *
 * @see fail2ban/server/observer.py and utils.py of 0.11 to 1.1
 * @module
 */

/**
 * Reads how long a ban was increased to.
 *
 * @param text As in `4:00:00`, `1 day, 0:00:00`, `6s`, `2d 7h`, `1y 3w 4d`, `permanent`.
 * @returns Seconds; `undefined` when it is no duration, or more seconds than a
 * number holds exactly.
 *
 * @example
 * ```ts
 * import { parseLoggedDuration } from "./logged_duration.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseLoggedDuration("1 day, 0:00:10"), 86_410);
 * strictEqual(parseLoggedDuration("2d 7h"), 198_000);
 * ```
 */
export function parseLoggedDuration(
  text: string,
): number | "permanent" | undefined {
  if (text === "permanent") return text;
  const seconds = parseSeconds(text);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

function parseSeconds(text: string): number | undefined {
  const clock = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)$/.exec(text);
  if (clock !== null) {
    const [, days = "0", hours, minutes, seconds] = clock;
    return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 +
      Number(seconds);
  }
  if (!/^\d+[smhdwy](?: \d+[smhdwy])*$/.test(text)) return undefined;
  const units = {
    s: 1,
    m: 60,
    h: 3_600,
    d: 86_400,
    w: 604_800,
    y: 31_536_000,
  };
  return text.split(" ").reduce((sum, part) => {
    const unit = part.slice(-1) as keyof typeof units;
    return sum + Number(part.slice(0, -1)) * units[unit];
  }, 0);
}
