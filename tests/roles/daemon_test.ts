import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../support/host/child_process.ts";
import { DaemonHost } from "../support/host/daemon_host.ts";
import { isRunning, processSession } from "../support/host/process_state.ts";
import { outcomeOf } from "../support/cluster/program_outcome.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import { roleCommand, TestCluster } from "../support/cluster/test_cluster.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const NAME = "fail2ban-publisher";

/** Whether a publisher answers right now. */
async function answers(cluster: TestCluster): Promise<boolean> {
  await using client = new RawClient(cluster.replyUrl);
  await client.request(bytes(`${cluster.token}|host-a|sshd|Ban|203.0.113.1`));
  return await client.reply() === "host-a|sshd|Ban|203.0.113.1";
}

/** What is there while a publisher runs, and after it was killed. */
const LEFT_BY_A_PUBLISHER = [
  "publisher.command.sock",
  "publisher.pid",
  "publisher.sock",
];

Deno.test("start returns once the program works in a session of its own, and prints its pid", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const { code, stdout, stderr } = await host.run("start");
  const pid = await host.notePid() ?? 0;
  strictEqual(code, 0, stderr.join("\n"));
  deepStrictEqual(stdout, [`${NAME}: started, with process id ${pid}`]);
  strictEqual(await Deno.readTextFile(host.pidFile), `${pid}\n`);
  strictEqual((await Deno.stat(host.socket)).mode, 0o140600);
  strictEqual(await answers(cluster), true);
  strictEqual(await processSession(pid), pid);
  strictEqual(await Deno.readLink(`/proc/${pid}/cwd`), "/");
  const log = await Deno.readTextFile(host.log);
  ok(log.includes(`${NAME}[${pid}]: INFO: ready `), log);
});

Deno.test("status tells people and programs what a program in the background does", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const pid = await host.start();
  strictEqual(await answers(cluster), true);
  const text = await host.run("status");
  strictEqual(text.code, 0);
  ok(
    text.stdout[0]?.startsWith(`${NAME} `) &&
      text.stdout[0].includes(` runs on host-a with process id ${pid}, for `),
    text.stdout[0],
  );
  ok(text.stdout.some((line) => /^ {2}protocol1\.relayed +1$/.test(line)));
  const json = await host.run("status", "--log-format", "json");
  strictEqual(json.code, 0);
  strictEqual(json.stdout.length, 1);
  const report = JSON.parse(json.stdout[0] ?? "");
  deepStrictEqual(
    [
      report.program,
      report.pid,
      report.node,
      report.figures["protocol1.relayed"],
    ],
    [NAME, pid, "host-a", 1],
  );
});

Deno.test("a second start and a second run are refused, naming the pid of the first, which works on", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const pid = await host.start();
  for (const verb of ["start", "run"]) {
    const { code, stdout, stderr } = await host.run(verb);
    strictEqual(code, 4);
    deepStrictEqual(stdout, []);
    strictEqual(
      stderr[0],
      `${NAME}: error: already runs, with process id ${pid}`,
    );
    ok(stderr[1]?.startsWith(`${NAME}: hint: `), stderr.join("\n"));
    ok(stderr.at(-1)?.includes(host.pidFile), stderr.join("\n"));
    strictEqual(stderr.length, 2, stderr.join("\n"));
  }
  strictEqual(await Deno.readTextFile(host.pidFile), `${pid}\n`);
  strictEqual(await answers(cluster), true);
});

Deno.test("of many that are started at once, one works", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "subscriber");
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, () => host.run("start")),
  );
  deepStrictEqual(outcomes.map(({ code }) => code).toSorted(), [0, 4, 4, 4]);
  strictEqual((await host.run("status")).code, 0);
});

Deno.test("stop returns when the process has ended, and leaves neither pid file nor socket", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  for (let round = 0; round < 3; round++) {
    const pid = await host.start();
    deepStrictEqual(await host.leftovers(), LEFT_BY_A_PUBLISHER);
    const { code, stdout } = await host.run("stop");
    strictEqual(await isRunning(pid), false);
    strictEqual(code, 0);
    deepStrictEqual(stdout, [`${NAME}: stopped`]);
    deepStrictEqual(await host.leftovers(), []);
    const log = await Deno.readTextFile(host.log);
    ok(log.endsWith(`${NAME}[${pid}]: INFO: stopped\n`), log);
  }
});

Deno.test("stop waits for the process's end, also while that one waits for its log", async () => {
  await using cluster = await TestCluster.create();
  const logtarget = `${cluster.dir}/missing/publisher.log`;
  const overrides = { general: { logtarget } };
  await using host = await DaemonHost.create(cluster, "publisher", overrides);
  const pid = await host.start();
  strictEqual((await host.run("stop")).code, 0);
  strictEqual(await isRunning(pid), false);
});

Deno.test("a program whose pid file can't be written works in the foreground, not in the background", async () => {
  await using cluster = await TestCluster.create();
  const pidfile = `${cluster.dir}/missing/publisher.pid`;
  const overrides = { publisher: { pidfile } };
  await using host = await DaemonHost.create(cluster, "publisher", overrides);
  const { code, stderr } = await host.run("start");
  strictEqual(code, 4);
  const reason = `cannot write ${pidfile}: No such file or directory`;
  ok(stderr[0]?.startsWith(`${NAME}: error: ${reason}`), stderr[0]);
  ok(stderr[1]?.includes("set pidfile to a place"), stderr[1]);
  const child = cluster.spawn("publisher", "host-a", "run");
  await waitUntil(async () => {
    const log = await Deno.readTextFile(host.log);
    return log.includes(`[${child.pid}]: INFO: ready `);
  }, { what: "a publisher that works" });
  strictEqual(await answers(cluster), true);
  const log = await Deno.readTextFile(host.log);
  ok(log.includes(`WARNING: no pid file reason="${reason}`), log);
  strictEqual((await child.end()).code, 0);
});

Deno.test("stop of a program that does not run is done, status of it is exit code 4", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "monitor");
  const stdout = ["fail2ban-monitor: does not run"];
  deepStrictEqual(await host.run("stop"), { code: 0, stdout, stderr: [] });
  deepStrictEqual(await host.run("status"), { code: 4, stdout, stderr: [] });
});

Deno.test("restart puts another process in the place of the one that works, or starts one", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const pids: number[] = [];
  for (const said of ["does not run", "stopped", "stopped"]) {
    const { code, stdout } = await host.run("restart");
    const pid = await host.notePid() ?? 0;
    strictEqual(code, 0);
    deepStrictEqual(stdout, [
      `${NAME}: ${said}`,
      `${NAME}: started, with process id ${pid}`,
    ]);
    const before = pids.at(-1);
    if (before !== undefined) strictEqual(await isRunning(before), false);
    pids.push(pid);
    strictEqual(await answers(cluster), true);
  }
  strictEqual(new Set(pids).size, 3);
});

Deno.test("start with a taken port gives the program's own error and exit code, and leaves nothing behind", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const { hostname, port } = new URL(cluster.replyUrl.replace(/^tcp/, "http"));
  using _ = Deno.listen({ hostname, port: Number(port) });
  deepStrictEqual(await host.run("start"), {
    code: 4,
    stdout: [],
    stderr: [
      `${NAME}: error: cannot listen on ${cluster.replyUrl}: Address already in use`,
      `${NAME}: hint: another program, or another copy of this one, has that port`,
    ],
  });
  deepStrictEqual(await host.leftovers(), []);
  const log = await Deno.readTextFile(host.log);
  ok(/: CRITICAL: ended by an error .*Address already in use/.test(log), log);
});

Deno.test("start with a bad configuration gives the error, and leaves nothing behind", async () => {
  await using cluster = await TestCluster.create();
  const overrides = { general: { loglevel: "LOUD" } };
  await using host = await DaemonHost.create(cluster, "publisher", overrides);
  const { code, stdout, stderr } = await host.run("start");
  strictEqual(code, 3);
  deepStrictEqual(stdout, []);
  strictEqual(stderr.length, 1);
  ok(stderr[0]?.includes(": general.loglevel = LOUD: expected "), stderr[0]);
  deepStrictEqual(await host.leftovers(), []);
});

Deno.test("start refuses to log to a terminal that it leaves, restart as well, without stopping anything", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const pid = await host.start();
  const local = host.config.replace(/conf$/, "local");
  await Deno.writeTextFile(local, "[general]\nlogtarget = STDERR\n");
  for (const verb of ["start", "restart"]) {
    deepStrictEqual(await host.run(verb), {
      code: 3,
      stdout: [],
      stderr: [
        `${NAME}: error: ${local}:2: general.logtarget = STDERR: expected SYSLOG or a file, since \`start\` leaves the terminal`,
      ],
    });
  }
  strictEqual(await isRunning(pid), true);
});

Deno.test("a pid file that a killed program left is told from one in use, and is replaced", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const killed = await host.start();
  await host.kill(killed);
  deepStrictEqual(await host.leftovers(), LEFT_BY_A_PUBLISHER);
  const stdout = [`${NAME}: does not run; ${host.pidFile} is stale`];
  deepStrictEqual(await host.run("status"), { code: 4, stdout, stderr: [] });
  deepStrictEqual(await host.run("stop"), { code: 0, stdout, stderr: [] });
  const pid = await host.start();
  strictEqual(await answers(cluster), true);
  const log = await Deno.readTextFile(host.log);
  const line =
    `stale pid file replaced path=${host.pidFile} stalePid=${killed}`;
  ok(log.includes(`${NAME}[${pid}]: NOTICE: ${line}\n`), log);
  strictEqual((await host.run("stop")).code, 0);
  deepStrictEqual(await host.leftovers(), []);
});

Deno.test("a process that was given the pid of a killed program is not taken for it", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  await using other = new ChildProcess({
    command: "sleep",
    args: ["60"],
    endTimeoutMs: 0,
  });
  await Deno.writeTextFile(host.pidFile, `${other.pid}\n`);
  for (const [verb, expected] of [["status", 4], ["stop", 0]] as const) {
    const { code, stdout } = await host.run(verb);
    strictEqual(code, expected);
    deepStrictEqual(stdout, [
      `${NAME}: does not run; ${host.pidFile} is stale`,
    ]);
  }
  const pid = await host.start();
  strictEqual(other.hasEnded, false);
  strictEqual(await Deno.readTextFile(host.pidFile), `${pid}\n`);
});

Deno.test("a program in the foreground is found, and stopped, as one in the background is", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const child = cluster.spawn("publisher", "host-a", "run");
  await waitUntil(
    async () => (await host.leftovers()).length === LEFT_BY_A_PUBLISHER.length,
    {
      what: "pid file and socket",
    },
  );
  strictEqual(await host.notePid(), child.pid);
  strictEqual((await host.run("status")).code, 0);
  strictEqual((await host.run("start")).code, 4);
  strictEqual((await host.run("stop")).code, 0);
  strictEqual((await child.ended).code, 0);
  deepStrictEqual(await host.leftovers(), []);
});

Deno.test("start passes its options on, and a configuration that is named from the folder it is in", async () => {
  await using cluster = await TestCluster.create();
  await using host = await DaemonHost.create(cluster, "publisher");
  const { command, args } = roleCommand("publisher");
  const words = [command, ...args, "start", "--dry-run", "--log-level=debug"];
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const dir = host.config.slice(0, host.config.lastIndexOf("/"));
  const script =
    `cd ${dir} && ${quoted} --log-format=json -c fail2ban-cluster.conf`;
  await using shell = new ChildProcess({
    command: "/bin/sh",
    args: ["-c", script],
  });
  const { code, stderr } = await outcomeOf(shell);
  strictEqual(code, 0, stderr.join("\n"));
  const pid = await host.notePid();
  const log = (await Deno.readTextFile(host.log)).trimEnd().split("\n");
  const ready = log.map((line) => JSON.parse(line))
    .find(({ event }) => event === "ready");
  deepStrictEqual([ready.pid, ready.fields.dryRun], [pid, true]);
});
