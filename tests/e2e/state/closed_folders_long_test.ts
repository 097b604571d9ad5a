import { ok, strictEqual } from "node:assert/strict";
import { DamagedHosts } from "../../support/cluster/damaged_hosts.ts";
import { assertNoBug } from "../../support/cluster/mended_start.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import type { RoleName } from "../../support/cluster/test_cluster.ts";

const HOST = "host-a";
const NOBODY = 65_534;
/** Root that may not pass where others may not: as a service's user. */
const WITHOUT_PASSES = [
  "setpriv",
  "--bounding-set=-dac_override,-dac_read_search",
  "--inh-caps=-all",
];

/** Has a folder be another's, who lets nobody in; or opens it again. */
async function close(folder: string, isClosed: boolean): Promise<void> {
  const uid = isClosed ? NOBODY : 0;
  await Deno.chown(folder, uid, uid);
  await Deno.chmod(folder, 0o700);
}

/** Records of trouble, without what differs from one to the next. */
function troubles(lines: readonly string[]): string[] {
  return lines.filter((line) => /: (WARNING|ERROR|CRITICAL): /.test(line))
    .map((line) => line.replace(/^\S+ /, ""));
}

for (const role of ["monitor", "publisher", "subscriber"] as const) {
  for (const which of ["its state", "its log, its pid file and all"] as const) {
    testWith(
      "setpriv",
      `a ${role} goes on when the folder of ${which} is closed and opened, and says each thing once`,
      () => showClosed(role, which === "its state"),
    );
  }
}

async function showClosed(role: RoleName, isState: boolean): Promise<void> {
  await using hosts = await DamagedHosts.create(role, [HOST]);
  const { cluster } = hosts;
  cluster.startWithin(HOST, WITHOUT_PASSES);
  const child = await cluster.start(role, HOST);
  await hosts.works(HOST);
  // A monitor follows the log of the host that was there before.
  const folders = isState ? [cluster.stateDir(HOST)] : [
    `${cluster.dir}/${HOST}`,
    ...role === "monitor" ? [`${cluster.dir}/seed`] : [],
  ];
  // What an exec action does is outside of what is closed.
  for (const folder of folders) await close(folder, true);
  const before = troubles(child.stderr).length;
  for (const last of [4, 5, 6]) await hosts.hears(HOST, `198.51.100.${last}`);
  if (isState && role === "monitor") {
    await child.waitForLine(/can't be stored.*permission denied/i);
  }
  const told = troubles(child.stderr).slice(before);
  strictEqual(new Set(told).size, told.length, told.join("\n"));
  for (const folder of folders) await close(folder, false);
  await hosts.hears(HOST, "198.51.100.7");
  assertNoBug(child);
  const { code, tookMs, limitMs } = await timeStop(child);
  strictEqual(code, 0, child.stderr.join("\n"));
  ok(tookMs < limitMs, `it took ${tookMs} ms, not ${limitMs}`);
}
