/**
 * The forms in which fail2ban's lines come.
 *
 * @module
 */

/** What stands before the message of fail2ban's lines. */
export type LogFormat = "file" | "syslog" | "sysout" | "journal";
