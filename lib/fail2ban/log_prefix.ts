/**
 * Patterns of the prefix of fail2ban's lines, for each log format. See
 * `log_line.ts`.
 *
 * @module
 */

import type { LineFormat } from "./log_format.ts";

const STAMP = String
  .raw`(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{6})?|\d{10}\.\d{6}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d))`;
/**
 * A host name or an address. A word that ends in a single colon is a program,
 * followed by its message.
 */
const HOST = String
  .raw`(?:[A-Za-z0-9_.-]{1,255}|[0-9A-Fa-f:.]{0,43}(?:[0-9A-Fa-f]|::))`;

/**
 * Builds patterns for whole lines, from their first byte. Groups have numbers,
 * because an object of named groups costs as much as the match itself.
 *
 * @param levels The log levels, as alternatives. The journal's own form has
 * none.
 * @param message Pattern of the message.
 * @returns Patterns by format. The first two groups are the logger and the
 * level, both empty for the journal; the groups of the message follow.
 */
export function linePatterns(
  levels: string,
  message: string,
): Readonly<Record<LineFormat, RegExp>> {
  return patternsOf(
    String
      .raw`fail2ban\.(?:server\.)?(actions|observer|server|jail) *(?:\[\d{1,10}\])?: (${levels}) +`,
    message,
    "()()",
  );
}

/**
 * The beginning of any fail2ban line, from any logger. In the journal's own
 * form no second prefix follows.
 */
export const LINE_BEGINNINGS: Readonly<Record<LineFormat, RegExp>> = patternsOf(
  String
    .raw`fail2ban(?:\.[\w.]{1,64})? *(?:\[\d{1,10}\])?: (?:[A-Z]{3,9}|#\d\d-Lev\.) +`,
  String.raw`(?!\d{4}-|fail2ban\.)`,
);

const REPEATED = new RegExp(
  String
    .raw`^((?:<\d{1,3}>)?${STAMP} ${HOST} (?:fail2ban[\w.-]{0,64} *(?:\[\d{1,10}\])?: )?)message repeated \d{1,9} times: \[ ?(.*)\]$`,
);

/**
 * Extracts the line that a syslog server folded into `message repeated 2 times:
 * [ ... ]`.
 *
 * @param text A line that a syslog server wrote.
 * @returns The text itself if nothing was folded.
 * @see rsyslog's `$RepeatedMsgReduction`
 */
export function unfolded(text: string): string {
  return text.includes("message repeated ")
    ? text.replace(REPEATED, "$1$2")
    : text;
}

/** Another program's line in a log shared with fail2ban. */
const FOREIGN = new RegExp(
  String
    .raw`^(?:<\d{1,3}>)?${STAMP} ${HOST} (?!fail2ban|message repeated )[\w./@()-]{1,128}(?:\[\d{1,10}\])?:(?: |$)`,
);

/**
 * Whether another program wrote a line of a log that it shares with fail2ban,
 * such as a host's syslog.
 */
export function isForeign(text: string, format: LineFormat): boolean {
  return format !== "file" && FOREIGN.test(text);
}

function patternsOf(
  sender: string,
  message: string,
  journalSender = "",
): Readonly<Record<LineFormat, RegExp>> {
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
        .raw`^(?:${STAMP} )?${HOST} fail2ban(?:-server)?\[\d{1,10}\]: ${journalSender}${message}`,
    ),
  };
}
