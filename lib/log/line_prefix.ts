/**
 * The prefixes of log lines: time stamp and sender.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc3164 | RFC 3164}
 * @module
 */

import type { OutputLine } from "./line_sink.ts";
import { FACILITY_CODES, type SyslogFacility } from "./syslog_facility.ts";
import type { Severity } from "./log.ts";

/** The program that writes a line. */
export interface LogSource {
  /** The executable's name, as in `fail2ban-monitor`. */
  readonly name: string;
  /** Its process id. */
  readonly pid: number;
}

/** Returns the prefix of a line. */
export type LinePrefix = (line: OutputLine) => string;

/** Numerical codes of RFC 5424, table 2. */
const SEVERITY_CODES: Readonly<Record<Severity, number>> = {
  critical: 2,
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** No prefix, for lines that contain everything, such as JSON. */
export const noPrefix: LinePrefix = () => "";

/**
 * The prefix of the program's own log: an RFC 3339 stamp in UTC, and the
 * program.
 *
 * @param source The program.
 *
 * @example
 * ```ts
 * import { isoPrefix } from "./line_prefix.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const prefix = isoPrefix({ name: "fail2ban-monitor", pid: 123 });
 * strictEqual(
 *   prefix({ severity: "info", atMs: 1_795_466_335_123, text: "" }),
 *   "2026-11-23T20:38:55.123Z fail2ban-monitor[123]: ",
 * );
 * ```
 */
export function isoPrefix(source: LogSource): LinePrefix {
  let [lastMs, prefix] = [NaN, ""];
  return ({ atMs }) => {
    // In a burst many lines have the same time.
    if (atMs !== lastMs) {
      prefix = `${
        new Date(atMs).toISOString()
      } ${source.name}[${source.pid}]: `;
      lastMs = atMs;
    }
    return prefix;
  };
}

/**
 * The prefix that syslog daemons write to files: a stamp in local time, the
 * host,
 * and the program.
 *
 * @param source The program.
 * @param hostName This host's name.
 *
 * @example
 * ```ts
 * import { syslogFilePrefix } from "./line_prefix.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const prefix = syslogFilePrefix({ name: "fail2ban-subscriber", pid: 123 }, "web-1");
 * strictEqual(
 *   prefix({ severity: "info", atMs: new Date(2026, 10, 3, 20, 38, 55).getTime(), text: "" }),
 *   "Nov  3 20:38:55 web-1 fail2ban-subscriber[123]: ",
 * );
 * ```
 */
export function syslogFilePrefix(
  source: LogSource,
  hostName: string,
): LinePrefix {
  const stamp = rfc3164Stamps();
  return ({ atMs }) =>
    `${stamp(atMs)} ${hostName} ${source.name}[${source.pid}]: `;
}

/**
 * The prefix of a line on standard error for the journal: its priority. The
 * journal itself adds time, program and process id.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html | sd-daemon(3)}
 *
 * @example
 * ```ts
 * import { journalPrefix } from "./line_prefix.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(journalPrefix({ severity: "error" }), "<3>");
 * ```
 */
export const journalPrefix = ({ severity }: Pick<OutputLine, "severity">) =>
  `<${SEVERITY_CODES[severity]}>`;

/**
 * The prefix of a datagram to the local syslog daemon, which adds the host.
 *
 * @param source The program.
 * @param facility The kind of program.
 *
 * @example
 * ```ts
 * import { syslogDatagramPrefix } from "./line_prefix.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const prefix = syslogDatagramPrefix({ name: "fail2ban-subscriber", pid: 123 }, "auth");
 * strictEqual(
 *   prefix({ severity: "info", atMs: new Date(2026, 10, 23, 20, 38, 55).getTime(), text: "" }),
 *   "<38>Nov 23 20:38:55 fail2ban-subscriber[123]: ",
 * );
 * ```
 */
export function syslogDatagramPrefix(
  source: LogSource,
  facility: SyslogFacility,
): LinePrefix {
  const stamp = rfc3164Stamps();
  return ({ atMs, severity }) => {
    const priority = FACILITY_CODES[facility] * 8 +
      SEVERITY_CODES[severity];
    return `<${priority}>${stamp(atMs)} ${source.name}[${source.pid}]: `;
  };
}

/** Creates stamps, once for all lines of a second. */
function rfc3164Stamps(): (atMs: number) => string {
  let [lastSecond, stamp] = [NaN, ""];
  return (atMs) => {
    const second = Math.floor(atMs / 1_000);
    if (second !== lastSecond) stamp = rfc3164Stamp(atMs);
    lastSecond = second;
    return stamp;
  };
}

/** `Mmm dd hh:mm:ss` in local time, the day padded with a space. */
function rfc3164Stamp(atMs: number): string {
  const date = new Date(atMs);
  const month = MONTHS.slice(date.getMonth() * 3, date.getMonth() * 3 + 3);
  const day = String(date.getDate()).padStart(2, " ");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"));
  return `${month} ${day} ${time.join(":")}`;
}
