import { deepStrictEqual, ok } from "node:assert/strict";
import { buildPackages } from "../../support/install/packages.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** Stands in for the executable. */
const PROGRAM = `#!/bin/sh
case $1 in
  run) systemd-notify --ready; exec sleep 1000 ;;
esac
`;
const CONF = "/etc/fail2ban-cluster/fail2ban-cluster.conf";
/** By version: another configuration, other documents only, another program. */
const RELEASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "1.0.0": { "fail2ban-cluster": PROGRAM },
  "1.0.1": { "fail2ban-cluster": PROGRAM, "CHANGELOG.md": "New.\n" },
  "1.0.2": {
    "fail2ban-cluster": `${PROGRAM}# New.\n`,
    "fail2ban-cluster.conf": "# New.\n[general]\n",
  },
};

/** What is done with packages of either kind: `put VERSION`, `take`. */
const STORY = `
pid() { systemctl show --value -p MainPID fail2ban-publisher; }
put 1.0.0
echo "FACT $kind user: $(id -gn fail2ban-cluster) $(stat -c '%U %G %a' /var/lib/fail2ban-cluster | xargs)"
echo "FACT $kind conf: $(stat -c '%U %G %a' ${CONF})"
echo "FACT $kind off: $(systemctl is-enabled fail2ban-publisher)"
mkdir -p /etc/systemd/system/fail2ban-publisher.service.d
printf '[Service]\\nNotifyAccess=all\\nWatchdogSec=0\\n' >/etc/systemd/system/fail2ban-publisher.service.d/test.conf
systemctl daemon-reload
systemctl enable --now fail2ban-publisher
first=$(pid)
echo '# mine' >>${CONF}
touch /var/lib/fail2ban-cluster/bans
put 1.0.1
if [ "$(pid)" = "$first" ]; then echo "FACT $kind documents: runs on"; fi
put 1.0.2
systemctl is-active --quiet fail2ban-publisher || journalctl --no-pager -u fail2ban-publisher
if [ "$(pid)" != "$first" ]; then echo "FACT $kind program: restarted, $(systemctl is-active fail2ban-publisher)"; fi
echo "FACT $kind others: $(systemctl is-active fail2ban-monitor fail2ban-subscriber | xargs)"
echo "FACT $kind edited: $(tail -n 1 ${CONF}) $(ls /etc/fail2ban-cluster | xargs)"
take
echo "FACT $kind gone: $(systemctl is-active fail2ban-publisher) $(ls /usr/bin/fail2ban-monitor 2>&1 | grep -c 'No such') $(ls /var/lib/fail2ban-cluster)"
`;
const SCRIPT = `
export DEBIAN_FRONTEND=noninteractive
rm -rf /etc/fail2ban
kind=deb
put() { dpkg -i --force-confold /mnt/given/fail2ban-cluster_$1_*.deb; }
take() { dpkg -r fail2ban-cluster; }
${STORY}
ls /etc/fail2ban-cluster
dpkg -P fail2ban-cluster
echo "FACT deb purged: $(ls -d /etc/fail2ban-cluster /var/lib/fail2ban-cluster /usr/lib/fail2ban-cluster /usr/share/doc/fail2ban-cluster 2>&1 | grep -c 'No such')"
kind=rpm
rpm --initdb
put() { rpm -U --nodeps /mnt/given/fail2ban-cluster-$1-*.rpm; }
take() { rpm -V --nodeps fail2ban-cluster || :; rpm -e fail2ban-cluster; }
${STORY}
`;

/** A system beside the one that runs: what an image or a mounted disk is. */
const BESIDE = `
export root=/tmp/beside/root
mkdir /tmp/beside /tmp/beside/upper /tmp/beside/work $root
mount -t overlay -o lowerdir=/,upperdir=/tmp/beside/upper,workdir=/tmp/beside/work overlay $root
rm -rf $root/etc/fail2ban
put() { rpm --root $root -U --nodeps /mnt/given/fail2ban-cluster-$1-*.rpm; }
rpm --root $root --initdb
put 1.0.0
echo "FACT version: $(rpm --root $root -q --qf '%{VERSION}' fail2ban-cluster)"
echo "FACT verified: $(rpm --root $root -V --nodeps fail2ban-cluster)"
systemd-tmpfiles --root=$root --create fail2ban-cluster.conf
echo "FACT user: $(chroot $root id -gn fail2ban-cluster) $(chroot $root stat -c '%U %G %a' /var/lib/fail2ban-cluster)"
echo "FACT conf: $(chroot $root stat -c '%U %G %a' ${CONF})"
echo "FACT here: $(getent passwd fail2ban-cluster) $(ls -d ${CONF} /usr/bin/fail2ban-cluster /var/lib/fail2ban-cluster 2>&1 | grep -c 'No such') $(rpm -q fail2ban-cluster)"
echo '# mine' >>$root${CONF}
touch $root/var/lib/fail2ban-cluster/bans
put 1.0.2
echo "FACT edited: $(tail -n 1 $root${CONF}) $(ls $root/etc/fail2ban-cluster | xargs)"
rpm --root $root -e fail2ban-cluster
echo "FACT gone: $(ls $root/usr/bin/fail2ban-cluster 2>&1 | grep -c 'No such') $(ls $root/var/lib/fail2ban-cluster)"
`;

function factsOf(kind: string, beside: string): readonly string[] {
  return [
    "user: fail2ban-cluster fail2ban-cluster fail2ban-cluster 750",
    "conf: root fail2ban-cluster 640",
    "off: disabled",
    "documents: runs on",
    "program: restarted, active",
    "others: inactive inactive",
    `edited: # mine fail2ban-cluster.conf fail2ban-cluster.conf.${beside}`,
    "gone: inactive 1 bans",
  ].map((fact) => `FACT ${kind} ${fact}`);
}

/** Of packages in a folder, by `rpm --root`. */
async function typeBeside(packages: string): Promise<void> {
  await using root = await ThrowawayRoot.create(packages);
  const told = await root.shell(`rpm --initdb\n${BESIDE}`);
  deepStrictEqual(told.split("\n").filter((line) => line !== ""), [
    "FACT version: 1.0.0",
    "FACT verified: ",
    "FACT user: fail2ban-cluster fail2ban-cluster fail2ban-cluster 750",
    "FACT conf: root fail2ban-cluster 640",
    "FACT here:  3 package fail2ban-cluster is not installed",
    "FACT edited: # mine fail2ban-cluster.conf fail2ban-cluster.conf.rpmnew",
    "FACT gone: 1 bans",
  ]);
}

testWith(
  ["nspawn", "overlay", "rpm", "lintian"],
  "deb and rpm are installed, upgraded with what was edited, and removed: what runs is restarted where its program is another",
  async (t) => {
    await using dir = await TempDir.create();
    await Promise.all(
      Object.entries(RELEASES).map(([version, files]) =>
        buildPackages(dir, { version, files })
      ),
    );
    const lint = await new Deno.Command("lintian", {
      args: [
        ...["--allow-root", "--fail-on", "error,warning"],
        dir.path("packages/fail2ban-cluster_1.0.0_amd64.deb"),
      ],
    }).output();
    ok(lint.success, new TextDecoder().decode(lint.stdout));
    await t.step(
      "by rpm --root a system that does not run gets all of it, and the host nothing",
      () => typeBeside(dir.path("packages")),
    );
    await using root = await ThrowawayRoot.create(dir.path("packages"));
    const told = await root.boot(SCRIPT);
    const facts = told.split("\n").filter((line) => line.startsWith("FACT "));
    deepStrictEqual(facts, [
      ...factsOf("deb", "dpkg-dist"),
      "FACT deb purged: 4",
      ...factsOf("rpm", "rpmnew"),
    ], told);
  },
);
