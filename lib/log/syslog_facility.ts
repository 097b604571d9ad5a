/**
 * The facilities of syslog.
 *
 * @module
 */

/** Names of syslog's facilities, in lower case. */
export type SyslogFacility = typeof SYSLOG_FACILITIES[number];

/**
 * Every facility that has a name in syslog.conf(5).
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 | RFC 5424, section 6.2.1}
 */
export const SYSLOG_FACILITIES = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const;
