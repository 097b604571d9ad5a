/**
 * Broken configurations, programs and connections to the publisher.
 *
 * @module
 */

import {
  AGAIN,
  type BrokenSetUp,
  CONF,
  LOCAL,
  STATE,
} from "./broken_set_up.ts";

/** Broken configurations, programs and connections to the publisher. */
export const BROKEN_PROGRAMS: readonly BrokenSetUp[] = [
  {
    what: "an unknown option",
    breaks: `printf '\\n[monitor]\\nlogfromat = file\\n' >>${LOCAL}`,
    state: "fail",
    subject: "configuration",
    says: /monitor\.logfromat/,
    fix: /^sed -i '\d+s/,
  },
  {
    what: "a value that is none",
    breaks: `printf '\\n[subscriber]\\nresync = often\\n' >>${LOCAL}`,
    state: "fail",
    subject: "configuration",
    says: /subscriber\.resync = often: expected/,
    fix: /^sed -i/,
  },
  {
    what: "a configuration that this user may not read",
    breaks: `chown 65534 ${CONF}`,
    within:
      "setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search",
    state: "fail",
    subject: "configuration",
    says: /this user may read/,
    fix: /^sudo fail2ban-cluster doctor$/,
    instead: `chown root ${CONF}`,
  },
  {
    what: "a token that everybody may read",
    breaks: `chmod 644 ${CONF}`,
    state: "warn",
    subject: "configuration",
    says: /everybody on this host can read the secret in it/,
    fix: /^chmod /,
  },
  {
    what: "a pid file of a process that was killed",
    breaks: "kill -9 $(cat /var/run/fail2ban-monitor.pid)",
    state: "fail",
    subject: "fail2ban-monitor",
    says: /does not run: .* names process \d+/,
    fix: /^fail2ban-monitor start$/,
  },
  {
    what: "a pid file that names another process",
    breaks:
      "fail2ban-subscriber stop; echo $$ >/var/run/fail2ban-subscriber.pid",
    state: "fail",
    subject: "fail2ban-subscriber",
    says: /does not run/,
    fix: /^fail2ban-subscriber start$/,
  },
  {
    what: "a folder in the place of a pid file",
    breaks: "fail2ban-monitor stop; mkdir /var/run/fail2ban-monitor.pid",
    state: "fail",
    subject: "fail2ban-monitor",
    says: /it is a folder/,
    fix: /^mv /,
    after: "fail2ban-monitor start",
  },
  {
    what: "a publisher that is down",
    breaks: "fail2ban-publisher stop",
    state: "fail",
    subject: "reach hub",
    says: /connection refused, nothing listens there/,
    fix: /^fail2ban-publisher start$/,
  },
  {
    what: "a publisher's name without an address",
    breaks:
      `sed -i 's|^controlserver.*|controlserver = tcp://hub.invalid:5681|' ${LOCAL}; ` +
      "fail2ban-monitor restart; fail2ban-subscriber restart",
    state: "fail",
    subject: "reach hub",
    says: /can't be looked up/,
    fix: /^sed -i '\d+s\|\.\*\|controlserver = tcp:\/\/127\.0\.0\.1:5681\|'/,
    // The other program's line is only reported once this one is repaired.
    after:
      `sed -i 's|hub.invalid|127.0.0.1|' ${LOCAL}; fail2ban-monitor restart; fail2ban-subscriber restart`,
  },
  {
    what: "one port that a firewall drops",
    breaks:
      "nft add table inet filter; nft 'add chain inet filter input { type filter hook input priority 0; }'; " +
      "nft add rule inet filter input tcp dport 5682 drop",
    state: "fail",
    subject: "reach hub",
    says: /5682.*though its other port answers/,
    fix: /nft insert rule inet filter input tcp dport 5682 accept$/,
    instead: "nft insert rule inet filter input tcp dport 5682 accept",
    after: "nft delete table inet filter",
  },
  {
    what: "both ports where nothing comes back",
    breaks:
      "nft add table inet filter; nft 'add chain inet filter input { type filter hook input priority 0; }'; " +
      "nft add rule inet filter input tcp dport { 5681, 5682 } drop",
    state: "fail",
    subject: "reach hub",
    says: /no connection: none within/,
    fix: /nft insert rule inet filter input tcp dport 5681 accept$/,
    instead: "nft delete table inet filter",
  },
  {
    what: "something else at the publisher's port",
    breaks: "fail2ban-publisher stop; " +
      "(setsid python3 -m http.server --bind 127.0.0.1 5681 >/dev/null 2>&1 & echo $! >/run/other.pid)",
    state: "fail",
    subject: "port",
    says: /controlbindurl = .*another program listens there/,
    fix: /^ss -ltnp 'sport = :5681'$/,
    // Port 5681 is 1631 in hexadecimal; the state of who listens is 0A.
    instead:
      "kill $(cat /run/other.pid); while grep -q ':1631 00000000:0000 0A' /proc/net/tcp; do sleep 0.1; done; " +
      "fail2ban-publisher start",
  },
  {
    what: "a key that is no member's any more",
    breaks:
      "fail2ban-cluster node rotate all1 >/dev/null 2>&1; fail2ban-monitor restart",
    state: "fail",
    subject: "hub serves",
    says: /this node's key is no member's there/,
    fix:
      /on the hub: fail2ban-cluster node rotate all1; then here: .*join CODE/,
    instead: AGAIN,
  },
  {
    what: "a node that was revoked",
    breaks: "fail2ban-cluster node revoke all1 2>/dev/null",
    state: "fail",
    subject: "hub serves",
    says: /no handshake/,
    fix: /node rotate all1/,
    instead:
      "fail2ban-cluster join $(fail2ban-cluster node add all1 2>/dev/null) 2>/dev/null",
  },
  {
    what: "a publisher with other keys",
    breaks:
      `fail2ban-publisher stop; mv ${STATE}/members ${STATE}/members.before; ` +
      "fail2ban-cluster init 2>/dev/null; fail2ban-publisher start",
    state: "fail",
    subject: "hub serves",
    says: /or it is another publisher/,
    fix: /node rotate all1/,
    instead:
      `fail2ban-publisher stop; rm -r ${STATE}/members; mv ${STATE}/members.before ${STATE}/members; fail2ban-publisher start`,
  },
];
