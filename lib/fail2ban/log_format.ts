/**
 * The forms of fail2ban's log lines.
 *
 * @module
 */

/** What stands before the message of fail2ban's lines. */
export type LogFormat = "file" | "syslog" | "sysout" | "journal";

/** Every {@link LogFormat}. */
export const LOG_FORMATS: readonly LogFormat[] = [
  "file",
  "syslog",
  "sysout",
  "journal",
];
