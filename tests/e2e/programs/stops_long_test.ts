import { deepStrictEqual, ok } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { PrivateDev } from "../../support/host/private_dev.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import {
  roleCommand,
  type RoleName,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { timeStop } from "../../support/host/stop_time.ts";

const ROLES = ["monitor", "publisher", "subscriber"] as const;
/** Nobody answers there. */
const SILENT_RESOLVER = "127.0.0.9";

/** Ends a program; it must end well, and in time. */
async function stop(child: ChildProcess, stage: string): Promise<void> {
  const { code, signal, tookMs, limitMs } = await timeStop(child);
  report(`SIGTERM ${stage}`, { exitCode: code, tookMs });
  const said = child.stderr.join("\n");
  deepStrictEqual({ code, signal }, { code: 0, signal: null }, said);
  ok(tookMs < limitMs, `it took ${tookMs} ms, not ${limitMs}`);
}

/** Starts a program for which the name servers say nothing. */
async function startUnresolved(
  cluster: TestCluster,
  role: RoleName,
): Promise<ChildProcess> {
  const config = await cluster.addHost("host-a", {
    general: { ignoreip: "somebody.example" },
  });
  const resolv = `${cluster.dir}/resolv.conf`;
  await Deno.writeTextFile(resolv, `nameserver ${SILENT_RESOLVER}\n`);
  const { command, args } = roleCommand(role);
  const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"';
  const run = [command, ...args, "run", "--config", config];
  return new ChildProcess({
    command: "unshare",
    args: ["--mount", "/bin/sh", "-c", script, "sh", resolv, ...run],
  });
}

for (const role of ROLES) {
  testWith("mountns", `${role} ends in time before it is ready`, async () => {
    await using cluster = await TestCluster.create();
    await using held = new AsyncDisposableStack();
    const resolver = Deno.listenDatagram({
      transport: "udp",
      hostname: SILENT_RESOLVER,
      port: 53,
    });
    held.defer(() => resolver.close());
    const asked = resolver.receive();
    await using child = await startUnresolved(cluster, role);
    await asked;
    ok(!child.stderr.some((line) => line.includes(": ready")));
    await stop(child, `${role}, before it is ready`);
  });
}

Deno.test("a monitor ends in time while it waits for answers, and says how many", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  await cluster.addHost("hub");
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const publisher = await cluster.start("publisher", "hub");
  const monitor = await cluster.start("monitor", "host-a");
  await appendLog(log, banLine("sshd", testAddress(0)));
  const figures = () => cluster.figures("monitor", "host-a");
  await waitUntil(async () => (await figures())["acknowledged"] === 1, {
    what: "an answer",
  });
  publisher.signal("SIGSTOP");
  const lines = Array.from(
    { length: 100 },
    (_, index) => banLine("sshd", testAddress(index + 1)),
  );
  await appendLog(log, lines.join(""));
  await waitUntil(async () => Number((await figures())["unanswered"]) === 100, {
    what: "reports without an answer",
  });
  await stop(monitor, "monitor, while the publisher hangs");
  const said = monitor.stderr.find((line) => line.includes("unanswered"));
  ok(said?.endsWith("stopping with unanswered reports unanswered=100"), said);
});

Deno.test("a publisher ends in time while a subscriber hangs", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "hub");
  subscriber.signal("SIGSTOP");
  await using client = new RawClient(cluster.replyUrl);
  for (let index = 0; index < 2_000; index++) {
    const ban = `host-a|sshd|Ban|${testAddress(index)}`;
    await client.request(bytes(`${cluster.token}|${ban}`));
    await client.reply();
  }
  await stop(publisher, "publisher, while a subscriber hangs");
});

/** So many bans are logged between two looks. */
const BANS_AT_ONCE = 40;

for (const role of ROLES) {
  testWith(
    "mountns",
    `${role} ends in time while the syslog daemon hangs, and a monitor's publisher`,
    async () => {
      await using cluster = await TestCluster.create();
      const general = { logtarget: "SYSLOG" };
      const config = await cluster.addHost("host-a", { general });
      await appendLog(cluster.logPath("host-a"), "");
      await cluster.addHost("hub");
      const publisher = role === "publisher"
        ? undefined
        : await cluster.start("publisher", "hub");
      const dev = await PrivateDev.create(cluster.dir);
      await using held = new AsyncDisposableStack();
      const path = dev.socketPath;
      const daemon = Deno.listenDatagram({ transport: "unixpacket", path });
      held.defer(() => daemon.close());
      const { command, args } = roleCommand(role);
      const run = [...args, "run", "--log-level=debug", "--config", config];
      await using child = new ChildProcess(dev.wrap(command, ...run));
      await daemon.receive();
      const figures = () => cluster.figures(role, "host-a");
      await waitUntil(async () => {
        await letItLog(role, cluster);
        return Number((await figures())["log.waiting"]) > 0;
      }, { what: "lines that wait", timeoutMs: 20_000 });
      if (role === "monitor") {
        publisher?.signal("SIGSTOP");
        await letItLog(role, cluster);
        await waitUntil(
          async () => Number((await figures())["unanswered"]) > 0,
          {
            what: "reports without an answer",
          },
        );
      }
      await stop(child, `${role}, while the syslog daemon hangs`);
    },
  );
}

/** Lets a program hear of some bans. */
async function letItLog(role: RoleName, cluster: TestCluster): Promise<void> {
  const addresses = Array.from(
    { length: BANS_AT_ONCE },
    (_, index) => testAddress(index),
  );
  if (role === "monitor") {
    const lines = addresses.map((address) => banLine("sshd", address));
    return await appendLog(cluster.logPath("host-a"), lines.join(""));
  }
  await using client = new RawClient(cluster.replyUrl);
  for (const action of ["Ban", "Unban"]) {
    for (const address of addresses) {
      const message = `host-b|sshd|${action}|${address}`;
      await client.request(bytes(`${cluster.token}|${message}`));
      await client.reply();
    }
  }
}
