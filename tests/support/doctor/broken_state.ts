/**
 * Broken state files and disks.
 *
 * @module
 */

import { AGAIN, type BrokenSetUp, STATE } from "./broken_set_up.ts";

/** Broken state files and disks. */
export const BROKEN_STATE: readonly BrokenSetUp[] = [
  {
    what: "a membership that is gone",
    breaks: `rm ${STATE}/membership.json`,
    state: "fail",
    subject: "membership",
    says: /has not joined/,
    fix: /^fail2ban-cluster join CODE$/,
    instead: AGAIN,
  },
  {
    what: "a membership that is damaged",
    breaks: `echo '{' >${STATE}/membership.json`,
    state: "fail",
    subject: "membership",
    says: /membership\.json/,
    fix: /node rotate/,
    instead: AGAIN,
  },
  {
    what: "keys that others may read",
    breaks: `chmod 644 ${STATE}/members/publisher.json`,
    state: "fail",
    subject: "state",
    says: /others may read it/,
    fix: /^chmod 600 /,
  },
  {
    what: "a list of members that is damaged",
    breaks:
      `cp -p ${STATE}/members/members.json /run/kept; echo x >${STATE}/members/members.json`,
    state: "fail",
    subject: "state",
    says: /members\.json/,
    fix: /^mv .*members\.json\.damaged/,
    after:
      `cp -p /run/kept ${STATE}/members/members.json; rm ${STATE}/members/members.json.damaged`,
  },
  {
    what: "a store that is no database",
    breaks: "fail2ban-publisher stop; " +
      `cp -p ${STATE}/publisher.sqlite3 /run/kept; head -c 4096 /dev/urandom >${STATE}/publisher.sqlite3`,
    state: "fail",
    subject: "state",
    says: /publisher\.sqlite3: it is no database/,
    fix: /^mv .*publisher\.sqlite3 .*publisher\.sqlite3\.damaged/,
    after:
      `rm ${STATE}/*.damaged*; fail2ban-publisher start; fail2ban-monitor restart; fail2ban-subscriber restart`,
  },
  {
    what: "a file of another user in the folder for state",
    breaks: `chown 65534 ${STATE}/monitor.reported ${STATE}/bans.sqlite3`,
    state: "fail",
    subject: "state",
    says: /belong to somebody else/,
    fix: /^chown -R --reference=/,
  },
  {
    what: "a disk that is read-only",
    breaks: `mount --bind ${STATE} ${STATE}; mount -o remount,bind,ro ${STATE}`,
    state: "fail",
    subject: "state",
    says: /can't be written: read-only file system/,
    fix: /^mount -o remount,rw/,
    instead: `umount -l ${STATE}`,
  },
  {
    what: "a disk that is full",
    breaks:
      `for r in monitor subscriber publisher; do fail2ban-$r stop; done; cp -a ${STATE} /run/kept.d; ` +
      `mount -t tmpfs -o size=2m,mode=700 tmpfs ${STATE}; cp -a /run/kept.d/. ${STATE}; ` +
      `head -c 2m /dev/zero >${STATE}/filler 2>/dev/null; ` +
      "for r in publisher monitor subscriber; do fail2ban-$r start; done; true",
    state: "fail",
    subject: "disk",
    says: /has 0\.\d MiB left/,
    fix: /^df -h /,
    instead:
      "for r in monitor subscriber publisher; do fail2ban-$r stop; done; " +
      `umount ${STATE}; rm -r /run/kept.d; ` +
      "for r in publisher monitor subscriber; do fail2ban-$r start; done",
  },
  {
    what: "a file that was put aside",
    breaks: `echo x >${STATE}/monitor.position.damaged`,
    state: "warn",
    subject: "state",
    says: /was damaged, and put aside/,
    fix: /^rm -r /,
  },
  {
    what: "a place in the log that is damaged",
    breaks: `fail2ban-monitor stop; echo x >${STATE}/monitor.position`,
    state: "warn",
    subject: "state",
    says: /monitor\.position: .*; mended at the next start/,
    fix: /^$/,
    instead: `fail2ban-monitor start; rm ${STATE}/*.damaged`,
  },
];
