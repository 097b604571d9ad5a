import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DamagedHosts } from "../../support/cluster/damaged_hosts.ts";
import { assertNoBug } from "../../support/cluster/mended_start.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { FailingDisk } from "../../support/host/failing_disk.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";
import type { RoleName } from "../../support/cluster/test_cluster.ts";

const HOST = "host-a";

/** A role's host whose disk fails while the role works, and is mended once that has ended. */
async function onFailingDisk(
  role: RoleName,
  meanwhile: (hosts: DamagedHosts, child: ChildProcess) => Promise<void>,
  afterwards: (hosts: DamagedHosts) => Promise<void>,
): Promise<void> {
  await using hosts = await DamagedHosts.create(role, [HOST]);
  const { cluster } = hosts;
  await using disk = await FailingDisk.over(
    cluster.stateDir(HOST),
    `${cluster.dir}/disk`,
  );
  cluster.startWithin(HOST, disk.within);
  const child = await cluster.start(role, HOST);
  await hosts.works(HOST);
  await disk.fail();
  await meanwhile(hosts, child);
  ok(!child.hasEnded);
  assertNoBug(child);
  const { code, tookMs, limitMs } = await timeStop(child);
  strictEqual(code, 0, child.stderr.join("\n"));
  ok(tookMs < limitMs, `it took ${tookMs} ms, not ${limitMs}`);
  await disk.mend();
  const again = await cluster.start(role, HOST);
  await hosts.works(HOST);
  await afterwards(hosts);
  assertNoBug(again);
  strictEqual((await again.end()).code, 0);
}

const TOLD = {
  monitor: /the place in the log can't be stored.*Read-only file system/,
  subscriber: /the copy can't be kept on disk, and is tried again/,
};

for (const role of ["monitor", "subscriber"] as const) {
  testWith(
    "loopdisk",
    `a ${role} goes on when the kernel takes its disk away from writers, says so once, and is well once the disk is`,
    () =>
      onFailingDisk(role, async (hosts, child) => {
        for (const last of [5, 6, 7]) {
          await hosts.hears(HOST, `198.51.100.${last}`);
        }
        await child.waitForLine(TOLD[role]);
        await hosts.hears(HOST, "198.51.100.8");
        const told = child.stderr.filter((line) => TOLD[role].test(line));
        strictEqual(told.length, 1, told.join("\n"));
      }, async (hosts) => {
        await hosts.hears(HOST, "198.51.100.10");
      }),
  );
}

testWith(
  "loopdisk",
  "a publisher acknowledges nothing when the kernel takes its disk away from writers, says so, and has all that it acknowledged once the disk is well",
  () => {
    let before: readonly string[] = [];
    return onFailingDisk("publisher", async (hosts, child) => {
      before = publishersBans(hosts.cluster, "seed");
      await using _unanswered = await hosts.reportUnanswered(HOST);
      await child.waitForLine(/can't be kept, and are not acknowledged/);
      const { unkept, ...figures } = await hosts.cluster.figures(
        "publisher",
        HOST,
      );
      strictEqual(unkept, 1);
      strictEqual(figures["protocol1.unanswered"], 1);
    }, async (hosts) => {
      await hosts.hears(HOST, "198.51.100.10");
      const { bans } = await hosts.cluster.figures("publisher", HOST);
      // Its seed's, the one that it took before, and the one after.
      deepStrictEqual({ bans, before: before.length }, {
        bans: before.length + 2,
        before: 1,
      });
    });
  },
);
