/**
 * When a line of fail2ban's log was written.
 *
 * @module
 */

import type { LogFormat } from "./option_value.ts";

const FILE_TIME = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d),(\d{3}) /;

/**
 * Reads a line's time. fail2ban writes local time without a zone: it is read as
 * this process's, and in the hour that comes twice as the first.
 *
 * @param line The line, or its beginning.
 * @param format How the lines begin; only those of a file have a year.
 * @returns Milliseconds since 1970; `undefined`: the line does not say.
 *
 * @example
 * ```ts
 * import { lineTimeMs } from "./line_time.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const line = "2026-11-22 14:13:03,659 fail2ban.actions        [12067]: NOTICE  [sshd] Ban 192.0.2.1";
 * strictEqual(lineTimeMs(line, "file"), new Date(2026, 10, 22, 14, 13, 3, 659).getTime());
 * strictEqual(lineTimeMs(line, "journal"), undefined);
 * ```
 */
export function lineTimeMs(
  line: string,
  format: LogFormat,
): number | undefined {
  const match = format === "file" ? FILE_TIME.exec(line) : null;
  if (match === null) return undefined;
  const [, year = 0, month = 0, day, hour, minute, second, ms] = match
    .map(Number);
  // Below 100, `Date` takes a year for one of the last century.
  if (year < 100) return undefined;
  return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}
