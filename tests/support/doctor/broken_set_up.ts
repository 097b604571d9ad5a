/**
 * What `doctor` is tried against: something that is really broken.
 *
 * @module
 */

/** Something that is broken, and what is to be said of it. */
export interface BrokenSetUp {
  readonly what: string;
  /** Breaks it. */
  readonly breaks: string;
  readonly state: "warn" | "fail";
  readonly subject: string;
  readonly says: RegExp;
  /** What its fix looks like. */
  readonly fix: RegExp;
  /** Typed in its place, where the fix is for another host, or a person has to choose. */
  readonly instead?: string;
  /** Typed after it. */
  readonly after?: string;
  /** What `doctor` is started by. */
  readonly within?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const CONF = "/etc/fail2ban-cluster/fail2ban-cluster.conf";

export const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";

export const STATE = "/var/lib/fail2ban-cluster";

/** What a fix names where a person knows better. */
export const AGAIN =
  "fail2ban-cluster join $(fail2ban-cluster node rotate all1 2>/dev/null) 2>/dev/null";
