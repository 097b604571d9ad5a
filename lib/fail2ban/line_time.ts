/**
 * Reads the times in a line of fail2ban's log: when the line was written, and
 * to which duration a ban was increased.
 *
 * @see fail2ban/server/observer.py and utils.py of 0.11 to 1.1
 * @module
 */

const FILE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) /;
const ISO =
  /^(?:<\d{1,3}>)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)) /;
const SYSLOG =
  /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d(?:\.\d{6})?) /;
const UNIX = /^(\d{10}\.\d{6}) /;
const INCREASED_TO = / -> (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\)$/;
const DAY_MS = 86_400_000;

/**
 * Reads when a line was written. A time without a zone is local time; in the
 * hour that summer time repeats it is the first one. A date without a year is
 * in the latest year in which it is not in the future.
 *
 * @param line The line.
 * @param nowMs Milliseconds since 1970.
 * @returns Milliseconds since 1970; `undefined` if the line does not contain
 * it.
 *
 * @example
 * ```ts
 * import { timeOfLine } from "./line_time.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const line = "2026-11-22T14:04:14.285+00:00 web1 fail2ban.actions[9]: NOTICE [sshd] Ban 192.0.2.1";
 * strictEqual(timeOfLine(line, 0), Date.UTC(2026, 10, 22, 14, 4, 14, 285));
 * ```
 */
export function timeOfLine(line: string, nowMs: number): number | undefined {
  const [, day, time = "", milliseconds = ""] = FILE.exec(line) ?? [];
  if (day !== undefined) return finite(`${day}T${time}.${milliseconds}`);
  const [, stamp] = ISO.exec(line) ?? [];
  if (stamp !== undefined) return finite(stamp);
  const [, seconds] = UNIX.exec(line) ?? [];
  if (seconds !== undefined) return Math.floor(Number(seconds) * 1_000);
  const [, month, date = "", clock = ""] = SYSLOG.exec(line) ?? [];
  if (month === undefined) return undefined;
  const year = new Date(nowMs).getFullYear();
  const inYear = (of: number) =>
    finite(`${month} ${date.trim()}, ${of} ${clock}`);
  const thisYear = inYear(year);
  return thisYear !== undefined && thisYear > nowMs + DAY_MS
    ? inYear(year - 1)
    : thisYear;
}

/** Whether a line's stamp names its zone, so that it is unambiguous. */
export function hasZone(line: string): boolean {
  return ISO.test(line) || UNIX.test(line);
}

/**
 * Reads the end of the ban from an `Increase Ban` line.
 *
 * @param line The line.
 * @returns Milliseconds since 1970; `undefined` if the line does not contain
 * it.
 */
export function endInLine(line: string): number | undefined {
  const [, day, time = ""] = INCREASED_TO.exec(line) ?? [];
  return day === undefined ? undefined : finite(`${day}T${time}`);
}

function finite(text: string): number | undefined {
  const ms = new Date(text).getTime();
  return Number.isFinite(ms) ? ms : undefined;
}

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
 * Reads an increased ban time. Ban times with a random or computed part have
 * fractions.
 *
 * @param text As in `4:00:00`, `1 day, 0:00:00`, `6s`, `2d 7h`, `6.0m 28.06s`,
 * `0`, `permanent`.
 * @returns Seconds, with their fraction; `undefined` when it is no duration, or
 * has more seconds than a number holds exactly.
 *
 * @example
 * ```ts
 * import { parseLoggedDuration } from "./line_time.ts";
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
