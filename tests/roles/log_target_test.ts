import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../support/host/child_process.ts";
import { DaemonHost } from "../support/host/daemon_host.ts";
import { appendLog, banLine } from "../support/fail2ban/fail2ban_lines.ts";
import { PrivateDev } from "../support/host/private_dev.ts";
import { outcomeOf, ownLines } from "../support/cluster/program_outcome.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import { testWith } from "../support/host/real_parts.ts";
import {
  roleCommand,
  type RoleName,
  type Sections,
  TestCluster,
} from "../support/cluster/test_cluster.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const STAMP = "[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d";
const HEARD = "fail2ban-zmq-tools Subscriber: Got broadcast message: ";

/** Starts a publisher on `hub` and a subscriber on `host-b` with these settings of its own. */
async function startBoth(
  cluster: TestCluster,
  overrides: Sections,
): Promise<ChildProcess> {
  await cluster.addHost("hub");
  await cluster.start("publisher", "hub");
  await cluster.addHost("host-b", overrides);
  return cluster.spawn("subscriber", "host-b", "run");
}

/** Reports a ban, again and again, until somebody has heard it. */
async function banUntil(
  cluster: TestCluster,
  message: string,
  isHeard: () => Promise<boolean> | boolean,
): Promise<void> {
  await using client = new RawClient(cluster.replyUrl);
  await waitUntil(async () => {
    await client.request(bytes(`${cluster.token}|${message}`));
    strictEqual(await client.reply(), message);
    return await isHeard();
  }, { what: `${message} to be heard`, intervalMs: 50 });
}

/** Starts a program of a host that finds the test's own syslog daemon. */
function spawnWithSyslog(
  dev: PrivateDev,
  role: RoleName,
  config: string,
  verb: string,
): ChildProcess {
  const { command, args } = roleCommand(role);
  return new ChildProcess(
    dev.wrap(command, ...args, verb, "--config", config),
  );
}

Deno.test("a program in the foreground logs to standard error, with stamp and sender", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  const child = await cluster.start("publisher", "host-a");
  await child.end();
  const prefix =
    `^\\d{4}-\\d\\d-\\d\\dT[\\d:.]{12}Z fail2ban-publisher\\[${child.pid}\\]: `;
  const lines = ownLines(child);
  for (const line of lines) ok(new RegExp(prefix).test(line), line);
  const ready = new RegExp(`${prefix}INFO: ready version=\\S+ node=host-a$`);
  strictEqual(lines.filter((line) => ready.test(line)).length, 1);
  ok(new RegExp(`${prefix}INFO: stopped$`).test(lines.at(-1) ?? ""));
  deepStrictEqual(child.stdout, []);
});

Deno.test("--log-format json gives one JSON object a line on standard error", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  const child = cluster.spawn("publisher", "host-a", "--log-format", "json");
  await child.waitForLine(/"event":"ready"/);
  await using client = new RawClient(cluster.replyUrl);
  const message = "host-a|sshd|Ban|203.0.113.1";
  for (const token of [cluster.token, "wrong"]) {
    await client.request(bytes(`${token}|${message}`));
    await client.reply();
  }
  await child.end();
  const records = ownLines(child).map((line) => JSON.parse(line));
  deepStrictEqual(
    records.map(({ severity, event }) => `${severity} ${event}`)
      .filter((record) => record !== "info protecting this host"),
    [
      "info ready",
      "notice relaying ban",
      "warning request refused",
      "info stopped",
    ],
  );
  for (const { program, pid, time } of records) {
    deepStrictEqual([program, pid], ["fail2ban-publisher", child.pid]);
    strictEqual(new Date(time).toISOString(), time);
  }
  ok(!child.stderr.join("\n").includes(cluster.token));
});

Deno.test("--log-level says what is left out, whatever loglevel says", async () => {
  await using cluster = await TestCluster.create();
  const overrides = { general: { loglevel: "CRITICAL" } };
  await cluster.addHost("host-a", overrides);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.addHost("hub");
  await cluster.start("publisher", "hub");
  const levels: Record<string, string[]> = {};
  for (const level of ["debug", "notice", "error", undefined]) {
    const args = level === undefined ? [] : [`--log-level=${level}`];
    const child = cluster.spawn("monitor", "host-a", "run", ...args);
    await waitUntil(async () => {
      const { code } = await outcomeOf(
        cluster.spawn("monitor", "host-a", "status"),
      );
      return code === 0;
    }, { what: "a monitor that works" });
    const before = Number(
      (await cluster.figures("publisher", "hub"))["protocol1.received"],
    );
    await appendLog(log, banLine("sshd", "203.0.113.1"));
    await waitUntil(async () => {
      const figures = await cluster.figures("publisher", "hub");
      return Number(figures["protocol1.received"]) > before;
    }, { what: "the report" });
    await child.end();
    levels[level ?? "of the file"] = [
      ...new Set(
        ownLines(child).map((line) => / ([A-Z]+): /.exec(line)?.[1] ?? ""),
      ),
    ].toSorted();
  }
  ok(levels["debug"]?.includes("INFO") && levels["debug"].includes("NOTICE"));
  // Where the publisher is late there is a WARNING as well.
  deepStrictEqual(levels["notice"]?.filter((each) => each !== "WARNING"), [
    "NOTICE",
  ]);
  deepStrictEqual([levels["error"], levels["of the file"]], [[], []]);
});

Deno.test("a log file is appended to, as a syslog daemon writes it, and may be rotated", async () => {
  await using cluster = await TestCluster.create();
  const path = `${cluster.dir}/subscriber.log`;
  await Deno.writeTextFile(path, "before\n");
  const child = await startBoth(cluster, { general: { logtarget: path } });
  const message = (index: number) => `host-a|sshd|Ban|198.18.0.${index}`;
  for (let index = 0; index < 3; index++) {
    if (index > 0) await Deno.rename(path, `${path}.${index}`);
    await banUntil(cluster, message(index), async () => {
      const text = await Deno.readTextFile(path).catch(() => "");
      return text.includes(message(index));
    });
  }
  const first = await Deno.readTextFile(`${path}.1`);
  ok(first.startsWith("before\n"), first);
  const line = new RegExp(
    `^${STAMP} host-b fail2ban-subscriber\\[${child.pid}\\]: ${HEARD}host-a\\|sshd\\|Ban\\|198\\.18\\.0\\.0$`,
    "m",
  );
  ok(line.test(first), first);
  strictEqual((await child.end()).code, 0);
  deepStrictEqual([ownLines(child), child.stdout], [[], []]);
});

Deno.test("a log file that can't be written is complained of on standard error, and its lines wait", async () => {
  await using cluster = await TestCluster.create();
  const path = `${cluster.dir}/later/subscriber.log`;
  const child = await startBoth(cluster, { general: { logtarget: path } });
  await child.waitForLine(/^fail2ban-subscriber: cannot write to .*later/);
  await Deno.mkdir(`${cluster.dir}/later`);
  await child.waitForLine(/subscriber\.log takes lines again; 0 were lost$/);
  const text = await Deno.readTextFile(path);
  ok(/: INFO: ready /.test(text), text);
  strictEqual((await child.end()).code, 0);
});

testWith(
  "mountns",
  "a program in the background logs to syslog with facility auth, and what a jail reads goes there too",
  async () => {
    await using cluster = await TestCluster.create();
    const dev = await PrivateDev.create(cluster.dir);
    await using daemon = dev.listen();
    await cluster.addHost("hub");
    await cluster.start("publisher", "hub");
    await using host = await DaemonHost.create(cluster, "subscriber");
    await Deno.remove(host.config.replace(/conf$/, "local"));
    await using child = spawnWithSyslog(
      dev,
      "subscriber",
      host.config,
      "start",
    );
    strictEqual((await child.ended).code, 0, child.stderr.join("\n"));
    const pid = await host.notePid();
    const tag = `${STAMP} fail2ban-subscriber\\[${pid}\\]: `;
    await daemon.waitFor(new RegExp(`^<38>${tag}INFO: ready version=`));
    const message = "host-b|sshd|Ban|203.0.113.1";
    await banUntil(
      cluster,
      message,
      () => daemon.texts.some((text) => text.endsWith(HEARD + message)),
    );
    const line = `^<38>${tag}${HEARD}host-b\\|sshd\\|Ban\\|203\\.0\\.113\\.1$`;
    await daemon.waitFor(new RegExp(line));
    strictEqual((await host.run("stop")).code, 0);
    await daemon.waitFor(new RegExp(`^<38>${tag}INFO: stopped$`));
    deepStrictEqual(daemon.texts.filter((text) => text.includes("\n")), []);
  },
);

testWith(
  "mountns",
  "syslogfacility and a record's severity make the priority",
  async () => {
    await using cluster = await TestCluster.create();
    const dev = await PrivateDev.create(cluster.dir);
    await using daemon = dev.listen();
    const config = await cluster.addHost("host-a", {
      general: { logtarget: "SYSLOG", syslogfacility: "local3" },
    });
    await using child = spawnWithSyslog(dev, "publisher", config, "run");
    await daemon.waitFor(/^<158>.*: INFO: ready /);
    await using client = new RawClient(cluster.replyUrl);
    await client.request(bytes("nonsense"));
    strictEqual(await client.reply(), "NAK");
    await daemon.waitFor(/^<156>.*: WARNING: request refused /);
    strictEqual((await child.end()).code, 0);
    deepStrictEqual([ownLines(child), child.stdout], [[], []]);
  },
);

testWith(
  "mountns",
  "what is heard while the syslog daemon is away reaches it when it is back",
  async () => {
    await using cluster = await TestCluster.create();
    const dev = await PrivateDev.create(cluster.dir);
    await cluster.addHost("hub");
    await cluster.start("publisher", "hub");
    const general = { logtarget: "SYSLOG" };
    const config = await cluster.addHost("host-b", { general });
    await using child = spawnWithSyslog(dev, "subscriber", config, "run");
    await child.waitForLine(
      /^fail2ban-subscriber: cannot write to \/dev\/log: /,
    );
    const message = "host-a|sshd|Ban|203.0.113.1";
    await banUntil(cluster, message, async () => {
      const { received } = await cluster.figures("subscriber", "host-b");
      return Number(received) > 0;
    });
    await using daemon = dev.listen();
    await daemon.waitFor(
      /Got broadcast message: host-a\|sshd\|Ban\|203\.0\.113\.1$/,
    );
    ok(daemon.texts.some((text) => text.includes(": INFO: ready ")));
    await child.waitForLine(/\/dev\/log takes lines again; 0 were lost$/);
    strictEqual((await child.end()).code, 0);
  },
);
