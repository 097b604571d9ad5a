import { deepStrictEqual } from "node:assert/strict";
import { writeRelease } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** A program that works. */
const GOOD = `#!/bin/sh
case $1 in
  --version) echo fail2ban-publisher $0 ;;
  run) systemd-notify --ready; exec sleep 1000 ;;
esac
`;
/** What an upgrade brings: one that does not start, one that wants another configuration, one that works. */
const NEW: Readonly<Record<string, string>> = {
  broken: "#!/bin/sh\necho no such library >&2\nexit 127\n",
  strict: `#!/bin/sh
case $1 in check) echo general.loglevel is wrong >&2; exit 3 ;; esac
`,
  good: `${GOOD}# New.\n`,
};
const SCRIPT = `
pid() { systemctl show --value -p MainPID fail2ban-publisher; }
program() { sha256sum </usr/local/bin/fail2ban-publisher; }
sh /mnt/given/old/install.sh install
mkdir /etc/systemd/system/fail2ban-publisher.service.d
printf '[Service]\\nNotifyAccess=all\\nWatchdogSec=0\\n' >/etc/systemd/system/fail2ban-publisher.service.d/test.conf
systemctl daemon-reload
systemctl start fail2ban-publisher
first=$(pid) before=$(program)
for new in broken strict good; do
  code=0
  sh /mnt/given/$new/install.sh upgrade >/tmp/said 2>&1 || code=$?
  echo "FACT $new: $code $(grep -o 'error: .*' /tmp/said)"
  [ "$(pid)" = "$first" ] && echo "FACT $new: the old one goes on"
  [ "$(program)" = "$before" ] && echo "FACT $new: nothing was replaced"
  sh /mnt/given/old/install.sh verify >/dev/null && echo "FACT $new: is as it was installed"
done
echo "FACT at the end: $(systemctl is-active fail2ban-publisher)"
`;

testWith(
  ["nspawn", "overlay"],
  "an upgrade to a program that does not start, or refuses the configuration, changes nothing",
  async () => {
    await using dir = await TempDir.create();
    for (const [name, program] of Object.entries({ old: GOOD, ...NEW })) {
      const release = await writeRelease(dir.path(`releases/${name}`), {
        version: name === "old" ? "1.0.0" : "1.0.1",
        roles: ["publisher"],
        files: { "fail2ban-publisher": program },
      });
      await Deno.chmod(`${release}/fail2ban-publisher`, 0o755);
    }
    await using root = await ThrowawayRoot.create(dir.path("releases"));
    const told = await root.boot(SCRIPT);
    const facts = told.split("\n").filter((line) => line.startsWith("FACT "));
    const unchanged = (name: string) => [
      `FACT ${name}: the old one goes on`,
      `FACT ${name}: nothing was replaced`,
      `FACT ${name}: is as it was installed`,
    ];
    deepStrictEqual(facts, [
      "FACT broken: 4 error: the new fail2ban-publisher does not start on this host: no such library",
      ...unchanged("broken"),
      "FACT strict: 4 error: the new fail2ban-publisher refuses this host's configuration: general.loglevel is wrong",
      ...unchanged("strict"),
      "FACT good: 0 ",
      "FACT good: is as it was installed",
      "FACT at the end: active",
    ], told);
  },
);
