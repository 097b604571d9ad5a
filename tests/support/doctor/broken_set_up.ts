/**
 * Broken set-ups for tests of `doctor`.
 *
 * @module
 */

/** A broken set-up, with the expected finding. */
export interface BrokenSetUp {
  readonly what: string;
  /** The command that breaks it. */
  readonly breaks: string;
  readonly state: "warn" | "fail";
  readonly subject: string;
  readonly says: RegExp;
  /** The expected fix. */
  readonly fix: RegExp;
  /** Replaces the fix if that is for another host, or needs a decision. */
  readonly instead?: string;
  /** A command to run after the fix. */
  readonly after?: string;
  /** Prefix of the `doctor` command. */
  readonly within?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const CONF = "/etc/fail2ban-cluster/fail2ban-cluster.conf";

export const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";

export const STATE = "/var/lib/fail2ban-cluster";

/** A fix that replaces placeholders in the printed one. */
export const AGAIN =
  "fail2ban-cluster join $(fail2ban-cluster node rotate all1 2>/dev/null) 2>/dev/null";
