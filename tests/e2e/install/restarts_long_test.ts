import { deepStrictEqual } from "node:assert/strict";
import { writeRelease } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** A program that is ready as soon as its configuration is right. */
const PROGRAM = `#!/bin/sh
case $1 in
  check) test ! -e /etc/wrong || exit 3 ;;
  run) systemd-notify --ready; exec sleep 1000 ;;
esac
`;
const SCRIPT = `
until_it() { for try in $(seq 1800); do if eval "$1"; then return; fi; sleep 0.1; done; return 1; }
pauses() { find /run/fail2ban-cluster -name '*.pause' -exec cat {} +; }
sh /mnt/given/install.sh install
mkdir /etc/systemd/system/fail2ban-publisher.service.d
printf '[Service]\\nNotifyAccess=all\\nWatchdogSec=0\\n' >/etc/systemd/system/fail2ban-publisher.service.d/test.conf
systemctl daemon-reload
systemctl start fail2ban-publisher
for end in KILL ABRT KILL; do
  main=$(systemctl show --value -p MainPID fail2ban-publisher)
  kill -$end $main
  until_it '[ "$(systemctl show --value -p MainPID fail2ban-publisher)" != $main ] && systemctl is-active fail2ban-publisher'
  echo "FACT killed: $(pauses)"
done
systemctl stop fail2ban-publisher
echo "FACT stopped:$(pauses)"
[ -z "$(pauses)" ] || journalctl --no-pager -u fail2ban-publisher
touch /etc/wrong
systemctl start fail2ban-publisher || echo "FACT refused"
waits=''
until_it 'now=$(pauses); case "$waits " in *" $now "*) ;; *) waits="$waits $now" ;; esac; [ "$now" -ge 15 ]'
echo "FACT waits:$waits"
echo "FACT tried: $(journalctl --no-pager -u fail2ban-publisher | grep -c 'status=3')"
rm /etc/wrong
until_it '[ "$(cat /sys/fs/cgroup/system.slice/fail2ban-publisher.service/cgroup.procs | wc -l)" -ge 2 ] || systemctl is-active fail2ban-publisher'
systemctl restart fail2ban-publisher
echo "FACT restarted: $(systemctl is-active fail2ban-publisher)$(pauses)"
`;

testWith(
  ["nspawn", "overlay"],
  "a service that fails again and again is started again after longer and longer pauses, and never given up",
  async () => {
    await using dir = await TempDir.create();
    const release = await writeRelease(dir.path("release"), {
      roles: ["publisher"],
      files: { "fail2ban-publisher": PROGRAM },
    });
    await Deno.chmod(`${release}/fail2ban-publisher`, 0o755);
    await using root = await ThrowawayRoot.create(release);
    const told = await root.boot(SCRIPT);
    const facts = told.split("\n").filter((line) => line.startsWith("FACT "));
    deepStrictEqual(facts, [
      ...["FACT killed: 0", "FACT killed: 1", "FACT killed: 3"],
      ...["FACT stopped:", "FACT refused", "FACT waits: 0 1 3 7 15"],
      "FACT tried: 5",
      "FACT restarted: active",
    ], told);
  },
);
