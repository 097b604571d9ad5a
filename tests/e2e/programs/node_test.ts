import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { DatagramReceiver } from "../../support/host/datagram_receiver.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { outcomeOf } from "../../support/cluster/program_outcome.ts";

const ENFORCES = {
  subscriber: { subscriberaction: "exec", execprogram: "/bin/true" },
};

/** A hub that runs, and two hosts whose programs do not yet. */
async function newCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  for (const host of ["host-a", "host-b"]) {
    await cluster.addHost(host, ENFORCES);
    await appendLog(cluster.logPath(host), "");
  }
  await cluster.start("publisher", "hub");
  return cluster;
}

async function waitInForce(
  cluster: TestCluster,
  host: string,
  count: number,
): Promise<void> {
  await waitUntil(
    async () =>
      (await cluster.peek("subscriber", host))?.["exec.inForce"] === count,
    { what: `${count} bans in force on ${host}` },
  );
}

/** Names beside a host's log, of those that a program makes. */
async function leftBy(
  cluster: TestCluster,
  host: string,
): Promise<readonly string[]> {
  const names = await Array.fromAsync(Deno.readDir(`${cluster.dir}/${host}`));
  return names.map(({ name }) => name)
    .filter((name) => /\.(?:pid|sock)$/.test(name)).toSorted();
}

/** Errors that are shown, of which role. */
function errorsOf(child: ChildProcess): readonly string[] {
  return child.stderr.filter((line) => /^fail2ban-\w+: error: /.test(line));
}

Deno.test("a ban that one node sees is in force on the other, which may be killed in between", async () => {
  await using cluster = await newCluster();
  const a = await cluster.startNode("host-a");
  const b = await cluster.startNode("host-b");
  const log = cluster.logPath("host-a");
  await appendLog(log, banLine("sshd", "203.0.113.1"));
  await waitInForce(cluster, "host-b", 1);

  for (const node of [a, b]) await node.end("SIGKILL");
  await appendLog(log, banLine("sshd", "203.0.113.2"));
  await cluster.startNode("host-a");
  await cluster.startNode("host-b");
  await waitInForce(cluster, "host-b", 2);
  await appendLog(cluster.logPath("host-b"), banLine("sshd", "203.0.113.3"));
  await waitInForce(cluster, "host-a", 1);
});

Deno.test("each role of a node has its status, and is told of by the node's process", async () => {
  await using cluster = await newCluster();
  const node = await cluster.startNode("host-a");
  for (const role of ["monitor", "subscriber"] as const) {
    const { code, stdout } = await outcomeOf(
      cluster.spawn(role, "host-a", "status", "--log-format", "json"),
    );
    strictEqual(code, 0);
    const { program, pid, within } = JSON.parse(stdout[0] ?? "");
    deepStrictEqual(
      [program, pid, within],
      [`fail2ban-${role}`, node.pid, "fail2ban-node"],
    );
    const again = await outcomeOf(cluster.spawn(role, "host-a", "restart"));
    strictEqual(again.code, 4, "the other role would be ended");
  }
  const both = await outcomeOf(cluster.spawn("node", "host-a", "status"));
  strictEqual(both.code, 0);
  const parts = both.stdout.filter((line) =>
    line.includes(" of fail2ban-node")
  );
  deepStrictEqual(parts.map((line) => line.split(" ")[0]), [
    "fail2ban-monitor",
    "fail2ban-subscriber",
  ]);
  const second = await outcomeOf(cluster.spawn("node", "host-a", "run"));
  strictEqual(second.code, 4, second.stderr.join("\n"));
  strictEqual(node.hasEnded, false);

  const { code, stdout } = await outcomeOf(
    cluster.spawn("monitor", "host-a", "stop"),
  );
  deepStrictEqual([code, stdout], [
    0,
    ["fail2ban-monitor: stopped, as all of fail2ban-node"],
  ]);
  strictEqual((await node.ended).code, 0);
  deepStrictEqual(await leftBy(cluster, "host-a"), []);
  const none = await outcomeOf(cluster.spawn("node", "host-a", "status"));
  strictEqual(none.code, 4);
});

Deno.test("a node is started in the background, and stopped", async () => {
  await using cluster = await newCluster();
  const logtarget = `${cluster.dir}/host-a/own.log`;
  await cluster.addHost("host-a", { ...ENFORCES, general: { logtarget } });
  const started = await outcomeOf(cluster.spawn("node", "host-a", "start"));
  strictEqual(started.code, 0, started.stderr.join("\n"));
  const pid = /started, with process id (\d+)$/.exec(started.stdout[0] ?? "");
  try {
    for (const role of ["monitor", "subscriber"]) {
      strictEqual(
        await Deno.readTextFile(`${cluster.dir}/host-a/${role}.pid`),
        `${pid?.[1]}\n`,
      );
    }
  } finally {
    const stopped = await outcomeOf(cluster.spawn("node", "host-a", "stop"));
    strictEqual(stopped.code, 0, stopped.stderr.join("\n"));
    deepStrictEqual(stopped.stdout, ["fail2ban-node: stopped"]);
  }
  deepStrictEqual(await leftBy(cluster, "host-a"), []);
});

Deno.test("what one role of a node can't do ends both, with its error and exit code", async () => {
  await using cluster = await newCluster();
  await Deno.remove(cluster.logPath("host-a"));
  await Deno.mkdir(cluster.logPath("host-a"));
  const child = cluster.spawn("node", "host-a", "run");
  strictEqual((await child.ended).code, 4);
  deepStrictEqual(errorsOf(child), [
    `fail2ban-monitor: error: ${cluster.logPath("host-a")} is not a file`,
  ]);
  deepStrictEqual(await leftBy(cluster, "host-a"), []);
});

Deno.test("a wrong setting of one role keeps a node from starting", async () => {
  await using cluster = await newCluster();
  await cluster.addHost("host-a", {
    subscriber: { subscriberaction: "exec" },
  });
  for (const verb of ["check", "run", "start"]) {
    const { code, stderr } = await outcomeOf(
      cluster.spawn("node", "host-a", verb),
    );
    strictEqual(code, 3, verb);
    ok(stderr.some((line) => line.includes("subscriber.execprogram")), verb);
  }
  deepStrictEqual(await leftBy(cluster, "host-a"), []);
});

Deno.test("a node says once that it is ready, when both roles are, and ends within two seconds of SIGTERM", async () => {
  await using cluster = await newCluster();
  const socket = `${cluster.dir}/notify`;
  await using manager = new DatagramReceiver(socket);
  await cluster.addHost("host-a", ENFORCES, {
    env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "200000" },
  });
  const node = await cluster.startNode("host-a");
  await manager.waitFor(/^READY=1$/);
  await manager.waitForCount(5);
  const { code, tookMs, limitMs } = await timeStop(node);
  strictEqual(code, 0, node.stderr.join("\n"));
  ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
  await manager.waitFor(/^STOPPING=1$/);
  const { texts } = manager;
  for (const state of ["READY=1", "STOPPING=1"]) {
    strictEqual(texts.filter((text) => text === state).length, 1, state);
  }
});
