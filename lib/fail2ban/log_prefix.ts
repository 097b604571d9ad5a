/**
 * What fail2ban's lines begin with, in each way to log. See `log_line.ts`.
 *
 * @module
 */

import type { LogFormat } from "./log_format.ts";

const STAMP = String
  .raw`(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d))`;
/** A name or an address. What ends in a single colon is a program: its message follows. */
const HOST = String
  .raw`(?:[A-Za-z0-9_.-]{1,255}|[0-9A-Fa-f:.]{0,43}(?:[0-9A-Fa-f]|::))`;

/**
 * Patterns of whole lines, from their first byte.
 *
 * @param levels Which levels, as alternatives. The journal's own form has none.
 * @param message What follows the prefix.
 * @returns By format; `logger` and `level` are named, but for the journal's.
 */
export function linePatterns(
  levels: string,
  message: string,
): Readonly<Record<LogFormat, RegExp>> {
  const sender = String
    .raw`fail2ban\.(?:server\.)?(?<logger>actions|observer|server|jail) *(?:\[\d{1,10}\])?: (?<level>${levels}) +`;
  return {
    file: new RegExp(
      String
        .raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ${sender}${message}`,
    ),
    syslog: new RegExp(
      String
        .raw`^(?:<\d{1,3}>)?(?:${STAMP} ${HOST} )?${sender}${message}`,
    ),
    sysout: new RegExp(
      String
        .raw`^(?:(?:${STAMP} )?${HOST} fail2ban-server\[\d{1,10}\]: )?${sender}${message}`,
    ),
    journal: new RegExp(
      String
        .raw`^(?:${STAMP} )?${HOST} fail2ban(?:-server)?\[\d{1,10}\]: ${message}`,
    ),
  };
}
