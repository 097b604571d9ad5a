import { match, ok, strictEqual } from "node:assert/strict";
import { GIVEN, withHost } from "../../support/install/install_host.ts";
import { testWith } from "../../support/host/real_parts.ts";
import type { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

const JAIL = "/etc/fail2ban/jail.d/fail2bancluster.conf";
const INSTALL = `sh ${GIVEN}/1.0.0/install.sh`;
/** A jail that is fine, so that fail2ban starts without ours. */
const FINE =
  "[sshd]\nenabled = true\nbackend = polling\nlogpath = /dev/null\n" +
  "action = dummy\n";

async function writeLocal(root: ThrowawayRoot, text: string): Promise<void> {
  await root.shell(`cat >/etc/fail2ban/jail.local <<'END'\n${text}END`);
}

/** Runs a command: what it printed, standard error first, and its exit code. */
async function tried(root: ThrowawayRoot, command: string): Promise<string> {
  return await root.shell(
    `{ ${command}; } >/run/said 2>/run/wrong && code=0 || code=$?
    cat /run/wrong /run/said; echo "exit code $code"`,
  );
}

const STARTS = "fail2ban-client -t 2>&1 | tail -n 1";

testWith(
  ["overlay", "fail2ban"],
  "install puts a jail that fail2ban takes, and takes back one that it refuses, with the reason",
  async () => {
    await withHost(async (root) => {
      await root.shell("sed -i '/^banaction = /d' /etc/fail2ban/jail.conf");
      await writeLocal(root, FINE);
      const refused = await tried(root, `${INSTALL} install`);
      match(
        refused,
        /^install\.sh: error: fail2ban-client -t refuses what was put into \/etc\/fail2ban, and it was taken back: .*'action' in section 'fail2bancluster' contains an interpolation key 'banaction'/,
      );
      match(
        refused,
        /^install\.sh: hint: mend \[DEFAULT\] in \/etc\/fail2ban\/jail\.local, .*then install\.sh upgrade$/m,
      );
      ok(refused.endsWith("exit code 4\n"), refused);
      ok(!refused.includes("next: fail2ban-client reload"), refused);
      strictEqual(await root.shell(`ls ${JAIL} 2>/dev/null || true`), "");
      match(await root.shell(STARTS), /^OK: /);
      // What was installed is complete but for that.
      match(await tried(root, `${INSTALL} verify`), /exit code 0\n$/);
      await writeLocal(root, `[DEFAULT]\nbanaction = dummy\n${FINE}`);
      const mended = await tried(root, `${INSTALL} upgrade`);
      ok(mended.includes("next: fail2ban-client reload\n"), mended);
      ok(mended.endsWith("exit code 0\n"), mended);
      match(await root.shell(STARTS), /^OK: /);
      ok((await root.shell(`cat ${JAIL}`)).includes("%(banaction)s"));
    }, { fail2ban: "stock" });
  },
);

testWith(
  ["overlay", "fail2ban"],
  "an upgrade whose jail fail2ban refuses leaves the one before it",
  async () => {
    await withHost(async (root) => {
      await writeLocal(root, FINE);
      await root.shell(`${INSTALL} install`);
      const before = await root.shell(`cat ${JAIL}`);
      const next = "/root/1.1.0";
      await root.shell(`cp -r ${GIVEN}/1.1.0 ${next}; cd ${next}
        sed -i 's/^logpath = .*/logpath = \\/nowhere/' fail2ban/jail.d/fail2bancluster.conf
        sed -i '/jail.d.fail2bancluster.conf$/d' SHA256SUMS
        sha256sum fail2ban/jail.d/fail2bancluster.conf >>SHA256SUMS`);
      const refused = await tried(root, `sh ${next}/install.sh upgrade`);
      match(
        refused,
        /taken back: .*Have not found any log file for fail2bancluster jail/,
      );
      strictEqual(await root.shell(`cat ${JAIL}`), before);
      match(await root.shell(STARTS), /^OK: /);
    }, { fail2ban: "stock", versions: ["1.0.0", "1.1.0"] });
  },
);

testWith(
  ["overlay", "fail2ban"],
  "a fail2ban that was refused before keeps our jail, and install says so",
  async () => {
    await withHost(async (root) => {
      await writeLocal(
        root,
        `${FINE}[mine]\nenabled = true\nfilter = nowhere\n`,
      );
      const said = await tried(root, `${INSTALL} install`);
      match(said, /^fail2ban-client -t fails, as it did before: .*nowhere/m);
      ok(said.endsWith("exit code 0\n"), said);
      ok((await root.shell(`cat ${JAIL}`)).includes("%(banaction)s"));
    }, { fail2ban: "stock" });
  },
);

testWith(
  ["overlay", "fail2ban"],
  "uninstall leaves the filter to a jail that stays, and says what fail2ban can't read any more",
  async () => {
    await withHost(async (root) => {
      await writeLocal(root, FINE);
      await root.shell(`${INSTALL} install`);
      await root.shell(
        `cp /usr/local/share/doc/fail2ban-cluster/fail2bancluster-log.conf.example ${JAIL}`,
      );
      match(await root.shell(STARTS), /^OK: /);
      const said = await root.shell(`${INSTALL} uninstall`);
      const filter = "/etc/fail2ban/filter.d/fail2bancluster.conf";
      ok(said.includes(`${JAIL} was edited and stays\n`), said);
      ok(
        said.includes(`${filter} is read by a jail that stays, and stays\n`),
        said,
      );
      match(await root.shell(STARTS), /^OK: /);
      await root.shell(`rm ${JAIL}; ${INSTALL} install
        printf '[fail2bancluster]\\nenabled = true\\nlogpath = /dev/null\\nbackend = polling\\n' >${
        JAIL.replace(/conf$/, "local")
      }`);
      const gone = await root.shell(`${INSTALL} uninstall --purge --yes`);
      match(
        gone,
        /^next: remove what is left of \[fail2bancluster\] .*: .*fail2bancluster/m,
      );
    }, { fail2ban: "stock" });
  },
);
