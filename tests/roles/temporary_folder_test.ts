import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { appendLog } from "../support/fail2ban/fail2ban_lines.ts";
import { outcomeOf } from "../support/cluster/program_outcome.ts";
import { type RoleName, TestCluster } from "../support/cluster/test_cluster.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const ROLES: readonly RoleName[] = ["monitor", "publisher", "subscriber"];

/** What any user of the host can put into its folder for temporary files. */
async function makeHostile(dir: TempDir, role: RoleName): Promise<string[]> {
  await dir.write("package.json", "not json", 0o644);
  const foreseen = `deno-compile-fail2ban-${role}`;
  await Deno.mkdir(dir.path(`${foreseen}/roles`), { recursive: true });
  await dir.write(`${foreseen}/package.json`, "not json", 0o644);
  await dir.write(`${foreseen}/roles/${role}.ts`, "throw 1", 0o644);
  return await namesIn(dir);
}

async function namesIn(dir: TempDir): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir.path()));
  return entries.map(({ name }) => name).toSorted();
}

for (const role of ROLES) {
  Deno.test(`whatever others put into TMPDIR, the ${role} starts, and leaves nothing there`, async () => {
    await using dir = await TempDir.create();
    const before = await makeHostile(dir, role);
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-a", {}, { env: { TMPDIR: dir.path() } });
    await appendLog(cluster.logPath("host-a"), "");
    const child = await cluster.start(role, "host-a");
    strictEqual((await child.end("SIGTERM")).code, 0);
    const { code } = await outcomeOf(cluster.spawn(role, "host-a", "check"));
    strictEqual(code, 0);
    deepStrictEqual(await namesIn(dir), before);
  });
}

Deno.test("a publisher that was killed leaves a folder that the next one removes, and one whose folder is gone ends well", async () => {
  await using dir = await TempDir.create();
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a", {}, { env: { TMPDIR: dir.path() } });
  const killed = await cluster.start("publisher", "host-a");
  await killed.end("SIGKILL");
  const left = await namesIn(dir);
  const next = await cluster.start("publisher", "host-a");
  const now = await namesIn(dir);
  const own = now.filter((name) => !left.includes(name));
  deepStrictEqual([left.length, own.length], [1, 1]);
  // An executable's folder has its native code as well, and is its own.
  const isExecutable = Deno.env.get("F2BC_BIN") !== undefined;
  deepStrictEqual(now, isExecutable ? [...left, ...own].toSorted() : own);
  await Deno.remove(dir.path(own[0] ?? ""), { recursive: true });
  strictEqual((await next.end("SIGTERM")).code, 0);
});
