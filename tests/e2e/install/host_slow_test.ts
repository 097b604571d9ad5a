import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GIVEN, withHost } from "../../support/install/install_host.ts";
import { testWith } from "../../support/host/real_parts.ts";
import type { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

const STATE = "/var/lib/fail2ban-cluster";
const UNITS = "/etc/systemd/system";
/** Notes what it was asked; every service runs. */
const SYSTEMCTL =
  `printf '#!/bin/sh\\necho "$*" >>/run/asked\\n' >/usr/bin/systemctl
chmod 755 /usr/bin/systemctl
mkdir -p /run/systemd/system`;

/** Takes what was asked of the service manager since the last time. */
async function asked(root: ThrowawayRoot): Promise<string[]> {
  const text = await root.shell(
    "touch /run/asked; cat /run/asked; rm /run/asked",
  );
  return text.split("\n").filter((line) => line !== "");
}

testWith(
  "overlay",
  "install makes the user, the folders and their modes; purge takes all of it back",
  async () => {
    await withHost(async (root) => {
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh install`);
      match(
        await root.shell("getent passwd fail2ban-cluster"),
        /^fail2ban-cluster:x:\d+:\d+::\/nonexistent:\/usr\/sbin\/nologin$/m,
      );
      const facts = await root.shell(
        `stat -c '%a %U:%G %n' /etc/fail2ban-cluster/fail2ban-cluster.conf \\
        /var/lib/fail2ban-cluster /run/fail2ban-cluster /usr/local/bin/fail2ban-monitor \\
        ${UNITS}/fail2ban-monitor.service`,
      );
      deepStrictEqual(facts.trimEnd().split("\n"), [
        "640 root:fail2ban-cluster /etc/fail2ban-cluster/fail2ban-cluster.conf",
        "750 fail2ban-cluster:fail2ban-cluster /var/lib/fail2ban-cluster",
        "750 fail2ban-cluster:fail2ban-cluster /run/fail2ban-cluster",
        "755 root:root /usr/local/bin/fail2ban-monitor",
        `644 root:root ${UNITS}/fail2ban-monitor.service`,
      ]);
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh uninstall --purge --yes`);
      const left = await root.shell(
        "find /etc /usr/local /var/lib /run -name '*fail2ban*cluster*'; " +
          "getent passwd fail2ban-cluster || true",
      );
      strictEqual(left, "");
    });
  },
);

testWith(
  "overlay",
  "an upgrade restarts the services whose files changed, and no others",
  async () => {
    await withHost(async (root) => {
      await root.shell(SYSTEMCTL);
      const dry = await root.shell(
        `sh ${GIVEN}/1.0.0/install.sh install --dry-run`,
      );
      const told = dry.split("\n");
      for (
        const what of ["add the system user fail2ban-cluster", `make ${STATE}`]
      ) ok(told.includes(`would ${what}`), dry);
      await asked(root);
      await root.shell(
        `sh ${GIVEN}/1.0.0/install.sh install --role monitor --role subscriber`,
      );
      deepStrictEqual(
        (await asked(root)).filter((line) => /restart/.test(line)).length,
        2,
      );
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh upgrade`);
      deepStrictEqual(await asked(root), []);
      await root.shell("echo changed >>/usr/local/bin/fail2ban-subscriber");
      deepStrictEqual(
        await root.shell(`sh ${GIVEN}/1.0.0/install.sh upgrade --dry-run`),
        `would replace /usr/local/bin/fail2ban-subscriber, which is not as it was installed
would write /usr/local/bin/fail2ban-subscriber
would restart fail2ban-subscriber.service
`,
      );
      await asked(root);
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh upgrade`);
      deepStrictEqual(await asked(root), [
        // Before the new one is tried, and before it is restarted.
        "is-active --quiet fail2ban-subscriber.service",
        "is-active --quiet fail2ban-subscriber.service",
        "restart fail2ban-subscriber.service",
      ]);
      await root.shell(`sh ${GIVEN}/1.1.0/install.sh upgrade`);
      deepStrictEqual(
        (await asked(root)).filter((line) => line.startsWith("restart ")),
        [
          "restart fail2ban-monitor.service",
          "restart fail2ban-subscriber.service",
        ],
      );
      const dropins = `${UNITS}/fail2ban-monitor.service.d`;
      await root.shell(`mkdir ${dropins}`);
      const gone = await root.shell(
        `sh /usr/local/lib/fail2ban-cluster/install.sh uninstall`,
      );
      ok(gone.includes(`${dropins} is yours and stays\n`), gone);
      deepStrictEqual(await asked(root), [
        "disable --quiet --now fail2ban-monitor.service",
        "disable --quiet --now fail2ban-subscriber.service",
        "daemon-reload",
      ]);
    }, { versions: ["1.0.0", "1.1.0"] });
  },
);

testWith(
  "overlay",
  "a service that can't be restarted keeps none of the others from it, is named, and is tried again",
  async () => {
    await withHost(async (root) => {
      await root.shell(SYSTEMCTL);
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh install
echo '[ "$1" != restart ] || [ ! -e "/run/fails/$2" ]' >>/usr/bin/systemctl
mkdir /run/fails; : >/run/fails/fail2ban-monitor.service`);
      await asked(root);
      const restarts = async () =>
        (await asked(root)).filter((line) => line.startsWith("restart "))
          .map((line) => line.replace(/^restart fail2ban-|\.service$/g, ""));
      const upgrade = ["sh", `${GIVEN}/1.1.0/install.sh`, "upgrade"];
      const { code, stderr } = await root.run(upgrade);
      strictEqual(code, 4);
      match(stderr, /^install\.sh: error: not restarted: fail2ban-monitor$/m);
      deepStrictEqual(await restarts(), ["monitor", "publisher", "subscriber"]);
      await root.shell("rm -r /run/fails");
      ok(!(await root.shell(upgrade.join(" "))).includes("nothing to do"));
      deepStrictEqual(await restarts(), ["monitor"]);
      match(await root.shell(upgrade.join(" ")), /^nothing to do/);
    }, { versions: ["1.0.0", "1.1.0"] });
  },
);

testWith(
  "overlay",
  "an upgrade that was interrupted is completed by the next: each service is restarted whose files changed in either",
  async () => {
    await withHost(async (root) => {
      await root.shell(SYSTEMCTL);
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh install`);
      await asked(root);
      // It ends as the third program is about to be replaced.
      await root.shell(`mkdir /tmp/first
cat >/tmp/first/cp <<'END'
#!/bin/sh
case $2 in */bin/fail2ban-subscriber.*) echo half >"$2"; kill -INT $PPID; exit 1 ;; esac
exec /bin/cp "$@"
END
chmod 755 /tmp/first/cp
PATH=/tmp/first:$PATH sh ${GIVEN}/1.1.0/install.sh upgrade && exit 1
[ ! -e /run/asked ] || ! grep restart /run/asked`);
      await asked(root);
      await root.shell(`sh ${GIVEN}/1.1.0/install.sh upgrade`);
      deepStrictEqual(
        (await asked(root)).filter((line) => line.startsWith("restart ")),
        ["monitor", "publisher", "subscriber"].map((role) =>
          `restart fail2ban-${role}.service`
        ),
      );
    }, { versions: ["1.0.0", "1.1.0"] });
  },
);

testWith(
  "overlay",
  "services get at fail2ban's log, database and socket by a group where there is one, else by a capability",
  async () => {
    const granted =
      /^(?:SupplementaryGroups|CapabilityBoundingSet|AmbientCapabilities)=/;
    const grants = async (root: ThrowawayRoot, role: string) =>
      (await root.shell(`cat ${UNITS}/fail2ban-${role}.service`)).split("\n")
        .filter((line) => granted.test(line));
    await withHost(async (root) => {
      const capable = [
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
        "AmbientCapabilities=CAP_DAC_READ_SEARCH",
      ];
      await root.shell(`${SYSTEMCTL}
      mkdir -p /var/lib/fail2ban /run/fail2ban
      database=/var/lib/fail2ban/fail2ban.sqlite3
      : >$database; chown root:root $database; chmod 600 $database
      : >/var/log/fail2ban.log; chown root:adm /var/log/fail2ban.log; chmod 640 /var/log/fail2ban.log
      sh ${GIVEN}/1.0.0/install.sh install`);
      deepStrictEqual(await grants(root, "monitor"), capable);
      deepStrictEqual(await grants(root, "subscriber"), [
        "CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_OVERRIDE",
        "AmbientCapabilities=CAP_NET_ADMIN CAP_DAC_OVERRIDE",
      ]);
      await root.shell(`groupadd --system f2bsock
      : >/run/fail2ban/fail2ban.sock
      chown root:f2bsock /run/fail2ban/fail2ban.sock; chmod 660 /run/fail2ban/fail2ban.sock
      sh ${GIVEN}/1.0.0/install.sh upgrade`);
      deepStrictEqual(await grants(root, "monitor"), [
        "SupplementaryGroups=adm f2bsock",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
      ]);
      deepStrictEqual(await grants(root, "subscriber"), [
        "SupplementaryGroups=f2bsock",
        "CapabilityBoundingSet=CAP_NET_ADMIN",
        "AmbientCapabilities=CAP_NET_ADMIN",
      ]);
      await root.shell(`rm /run/fail2ban/fail2ban.sock
      chown root:f2bsock /var/lib/fail2ban/fail2ban.sqlite3
      chmod 640 /var/lib/fail2ban/fail2ban.sqlite3
      sh ${GIVEN}/1.0.0/install.sh upgrade`);
      deepStrictEqual(await grants(root, "monitor"), [
        "SupplementaryGroups=adm f2bsock",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
      ]);
      await root.shell(`chown root:root /var/log/fail2ban.log
      sh ${GIVEN}/1.0.0/install.sh upgrade`);
      deepStrictEqual(await grants(root, "monitor"), capable);
    });
  },
);

testWith(
  "overlay",
  "without systemd there are no units, and what runs in the background is restarted and stopped",
  async () => {
    await withHost(async (root) => {
      await root.shell("rm -f /usr/bin/systemctl /bin/systemctl");
      const said = await root.shell(
        `sh ${GIVEN}/1.0.0/install.sh install --role monitor`,
      );
      ok(said.includes("next: /usr/local/bin/fail2ban-monitor start\n"), said);
      strictEqual(
        await root.shell(`ls ${UNITS} | grep fail2ban-monitor || true`),
        "",
      );
      match(
        await root.shell("cat /etc/fail2ban-cluster/fail2ban-cluster.conf"),
        /^pidfile = \/var\/run\/fail2ban-monitor\.pid$/m,
      );
      const upgraded = await root.shell(`sh ${GIVEN}/1.1.0/install.sh upgrade`);
      ok(upgraded.includes("monitor 1.1.0 restart\n"), upgraded);
      const gone = await root.shell(`sh ${GIVEN}/1.1.0/install.sh uninstall`);
      ok(gone.includes("monitor 1.1.0 stop\n"), gone);
    }, { versions: ["1.0.0", "1.1.0"] });
  },
);
