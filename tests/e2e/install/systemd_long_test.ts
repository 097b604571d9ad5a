import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { releaseFromSource } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** The host's fail2ban reports as node-b, and hears as node-a what node-b reports. */
const SCRIPT = `
until_it() {
  for try in $(seq 1800); do if eval "$1"; then return; fi; sleep 0.1; done
  journalctl --no-pager -n 100
  return 1
}
wait_alive() {
  pings=''
  until_it 'now=$(systemctl show -p WatchdogTimestampMonotonic '"$1"'); case "$pings" in *"$now"*) ;; *) pings="$pings $now" ;; esac; [ "$(echo $pings | wc -w)" -ge 3 ]'
}
: >/var/log/auth.log
rm -f /var/log/fail2ban.log /var/lib/fail2ban/*
: >/var/log/fail2ban.log
chown root:adm /var/log/fail2ban.log
chmod 640 /var/log/fail2ban.log
sh /mnt/given/install.sh install
printf '[DEFAULT]\\nbantime = 1d\\nbanaction = nftables-multiport\\nbanaction_allports = nftables-allports\\n' >/etc/fail2ban/jail.local
cd /etc/fail2ban-cluster
cat >fail2ban-cluster.local <<'END'
[publisher]
authtoken = t0k3n
[subscriber]
subscriberaction = fail2banclient nftables log
END
cp fail2ban-cluster.conf node-b.conf
printf '[general]\\nstatedir = /var/lib/fail2ban-cluster/node-b\\n' >node-b.local
fail2ban-cluster init
fail2ban-cluster node add node-a node-b >/root/codes
sed -n 1p /root/codes | fail2ban-cluster join -
sed -n 2p /root/codes | fail2ban-cluster join - --config $PWD/node-b.conf
chown root:fail2ban-cluster *
chmod 640 *
mkdir /etc/systemd/system/fail2ban-monitor.service.d
printf '[Service]\\nWatchdogSec=6\\nExecStart=\\nExecStart=/usr/local/bin/fail2ban-monitor run --config /etc/fail2ban-cluster/node-b.conf\\n' >/etc/systemd/system/fail2ban-monitor.service.d/node-b.conf
systemctl daemon-reload
systemctl start fail2ban
systemctl start fail2ban-publisher fail2ban-subscriber fail2ban-monitor
fail2ban-client set sshd banip 203.0.113.7
until_it 'fail2ban-client get fail2bancluster banip | grep -q 203.0.113.7'
until_it 'nft list set inet fail2ban_cluster banned4 | grep -q 203.0.113.7'
echo "FACT closed $(stat -c '%a %U' /run/fail2ban/fail2ban.sock /var/lib/fail2ban/fail2ban.sqlite3 | tr '\\n' ' ')"
echo "FACT holds $(nft list set inet fail2ban_cluster banned4 | grep -o 'timeout [^ ]*')"
echo "FACT $(fail2ban-monitor status --log-format json | grep -o '"assumedTimes":[0-9]*')"
until_it 'journalctl --no-pager -o short -q SYSLOG_FACILITY=4 >/var/log/auth.log; grep -q Subscriber: /var/log/auth.log'
echo "FACT heard $(fail2ban-regex -o ip /var/log/auth.log fail2bancluster)"
wait_alive fail2ban-monitor
systemctl reload fail2ban-monitor fail2ban-publisher fail2ban-subscriber
until_it '[ "$(journalctl --no-pager | grep -c "reading files again")" -ge 3 ]'
echo "FACT reloaded $(journalctl --no-pager | grep -c 'reading files again')"
for role in monitor publisher subscriber; do
  echo "FACT $role $(systemctl show --value -p ActiveState fail2ban-$role) $(systemctl show --value -p NRestarts fail2ban-$role) $(systemctl show --value -p User fail2ban-$role)"
done
sh /mnt/given/install.sh upgrade
fail2ban-publisher restart || echo "FACT restart $? $(systemctl is-active fail2ban-publisher)"
fail2ban-publisher check
systemctl stop fail2ban-subscriber
fail2ban-subscriber lift
nft list table inet fail2ban_cluster || echo "FACT lifted $(find /var/lib/fail2ban-cluster -user root)"
systemctl start fail2ban-subscriber
until_it 'nft list set inet fail2ban_cluster banned4 | grep -q 203.0.113.7'
mkdir /etc/systemd/system/fail2ban-node.service.d
printf '[Service]\\nWatchdogSec=6\\n' >/etc/systemd/system/fail2ban-node.service.d/test.conf
systemctl daemon-reload
systemctl start fail2ban-node
echo "FACT instead of $(systemctl is-active fail2ban-monitor fail2ban-subscriber | xargs)"
fail2ban-client set sshd banip 203.0.113.8
fail2ban-cluster ban 203.0.113.9
until_it 'fail2ban-cluster bans --node node-a | grep -q 203.0.113.8'
until_it 'fail2ban-client get fail2bancluster banip | grep -q 203.0.113.9'
until_it 'nft list set inet fail2ban_cluster banned4 | grep -q 203.0.113.9'
wait_alive fail2ban-node
systemctl reload fail2ban-node
until_it 'journalctl --no-pager -t fail2ban-node | grep -q "reading files again"'
echo "FACT node $(systemctl show --value -p ActiveState fail2ban-node) $(systemctl show --value -p NRestarts fail2ban-node) $(systemctl show --value -p User fail2ban-node)"
echo "FACT node $(fail2ban-node status --log-format json | grep -o '"assumedTimes":[0-9]*')"
systemctl stop fail2ban-node fail2ban-publisher
for role in monitor node publisher; do
  echo "FACT $role $(systemctl show --value -p Result fail2ban-$role)"
done
rm -rf /etc/systemd/system/fail2ban-*.service.d
cd /
nft list table inet fail2ban_cluster >/dev/null
sh /usr/local/lib/fail2ban-cluster/install.sh uninstall --purge --yes
echo "FACT refused by nftables:" $(nft list tables | grep fail2ban_cluster)
echo "FACT left:" $(find /etc /usr/local /var/lib /run -name '*fail2ban?cluster*')
`;

testWith(
  ["fail2ban", "nftables", "npm", "nspawn", "overlay"],
  "under systemd, sandboxed and as a user of their own, the services carry a ban from fail2ban to fail2ban and nftables; one is in place of two",
  async () => {
    await using dir = await TempDir.create();
    const release = await releaseFromSource(dir);
    await using root = await ThrowawayRoot.create(release);
    const told = await root.boot(SCRIPT);
    const facts = told.split("\n").filter((line) => line.startsWith("FACT "));
    const [closed, holds, ...others] = facts;
    strictEqual(closed, "FACT closed 700 root 600 root ", told);
    match(holds ?? "", /^FACT holds timeout (?:1d|23h59m\d+s)/, told);
    deepStrictEqual(others, [
      'FACT "assumedTimes":0',
      "FACT heard 203.0.113.7",
      "FACT reloaded 3",
      "FACT monitor active 0 fail2ban-cluster",
      "FACT publisher active 0 fail2ban-cluster",
      "FACT subscriber active 0 fail2ban-cluster",
      "FACT restart 4 active",
      "FACT lifted ",
      "FACT instead of inactive inactive",
      "FACT node active 0 fail2ban-cluster",
      'FACT node "assumedTimes":0',
      "FACT monitor success",
      "FACT node success",
      "FACT publisher success",
      "FACT refused by nftables:",
      "FACT left:",
    ], told);
    match(told, /^nothing to do: /m);
  },
);
