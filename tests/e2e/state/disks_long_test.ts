import { ok, strictEqual } from "node:assert/strict";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { DamagedHosts } from "../../support/cluster/damaged_hosts.ts";
import {
  assertNoBug,
  startRefused,
} from "../../support/cluster/mended_start.ts";
import { MountedDisk } from "../../support/host/mounted_disk.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import type { RoleName } from "../../support/cluster/test_cluster.ts";

const HOST = "host-a";
const DISK = "2m";

interface OnDisk {
  readonly hosts: DamagedHosts;
  readonly disk: MountedDisk;
}

/** A role's host whose state is on a disk of its own. */
async function onDisk(
  role: RoleName,
  show: (parts: OnDisk) => Promise<ChildProcess>,
): Promise<void> {
  await using hosts = await DamagedHosts.create(role, [HOST]);
  const { cluster } = hosts;
  await using disk = await MountedDisk.over(cluster.stateDir(HOST), DISK);
  cluster.startWithin(HOST, disk.within);
  const child = await show({ hosts, disk });
  assertNoBug(child);
  const { code, tookMs, limitMs } = await timeStop(child);
  strictEqual(code, 0, child.stderr.join("\n"));
  ok(tookMs < limitMs, `it took ${tookMs} ms, not ${limitMs}`);
}

/** It is told once, with its cause. */
function assertTold(child: ChildProcess, cause: RegExp): void {
  const told = child.stderr.filter((line) => cause.test(line));
  ok(told.length > 0, child.stderr.join("\n"));
  strictEqual(new Set(told).size, told.length, told.join("\n"));
}

for (const role of ["monitor", "subscriber"] as const) {
  testWith(
    "mountns",
    `a ${role} goes on with a disk that is read-only when it starts`,
    () =>
      onDisk(role, async ({ hosts, disk }) => {
        await disk.makeReadOnly();
        const child = await hosts.cluster.start(role, HOST);
        await hosts.works(HOST);
        assertTold(child, /read-?only/i);
        return child;
      }),
  );

  testWith(
    "mountns",
    `a ${role} goes on with a disk that is full when it starts`,
    () =>
      onDisk(role, async ({ hosts, disk }) => {
        await disk.fill();
        const child = await hosts.cluster.start(role, HOST);
        await hosts.works(HOST);
        await disk.free();
        await hosts.hears(HOST, "198.51.100.4");
        return child;
      }),
  );

  testWith(
    "mountns",
    `a ${role} goes on with a disk that gets full, and has room again`,
    () =>
      onDisk(role, async ({ hosts, disk }) => {
        const child = await hosts.cluster.start(role, HOST);
        await hosts.works(HOST);
        await disk.fill();
        for (const last of [5, 6, 7]) {
          await hosts.hears(HOST, `198.51.100.${last}`);
        }
        await disk.free();
        await hosts.hears(HOST, "198.51.100.8");
        return child;
      }),
  );
}

testWith(
  "mountns",
  "a monitor goes on with a disk that gets read-only",
  () =>
    onDisk("monitor", async ({ hosts, disk }) => {
      const child = await hosts.cluster.start("monitor", HOST);
      await hosts.works(HOST);
      await disk.makeReadOnly();
      await hosts.hears(HOST, "198.51.100.4");
      await child.waitForLine(/can't be stored.*read-only/i);
      await hosts.hears(HOST, "198.51.100.5");
      return child;
    }),
);

testWith(
  "mountns",
  "a publisher does not start with a disk that is read-only, and names the command that mends it",
  () =>
    onDisk("publisher", async ({ hosts, disk }) => {
      const { cluster } = hosts;
      await disk.makeReadOnly();
      const command = await startRefused(cluster, "publisher", HOST);
      ok(/^mount -o remount,rw /.test(command), command);
      await disk.run(command);
      const child = await cluster.start("publisher", HOST);
      await hosts.works(HOST);
      return child;
    }),
);

testWith(
  "mountns",
  "a publisher that was stopped does not start with a full disk, and goes on when there is room",
  () =>
    onDisk("publisher", async ({ hosts, disk }) => {
      const { cluster } = hosts;
      await (await cluster.start("publisher", HOST)).end();
      await disk.fill();
      const command = await startRefused(cluster, "publisher", HOST);
      ok(/^df -h /.test(command), command);
      await disk.run(command);
      await disk.free();
      const child = await cluster.start("publisher", HOST);
      await hosts.works(HOST);
      return child;
    }),
);

testWith(
  "mountns",
  "a publisher that was killed starts with a full disk, acknowledges nothing, and goes on when there is room",
  () =>
    onDisk("publisher", async ({ hosts, disk }) => {
      await disk.fill();
      const child = await hosts.cluster.start("publisher", HOST);
      await using _unanswered = await hosts.reportUnanswered(HOST);
      await child.waitForLine(/can't be kept, and are not acknowledged/);
      await disk.free();
      await hosts.works(HOST);
      return child;
    }),
);
