import { deepStrictEqual } from "node:assert/strict";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** Starts and stops a unit that each system has under the same name. */
const SCRIPT = `
printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nUser=nobody\\nExecStartPre=true\\nExecStart=sleep 1000\\nExecStopPost=true\\n' >/etc/systemd/system/same.service
systemctl daemon-reload
for run in $(seq 60); do systemctl restart same; done
echo "FACT complaints: $(journalctl --no-pager -u same | grep -c Failed)"
`;

testWith(
  ["nspawn", "overlay"],
  "systems that boot at once have nothing of each other's: a unit of one name is started and stopped in each",
  async () => {
    await using given = await TempDir.create();
    const boot = async () => {
      await using root = await ThrowawayRoot.create(given.path());
      const told = await root.boot(SCRIPT);
      return told.split("\n").filter((line) => line.startsWith("FACT "));
    };
    deepStrictEqual(await Promise.all([boot(), boot()]), [
      ["FACT complaints: 0"],
      ["FACT complaints: 0"],
    ]);
  },
);
