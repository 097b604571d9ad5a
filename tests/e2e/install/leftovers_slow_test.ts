import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GIVEN, withHost } from "../../support/install/install_host.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";

testWith(
  "overlay",
  "a user or a group that was there is used and stays, a user without the group is refused, one with processes stays",
  async () => {
    const install = `sh ${GIVEN}/1.0.0/install.sh install`;
    const purge = `sh ${GIVEN}/1.0.0/install.sh uninstall --purge --yes`;
    const user = "fail2ban-cluster";
    await withHost(async (root) => {
      await root.shell(
        `useradd --system --user-group ${user}; ${install}; ${purge}`,
      );
      match(await root.shell(`id ${user}`), /^uid=/);
      await root.shell(`userdel ${user}; groupadd --system ${user}
${install}; id -gn ${user}
mkdir /run/first; printf '#!/bin/sh\\nexit 8\\n' >/run/first/userdel; chmod 755 /run/first/userdel`);
      const said = await root.shell(`PATH=/run/first:$PATH; ${purge}`);
      ok(said.includes(`${user} stays: remove it when`), said);
      await root.shell(
        `userdel ${user}; useradd --system --no-user-group ${user}
! getent group ${user}`,
      );
      const { code, stderr } = await root.run([
        "sh",
        `${GIVEN}/1.0.0/install.sh`,
        "install",
      ]);
      strictEqual(code, 4);
      match(stderr, /error: the user \S+ is there, but no group \S+$/m);
      strictEqual(await root.shell("ls /usr/local/bin"), "");
    });
  },
);

testWith(
  ["overlay", "setpriv"],
  "verify and upgrade see whose a program is, and verify says what its user may not read",
  async () => {
    const verify = "sh /usr/local/lib/fail2ban-cluster/install.sh verify";
    await withHost(async (root) => {
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh install
chown nobody /usr/local/bin/fail2ban-monitor`);
      const { code, stdout } = await root.run(verify.split(" "));
      strictEqual(code, 4);
      match(stdout, /bin\/fail2ban-monitor: it is not root's$/m);
      await root.shell(`sh ${GIVEN}/1.0.0/install.sh upgrade`);
      await root.shell(verify);
      const said = await root.shell(
        `setpriv --reuid=65534 --regid=65534 --clear-groups ${verify}`,
      );
      match(
        said,
        /^not checked: \S+fail2ban-cluster\.conf can't be read by this user$/m,
      );
    });
  },
);

testWith(
  "overlay",
  "the units of a second prefix outlive the first, which says so",
  async () => {
    await withHost(async (root) => {
      const install = `sh ${GIVEN}/1.0.0/install.sh`;
      await root.shell(`${install} install`);
      const said = await root.shell(`${install} install --prefix /opt/second`);
      match(
        said,
        /^replace \S+monitor\.service, which is not as it was installed$/m,
      );
      const gone = await root.shell(`${install} uninstall`);
      match(gone, /monitor\.service is another installation's and stays$/m);
      await root.shell(`${install} verify --prefix /opt/second`);
      match(
        await root.shell("cat /etc/systemd/system/fail2ban-monitor.service"),
        /^ExecStart="\/opt\/second\/bin\/fail2ban-monitor" run$/m,
      );
    });
  },
);

testWith(
  "overlay",
  "what a program run by root has left in the state goes back to the services' user",
  async () => {
    await withHost(async (root) => {
      const install = `sh ${GIVEN}/1.0.0/install.sh`;
      const state = "/var/lib/fail2ban-cluster";
      await root.shell(`${install} install; : >${state}/bans.sqlite3
: >/etc/elsewhere; ln -s /etc/elsewhere ${state}/link`);
      const said = await root.shell(`${install} upgrade`);
      match(said, /^give what is root's in \S+ to fail2ban-cluster$/m);
      strictEqual(
        await root.shell(`stat -c %U:%G ${state}/bans.sqlite3 /etc/elsewhere`),
        "fail2ban-cluster:fail2ban-cluster\nroot:root\n",
      );
      match(await root.shell(`${install} upgrade`), /^nothing to do/);
    });
  },
);

testWith(
  ["netns", "nftables", "overlay"],
  "a purge has the subscriber lift its bans, and an uninstall says what still holds",
  async () => {
    await using netns = await NetworkNamespace.create();
    await withHost(
      async (root) => {
        const inside = async (script: string) => {
          const { command, args } = root.inside(["sh", "-ec", script]);
          const { success, stdout, stderr } = await new Deno.Command(command, {
            args,
          }).output();
          ok(success, new TextDecoder().decode(stderr));
          return new TextDecoder().decode(stdout).split("\n");
        };
        await inside("nft add table inet fail2ban_cluster");
        await inside(`sh ${GIVEN}/1.0.0/install.sh install`);
        const gone = await inside(`sh ${GIVEN}/1.0.0/install.sh uninstall`);
        deepStrictEqual(gone.filter((line) => line.startsWith("next: ")), [
          "next: nft delete table inet fail2ban_cluster (it goes on refusing what was banned)",
          "next: fail2ban-client reload (the jail goes, with its bans)",
        ]);
        ok(!gone.some((line) => line.endsWith(" lift")));
        await inside(
          `nft delete table inet fail2ban_cluster; sh ${GIVEN}/1.0.0/install.sh install`,
        );
        const purged = await inside(
          `sh ${GIVEN}/1.0.0/install.sh uninstall --purge --yes`,
        );
        ok(purged.includes("subscriber 1.0.0 lift"), purged.join("\n"));
        deepStrictEqual(purged.filter((line) => line.startsWith("next: ")), [
          "next: fail2ban-client reload (the jail goes, with its bans)",
        ]);
      },
      { netns },
    );
  },
);
