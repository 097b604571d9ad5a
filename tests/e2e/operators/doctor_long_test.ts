import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  type Diagnosed,
  DoctoredRoot,
  type DoctorFinding,
} from "../../support/host/doctored_root.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const CONF = "/etc/fail2ban-cluster/fail2ban-cluster.conf";
const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";
const STATE = "/var/lib/fail2ban-cluster";
const LOG = "/var/log/fail2ban.log";
/** What a fix names where a person knows better. */
const AGAIN =
  "fail2ban-cluster join $(fail2ban-cluster node rotate all1 2>/dev/null) 2>/dev/null";
const LINES_OF_ANOTHER_FORM =
  "for i in 1 2 3 4 5 6; do echo 'fail2ban.actions [17]: NOTICE  [sshd] Ban 203.0.113.7'; done";

/** Parts of a report. */
const HEADINGS = [
  /^== versions$/m,
  /^fail2ban +1\./m,
  /^== configuration of fail2ban-monitor$/m,
  /^== status of fail2ban-publisher$/m,
  /^== doctor$/m,
  /^== the last 200 lines of \/var\/log\/f2bc\.log$/m,
];

/** A syslog daemon, as far as fail2ban sees it. */
const SYSLOG = "import socket, time; s = socket.socket(socket.AF_UNIX, " +
  "socket.SOCK_DGRAM); s.bind('/run/log.sock'); time.sleep(60)";

/** Something that is broken, and what is to be said of it. */
interface BrokenSetUp {
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

/** So it is on every new hub. */
const NO_BACKUP: BrokenSetUp = {
  what: "a hub without a backup",
  breaks: "true",
  state: "warn",
  subject: "backup",
  says: /none was made/,
  fix: /fail2ban-cluster backup /,
};

const BROKEN: readonly BrokenSetUp[] = [
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
    says: /everybody on this host can read the token/,
    fix: /^chmod /,
  },
  {
    what: "a pid file of a process that was killed",
    breaks: "kill -9 $(cat /var/run/fail2ban-monitor.pid); sleep 0.2",
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
    // The other program's line is said of, too, once this one is mended.
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
      "(setsid python3 -m http.server --bind 127.0.0.1 5681 >/dev/null 2>&1 & echo $! >/run/other.pid); sleep 1",
    state: "fail",
    subject: "port",
    says: /controlbindurl = .*another program listens there/,
    fix: /^ss -ltnp 'sport = :5681'$/,
    instead: "kill $(cat /run/other.pid); sleep 0.3; fail2ban-publisher start",
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
    breaks: `setsid python3 -c "${SYSLOG}" >/dev/null 2>&1 & sleep 0.5; ` +
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
    what: "fail2ban that does not run",
    breaks: "fail2ban-client stop >/dev/null",
    state: "fail",
    subject: "fail2ban",
    says: /\/var\/run\/fail2ban\/fail2ban\.sock: /,
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
    after: "sleep 1; rm -r /run/two",
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
    // Not every root may raise its limit as far.
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

const bad = ({ findings }: Diagnosed) =>
  findings.filter(({ state }) => state !== "ok");

/** Waits until `doctor` finds it, and gives that. */
async function found(
  host: DoctoredRoot,
  { what, subject, state, says, within, env }: BrokenSetUp,
): Promise<{ readonly code: number; readonly finding: DoctorFinding }> {
  let last: Diagnosed | undefined;
  return await waitUntil(async () => {
    last = await host.doctor(within, env);
    const finding = last.findings.find((each) =>
      each.subject === subject && each.state === state &&
      says.test(each.finding)
    );
    return finding && { code: last.code, finding };
  }, { what: `${what} to be found`, timeoutMs: 20_000, intervalMs: 500 })
    .catch((cause) => {
      throw new Error(JSON.stringify(last, undefined, 1), { cause });
    });
}

/** Waits until all is well again. */
async function mended(
  host: DoctoredRoot,
  { what, env }: BrokenSetUp,
): Promise<void> {
  let last: Diagnosed | undefined;
  await waitUntil(async () => {
    last = await host.doctor("", env);
    return last.code === 0 && bad(last).length === 0;
  }, { what: `${what} to be mended`, timeoutMs: 20_000, intervalMs: 500 })
    .catch((cause) => {
      throw new Error(JSON.stringify(last && bad(last), undefined, 1), {
        cause,
      });
    });
}

testWith(
  ["overlay", "netns", "fail2ban", "nftables", "setpriv", "faketime"],
  "doctor names each fault and a fix that works when it is typed",
  async (t) => {
    await using host = await DoctoredRoot.create();
    // The programs themselves keep their place, and the store its clock.
    const changed =
      `find /etc ${STATE} /var/lib/fail2ban /usr/local -newer /run/mark -type f ` +
      "-not -name '*.sqlite3*' -not -name 'monitor.*'";
    await t.step(NO_BACKUP.what, async () => {
      const { finding } = await found(host, NO_BACKUP);
      match(finding.fix ?? "", NO_BACKUP.fix);
      await host.type(finding.fix ?? "");
      await mended(host, NO_BACKUP);
    });
    await t.step("all is well, and nothing is changed by looking", async () => {
      await mended(host, {} as BrokenSetUp);
      await host.type("touch /run/mark; sleep 1");
      const { code, findings } = await host.doctor();
      strictEqual(code, 0);
      deepStrictEqual(bad({ code, findings }), []);
      strictEqual(await host.type(changed), "");
    });
    await t.step("report shows nobody's secret, address or name", async () => {
      await host.type(
        "fail2ban-client set sshd banip 203.0.113.77 2001:db8::77 >/dev/null; " +
          "fail2ban-cluster allow add 198.51.100.0/24 2>/dev/null; " +
          `echo '2026-11-29T13:44:48Z x: INFO: planted node=stranger9 address=203.0.113.78' >>/var/log/f2bc.log`,
      );
      const planted = [
        ...["203.0.113.7", "2001:db8::77", "198.51.100.0"],
        ...["stranger9", "all1", "a-planted-token-0123456789"],
      ];
      const secrets = (await host.type(
        `cat ${STATE}/membership.json ${STATE}/members/*.json | ` +
          `grep -oE '"(secretKey|publicKey|publisherKey|token|tokenDigest)": *"[^"]*"' | cut -d'"' -f4`,
      )).split("\n").filter((secret) => secret !== "");
      ok(secrets.length > 4, secrets.join());
      const reported = await host.type("fail2ban-cluster report 2>/dev/null");
      for (const text of [...planted, ...secrets]) {
        ok(!reported.includes(text), `${text}\n${reported}`);
      }
      for (const heading of HEADINGS) match(reported, heading);
      const shown = await host.type(
        "fail2ban-cluster report --addresses 2>/dev/null",
      );
      ok(shown.includes("203.0.113.78") && !shown.includes("stranger9"));
      ok(secrets.every((secret) => !shown.includes(secret)));
      await host.type(
        "fail2ban-client set sshd unbanip 203.0.113.77 2001:db8::77 >/dev/null; " +
          "fail2ban-cluster allow remove 198.51.100.0/24 2>/dev/null",
      );
    });
    for (const broken of BROKEN) {
      await t.step(broken.what, async () => {
        const { breaks, state, fix, instead, after } = broken;
        await host.type(breaks);
        const { code, finding } = await found(host, broken);
        strictEqual(code, state === "fail" ? 4 : code);
        match(finding.fix ?? "", fix);
        await host.type(instead ?? finding.fix ?? "true");
        if (after !== undefined) await host.type(after);
        await mended(host, broken);
      });
    }
  },
);
