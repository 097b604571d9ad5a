import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DaemonHost } from "../support/host/daemon_host.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import { TestCluster } from "../support/cluster/test_cluster.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const MISSING = "No such file or directory";

Deno.test("a program that can't log says so at its start, and in status until it can", async () => {
  await using cluster = await TestCluster.create();
  const logtarget = `${cluster.dir}/missing/subscriber.log`;
  const overrides = { general: { logtarget } };
  await using host = await DaemonHost.create(cluster, "subscriber", overrides);
  const { code, stdout, stderr } = await host.run("start");
  strictEqual(code, 0);
  ok(stdout[0]?.includes("started, with process id"), stdout[0]);
  strictEqual(stderr.length, 1, stderr.join("\n"));
  const reason = `cannot write to ${logtarget}: ${MISSING}`;
  ok(
    stderr[0]?.startsWith(`fail2ban-subscriber: warning: ${reason}`),
    stderr[0],
  );

  await cluster.addHost("hub");
  await cluster.start("publisher", "hub");
  await using client = new RawClient(cluster.replyUrl);
  const ban = "host-c|sshd|Ban|203.0.113.1";
  const figures = () => cluster.figures("subscriber", "host-a");
  await waitUntil(async () => {
    await client.request(bytes(`${cluster.token}|${ban}`));
    strictEqual(await client.reply(), ban);
    return Number((await figures())["received"]) > 0;
  }, { what: "a ban that is heard" });
  await waitUntil(async () => Number((await figures())["log.waiting"]) > 1, {
    what: "lines that wait",
  });
  const before = await figures();
  ok(String(before["log.lastReason"]).startsWith(reason));
  strictEqual(before["log.lost"], 0);

  await Deno.mkdir(`${cluster.dir}/missing`);
  await waitUntil(async () => (await figures())["log.waiting"] === 0, {
    what: "lines that are out",
    timeoutMs: 15_000,
  });
  await waitUntil(async () => !("log.lastReason" in await figures()), {
    what: "no reason any more",
  });
  const log = await Deno.readTextFile(logtarget);
  ok(log.includes(`Got broadcast message: ${ban}\n`), log);
});

Deno.test("start shows what is odd in the configuration", async () => {
  await using cluster = await TestCluster.create();
  const monitor = {
    zmqreplyserver: "tcp://192.0.2.1:5678",
    authtoken: "CHANGE_ME",
  };
  await using host = await DaemonHost.create(cluster, "monitor", { monitor });
  const { code, stderr } = await host.run("start");
  strictEqual(code, 0);
  deepStrictEqual(stderr.map((line) => line.replace(/ \/.*: /, " ... ")), [
    "fail2ban-monitor: warning: ... it is the shipped one",
  ]);
});
