/**
 * The forms of fail2ban's log lines.
 *
 * @module
 */

/** What stands before the message of fail2ban's lines. */
export const LOG_FORMATS = ["file", "syslog", "sysout", "journal"] as const;

/** One of {@link LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];
