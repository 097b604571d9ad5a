import type { Finding } from "../../../lib/diagnosis/finding.ts";
import type { Commands } from "../../../lib/diagnosis/fix_commands.ts";

/** Commands of a host whose programs systemd runs. */
export const SYSTEMD: Commands = {
  hasServices: true,
  namedConfig: undefined,
  localPath: "/etc/fail2ban-cluster/fail2ban-cluster.local",
};
/** Commands of a host whose programs are run by hand. */
export const BY_HAND: Commands = { ...SYSTEMD, hasServices: false };

/** One line per finding, such as `fail clock: ...: fix`. */
export function texts(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ state, subject, finding, fix }) =>
    `${state} ${subject}: ${finding}${fix === undefined ? "" : ` -> ${fix}`}`
  );
}
