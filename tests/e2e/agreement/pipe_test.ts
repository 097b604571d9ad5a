import { match, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import { heldOf } from "../../support/cluster/host_agreement.ts";
import { startFail2ban } from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

testWith(
  "fail2ban",
  "a monitor refuses the pipe that a real fail2ban logs to, and says what mends it; a pipe in the log's place later is said once, and holds nothing up",
  async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    const dir = `${cluster.dir}/host-a`;
    const pipe = `${dir}/pipe`;
    await Deno.mkdir(dir);
    await makePipe(pipe);
    // Without a reader fail2ban does not even start.
    await using reader = new ChildProcess({
      command: "sh",
      args: ["-c", 'exec cat <>"$1"', "sh", pipe],
    });
    await using fail2ban = await startFail2ban({
      ...{ dir, jails: { sshd: {} }, logTarget: pipe },
    });
    const monitorOf = (fail2banlogpath: string) => ({
      monitor: {
        fail2banlogpath,
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: fail2ban.socketPath,
      },
    });
    await cluster.addHost("hub");
    await cluster.start("publisher", "hub");
    await cluster.addHost("host-a", monitorOf(pipe));
    const refused = cluster.spawn("monitor", "host-a", "run");
    strictEqual((await refused.ended).code, 4);
    const said = refused.stderr.join("\n");
    match(said, /: error: \S+ is a pipe, .* stands still while nobody reads/);
    match(said, /: hint: .*logtarget = .*fail2ban\.local.*fail2banlogpath/);
    const checked = cluster.spawn("monitor", "host-a", "check");
    await checked.ended;
    match(checked.stderr.join("\n"), /fail2banlogpath = \S+: it is a pipe/);
    // As the hint says.
    const log = fail2ban.logPath;
    await fail2ban.client("set", "logtarget", log);
    await cluster.addHost("host-a", monitorOf(log));
    const monitor = await cluster.start("monitor", "host-a");
    await fail2ban.client("set", "sshd", "banip", "192.0.2.9");
    const holds = (address: string) =>
      waitUntil(() => heldOf(cluster, "host-a").has(`sshd ${address}`), {
        what: `the ban of ${address}`,
        timeoutMs: 15_000,
      });
    await holds("192.0.2.9");
    await Deno.rename(log, `${log}.1`);
    // Whoever opens it from now on waits for good.
    await reader[Symbol.asyncDispose]();
    await Deno.rename(pipe, log);
    await monitor.waitForLine(/is a pipe, .* stands still/);
    // fail2ban writes on to the file that it has open.
    await fail2ban.client("set", "sshd", "banip", "192.0.2.10");
    await holds("192.0.2.10");
    const { code, tookMs, limitMs } = await timeStop(monitor);
    strictEqual(code, 0);
    ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
    strictEqual(
      monitor.stderr.filter((line) => line.includes("is a pipe")).length,
      1,
    );
  },
);

async function makePipe(path: string): Promise<void> {
  await new Deno.Command("mkfifo", { args: [path] }).output();
}
