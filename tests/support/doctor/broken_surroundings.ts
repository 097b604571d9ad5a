/**
 * Broken environments of the programs: fail2ban, firewall, clock, host.
 *
 * @module
 */

import { type BrokenSetUp, CONF, LOCAL } from "./broken_set_up.ts";

const LOG = "/var/log/fail2ban.log";

const LINES_OF_ANOTHER_FORM =
  "for i in 1 2 3 4 5 6; do echo 'fail2ban.actions [17]: NOTICE  [sshd] Ban 203.0.113.7'; done";

/** A fake syslog daemon for fail2ban. */
const SYSLOG = "import socket, time; s = socket.socket(socket.AF_UNIX, " +
  "socket.SOCK_DGRAM); s.bind('/run/log.sock'); time.sleep(60)";

/** Broken environments of the programs: fail2ban, firewall, clock, host. */
export const BROKEN_SURROUNDINGS: readonly BrokenSetUp[] = [
  {
    what: "fail2ban's log that is gone",
    breaks: `mv ${LOG} ${LOG}.away`,
    state: "fail",
    subject: "fail2ban.log",
    says: /there is no such file/,
    fix: /^fail2ban-client get logtarget$/,
    after: `mv ${LOG}.away ${LOG}`,
  },
  {
    what: "fail2ban that logs to syslog",
    breaks: `setsid python3 -c "${SYSLOG}" >/dev/null 2>&1 & ` +
      "until [ -S /run/log.sock ]; do sleep 0.1; done; " +
      "fail2ban-client set syslogsocket /run/log.sock >/dev/null && fail2ban-client set logtarget SYSLOG >/dev/null",
    state: "fail",
    subject: "fail2ban.log",
    says: /its logtarget is SYSLOG, and logformat is file/,
    fix: /^fail2ban-client set logtarget \/var\/log\/fail2ban\.log$/,
  },
  {
    what: "fail2ban that logs to another file",
    breaks: "fail2ban-client set logtarget /var/log/other.log >/dev/null",
    state: "fail",
    subject: "fail2ban.log",
    says: /its logtarget is \/var\/log\/other\.log/,
    fix: /^fail2ban-client set logtarget/,
  },
  {
    what: "fail2ban that leaves bans out of its log",
    breaks: "fail2ban-client set loglevel ERROR >/dev/null",
    state: "fail",
    subject: "fail2ban.log",
    says: /its loglevel is ERROR, which leaves bans out/,
    fix: /^fail2ban-client set loglevel INFO$/,
  },
  {
    what: "a log whose lines are of another form",
    breaks:
      `fail2ban-client stop >/dev/null; cp -p ${LOG} /run/kept; (${LINES_OF_ANOTHER_FORM}) >${LOG}`,
    state: "fail",
    subject: "fail2ban.log",
    says: /its lines do not begin as logformat = file says/,
    fix: /^printf '.*logformat = syslog/,
    after:
      `sed -i '/logformat/d' ${LOCAL}; cp -p /run/kept ${LOG}; fail2ban-client start >/dev/null; fail2ban-subscriber restart`,
  },
  {
    // Like Debian 12, which has no iptables.
    what: "a fail2ban that calls a program that is not there",
    breaks:
      "fail2ban-client set sshd addaction absent >/dev/null; fail2ban-client set sshd action absent actionban absent >/dev/null; " +
      "fail2ban-client set sshd banip 203.0.113.79 >/dev/null",
    state: "warn",
    subject: "fail2ban.log",
    says: /an action failed of what fail2ban lists as done/,
    fix: /^grep 'Failed to execute' \/var\/log\/fail2ban\.log/,
    after:
      "fail2ban-client set sshd delaction absent >/dev/null; fail2ban-client set sshd unbanip 203.0.113.79 >/dev/null; fail2ban-monitor restart",
  },
  {
    what: "fail2ban that does not run",
    breaks: "fail2ban-client stop >/dev/null",
    state: "fail",
    subject: "fail2ban",
    says:
      /^fail2ban's socket \/var\/run\/fail2ban\/fail2ban\.sock is not there/,
    fix: /^fail2ban-client start$/,
    after: "fail2ban-subscriber restart",
  },
  {
    what: "a jail that is not installed",
    breaks:
      "rm /etc/fail2ban/jail.d/fail2bancluster.conf; fail2ban-client reload >/dev/null",
    state: "fail",
    subject: "jail",
    says: /fail2bancluster is not installed/,
    fix: /^cp .*fail2bancluster\.conf .* && fail2ban-client reload$/,
    after: "fail2ban-subscriber restart",
  },
  {
    what: "a jail that fail2ban does not know yet",
    breaks:
      "mv /etc/fail2ban/jail.d/fail2bancluster.conf /run/kept; fail2ban-client reload >/dev/null; " +
      "mv /run/kept /etc/fail2ban/jail.d/fail2bancluster.conf",
    state: "fail",
    subject: "jail",
    says: /fail2ban does not know it yet/,
    fix: /^fail2ban-client reload$/,
    after: "fail2ban-subscriber restart",
  },
  {
    what: "a jailmap with a jail that is none",
    breaks: `printf '\\n[subscriber]\\njailmap = * = nosuch\\n' >>${LOCAL}`,
    state: "fail",
    subject: "jail",
    says: /no jail nosuch, which jailmap names/,
    fix: /^fail2ban-client status$/,
    after: `sed -i '/jailmap/d' ${LOCAL}`,
  },
  {
    what: "fail2ban's database elsewhere",
    breaks:
      `printf '\\n[monitor]\\nfail2bandb = /var/lib/fail2ban/other.sqlite3\\n' >>${LOCAL}`,
    state: "warn",
    subject: "fail2ban.sqlite3",
    says: /fail2ban's is \/var\/lib\/fail2ban\/fail2ban\.sqlite3/,
    fix: /^sed -i '\d+s.*fail2bandb = \/var\/lib\/fail2ban\/fail2ban\.sqlite3/,
  },
  {
    what: "fail2ban's database that is gone",
    breaks:
      "mv /var/lib/fail2ban/fail2ban.sqlite3 /run/kept; fail2ban-monitor restart",
    state: "warn",
    subject: "fail2ban.sqlite3",
    says: /bans are assumed to hold 10m/,
    fix: /^fail2ban-client get dbfile$/,
    after:
      "mv /run/kept /var/lib/fail2ban/fail2ban.sqlite3; fail2ban-monitor restart",
  },
  {
    what: "no nft",
    breaks: "mv /usr/sbin/nft /usr/sbin/nft.away",
    state: "fail",
    subject: "nftables",
    says: /nft can't be run/,
    fix: /install the package nftables/,
    instead: "mv /usr/sbin/nft.away /usr/sbin/nft; fail2ban-subscriber restart",
  },
  {
    what: "a table of another's making",
    breaks:
      "fail2ban-subscriber stop; nft delete table inet fail2ban_cluster; " +
      "nft add table inet fail2ban_cluster; nft add set inet fail2ban_cluster banned4 '{ type ether_addr; }'; fail2ban-subscriber start",
    state: "fail",
    subject: "nftables",
    says: /nft failed/,
    fix: /^nft delete table inet fail2ban_cluster$/,
    after: "fail2ban-subscriber restart",
  },
  {
    what: "two subscribers on one host",
    breaks:
      `mkdir /run/two; sed 's|^statedir.*||' ${CONF} >/run/two/fail2ban-cluster.conf; chmod 600 /run/two/*.conf; ` +
      "printf '[general]\\nhostname = all1\\nstatedir = /run/two/state\\n[subscriber]\\npidfile = /run/two/s.pid\\n" +
      "subscriberaction = nftables\\n' >/run/two/fail2ban-cluster.local; " +
      "fail2ban-subscriber start --config /run/two/fail2ban-cluster.conf",
    state: "fail",
    subject: "fail2ban-subscriber",
    says: /another one works on the same: process \d+/,
    fix: /^kill \d+$/,
    // It returns once that one has ended.
    after:
      "fail2ban-subscriber stop --config /run/two/fail2ban-cluster.conf; rm -r /run/two",
  },
  {
    what: "a clock that is ahead of the hub's",
    breaks:
      "LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketime.so.1) FAKETIME=+10802s " +
      "FAKETIME_DONT_FAKE_MONOTONIC=1 fail2ban-monitor restart",
    state: "fail",
    subject: "clock",
    says: /^ahead of the hub's by 3 h [0-9]+ s$/,
    fix: /^timedatectl set-ntp true$/,
    // A container's clock is its host's.
    instead: "fail2ban-monitor restart",
  },
  {
    what: "fail2ban's log that is silent",
    breaks: `touch -d '-3 days' ${LOG}`,
    state: "warn",
    subject: "fail2ban.log",
    says: /was last written 3 d ago/,
    fix: /^fail2ban-client get logtarget$/,
    after: `touch ${LOG}`,
  },
  {
    what: "a subscriber that hangs",
    breaks: "kill -STOP $(cat /var/run/fail2ban-subscriber.pid)",
    state: "fail",
    subject: "fail2ban-subscriber",
    says: /it runs but does not answer/,
    fix: /its log says more/,
    instead: "kill -CONT $(cat /var/run/fail2ban-subscriber.pid)",
  },
  {
    what: "few files that the publisher may have open",
    breaks: "ulimit -n 1024; fail2ban-publisher restart",
    state: "warn",
    subject: "open files",
    says: /1024 files open, so only \d+ connections/,
    fix: /^ulimit -n 65536 && fail2ban-publisher restart$/,
    // Not every root user may raise the limit as far.
    instead: "fail2ban-publisher restart",
  },
  {
    what: "an allowlist that is older than the hub's",
    breaks:
      "fail2ban-subscriber stop; fail2ban-cluster allow add 203.0.113.0/24 2>/dev/null",
    state: "warn",
    subject: "allowlist",
    says: /older than the hub's/,
    fix: /^fail2ban-subscriber restart$/,
    after: "fail2ban-cluster allow remove 203.0.113.0/24 2>/dev/null",
  },
  {
    what: "a session from an address that may be banned",
    breaks: "true",
    env: { SSH_CONNECTION: "203.0.113.9 50000 203.0.113.1 22" },
    state: "warn",
    subject: "own address",
    says: /203\.0\.113\.9, from which this session comes, may be banned/,
    fix: /^fail2ban-cluster allow add 203\.0\.113\.9$/,
    after: "true",
  },
  {
    what: "a name in ignoreip without an address",
    breaks:
      `printf '\\n[general]\\nignoreip = office.invalid\\n' >>${LOCAL}; fail2ban-monitor restart`,
    state: "warn",
    subject: "protection",
    says: /1 names in ignoreip or members have no address/,
    fix: /^fail2ban-monitor --print-config/,
    after: `sed -i '/office.invalid/d' ${LOCAL}; fail2ban-monitor restart`,
  },
];
