/**
 * The forms of fail2ban's log lines.
 *
 * @module
 */

/** The form of the prefix of fail2ban's log lines. */
export type LogFormat = "file" | "syslog" | "sysout" | "journal";
