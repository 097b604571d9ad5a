/**
 * Whole episodes of fail2ban's log, as different versions write them.
 *
 * @module
 */

const LOGGERS: Readonly<Record<string, string>> = {
  a: "fail2ban.actions",
  d: "fail2ban.database",
  f: "fail2ban.filter",
  j: "fail2ban.jail",
  o: "fail2ban.observer",
  s: "fail2ban.server",
};

const LEVELS: Readonly<Record<string, string>> = {
  E: "ERROR",
  I: "INFO",
  N: "NOTICE",
};

/**
 * Renders a log.
 *
 * @param episode One line per message: the first letters of logger and level,
 * then the message; `a N [sshd] Ban 192.0.2.1` is a ban.
 */
export function logOf(episode: string): Uint8Array {
  const lines = episode.trim().split("\n").map((line) => {
    const [, logger = "", level = "", message = ""] =
      /^(\w) (\w) (.*)$/.exec(line.trim()) ?? [];
    const name = (LOGGERS[logger] ?? "").padEnd(24);
    const levelName = (LEVELS[level] ?? "").padEnd(7);
    return `2026-11-22 14:04:14,285 ${name}[10390]: ${levelName} ${message}\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

/** A stop of the server with two tickets in force. */
export const STOP = `
  s I Shutdown in progress...
  o I Observer stop ... try to end queue 5 seconds
  o I Observer stopped, 0 events remaining.
  s I Stopping all jails
  f I Removed logfile: '/var/log/auth.log'
  a N [sshd] Flush ticket(s) with nftables
  a N [sshd] Unban 192.0.2.1
  a N [nginx] Unban 2001:db8::2
  j I Jail 'sshd' stopped
  j I Jail 'nginx' stopped
  d I Connection to database closed.
  s I Exiting Fail2ban`;

/** The start that follows. */
export const START = `
  s I --------------------------------------------------
  s I Starting Fail2ban v1.0.2
  j I Creating new jail 'sshd'
  j I Jail 'sshd' uses pyinotify {}
  j I Creating new jail 'nginx'
  j I Jail 'sshd' started
  j I Jail 'nginx' started
  a N [sshd] Restore Ban 192.0.2.1
  a N [nginx] Restore Ban 2001:db8::2`;

/** A reload of one jail with `reload --restart`. */
export const JAIL_RESTART = `
  s I Reload jail 'sshd'
  f I Removed logfile: '/var/log/auth.log'
  a N [sshd] Flush ticket(s) with nftables
  a N [sshd] Unban 192.0.2.1
  a N [sshd] Unban 192.0.2.7
  j I Jail 'sshd' stopped
  j I Creating new jail 'sshd'
  j I Jail 'sshd' started
  a N [sshd] Restore Ban 192.0.2.1
  a N [sshd] Restore Ban 192.0.2.7`;

/** A failed reload: all jails are gone for good. */
export const FAILED_RELOAD = `
  s I Reload all jails
  a N [sshd] Unban 192.0.2.1
  j I Jail 'sshd' stopped
  a N [nginx] Unban 2001:db8::2
  j I Jail 'nginx' stopped`;

/**
 * A restart with `loglevel = NOTICE`, without messages about the server or
 * jails.
 */
export const QUIET_RESTART = `
  a N [sshd] Unban 192.0.2.1
  a N [nginx] Unban 2001:db8::2
  a N [sshd] Restore Ban 192.0.2.1
  a N [nginx] Restore Ban 2001:db8::2`;

/** A restart of 1.1.1, which names its reason. */
export const REPEALING_RESTART = STOP.replaceAll("Unban", "Repeal Ban") + START;
