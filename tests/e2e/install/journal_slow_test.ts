import { deepStrictEqual, match } from "node:assert/strict";
import { PROJECT, releaseFromSource } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

const PAGE = `${PROJECT}/docs/CONFIGURATION.md`;
/** Of the targets whose lines come to the journal; the last one only where Debian's python3-systemd is installed. */
const TARGETS = ["SYSOUT", "SYSLOG", "SYSTEMD-JOURNAL"];

/** The host's fail2ban reports as node-b what comes to the journal, and nftables has it as node-a. */
const SCRIPT = `
until_it() {
  for try in $(seq 300); do if eval "$1"; then return; fi; sleep 0.1; done
  tail -n 5 /var/log/fail2ban-journal.json
  fail2ban-monitor status --config /etc/fail2ban-cluster/node-b.conf
  journalctl --no-pager -n 100
  return 1
}
mkdir -p /var/log/journal
rm -f /var/lib/fail2ban/*
: >/var/log/auth.log
: >/var/log/fail2ban.log
sh /mnt/given/install.sh install
printf '[Definition]\\nlogtarget = SYSOUT\\n' >/etc/fail2ban/fail2ban.local
printf '[DEFAULT]\\nbantime = 1d\\nbanaction = nftables-multiport\\nbanaction_allports = nftables-allports\\n' >/etc/fail2ban/jail.local
cp /mnt/given/fail2ban-journal.service /etc/systemd/system/
cd /etc/fail2ban-cluster
printf '[monitor]\\nlogformat = journal-json\\nfail2banlogpath = /var/log/fail2ban-journal.json\\n[subscriber]\\nsubscriberaction = nftables\\n' >fail2ban-cluster.local
cp fail2ban-cluster.conf node-b.conf
printf '[general]\\nstatedir = /var/lib/fail2ban-cluster/node-b\\n' >node-b.local
sed -n 1,3p fail2ban-cluster.local >>node-b.local
fail2ban-cluster init
fail2ban-cluster node add node-a node-b >/root/codes
sed -n 1p /root/codes | fail2ban-cluster join -
sed -n 2p /root/codes | fail2ban-cluster join - --config $PWD/node-b.conf
chown root:fail2ban-cluster *
chmod 640 *
mkdir /etc/systemd/system/fail2ban-monitor.service.d
printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/fail2ban-monitor run --config /etc/fail2ban-cluster/node-b.conf\\n' >/etc/systemd/system/fail2ban-monitor.service.d/node-b.conf
systemctl daemon-reload
systemctl start fail2ban-journal fail2ban fail2ban-publisher fail2ban-subscriber fail2ban-monitor
until_it 'fail2ban-client ping'
python3 -c 'import systemd.journal' && native=SYSTEMD-JOURNAL
number=0
for target in SYSOUT SYSLOG $native; do
  number=$((number + 1))
  address=203.0.113.$number
  fail2ban-client set logtarget $target
  logger -t fail2ban.actions "NOTICE [sshd] Ban 203.0.113.66"
  fail2ban-client set sshd banip $address
  until_it 'nft list set inet fail2ban_cluster banned4 | grep -q $address'
  echo "FACT $target $(nft list set inet fail2ban_cluster banned4 | grep -o '203[^ ]* timeout [^ ]*')"
  fail2ban-client set sshd unbanip $address
  until_it '! nft list set inet fail2ban_cluster banned4 | grep -q $address'
done
for figure in driftBans driftUnbans over assumedTimes; do
  echo "FACT $(fail2ban-monitor status --config /etc/fail2ban-cluster/node-b.conf --log-format json | grep -o "\\"$figure\\":[0-9]*")"
done
`;

testWith(
  ["fail2ban", "nftables", "npm", "nspawn", "overlay"],
  "under systemd a ban and an unban go from the journal, as journalctl writes it, to another host, whatever fail2ban logs to, and nobody else's text is one",
  async () => {
    await using dir = await TempDir.create();
    const release = await releaseFromSource(dir);
    const page = await Deno.readTextFile(PAGE);
    const unit = /^```ini\n(\[Unit\]\n[^`]*journalctl[^`]*)^```$/m.exec(page)
      ?.[1];
    await Deno.writeTextFile(`${release}/fail2ban-journal.service`, `${unit}`);
    await using root = await ThrowawayRoot.create(release);
    const told = await root.boot(SCRIPT);
    const facts = told.split("\n").filter((line) => line.startsWith("FACT "));
    const figures = facts.splice(-4);
    facts.forEach((fact, at) => {
      const wanted = new RegExp(
        String.raw`^FACT ${TARGETS[at]} 203\.0\.113\.${
          at + 1
        } timeout (?:1d|23h59m\d+s)`,
      );
      match(fact, wanted, told);
    });
    deepStrictEqual(figures, [
      'FACT "driftBans":0',
      'FACT "driftUnbans":0',
      'FACT "over":0',
      'FACT "assumedTimes":0',
    ], told);
  },
);
