import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../support/fail2ban/fail2ban_lines.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import { heard } from "../support/cluster/role_output.ts";
import { type RoleName, TestCluster } from "../support/cluster/test_cluster.ts";
import { waitUntil } from "../support/host/wait_until.ts";

/** Starts a program on a dry run, and waits until it says that it is ready for one. */
async function startDry(cluster: TestCluster, role: RoleName, host: string) {
  const child = cluster.spawn(role, host, "--dry-run");
  await child.waitForLine(/: ready .*dryRun=true/);
  return child;
}

/** Starts a subscriber, and a publisher until the subscriber hears it. */
async function startHeard(cluster: TestCluster) {
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await using client = new RawClient(cluster.replyUrl);
  await waitUntil(async () => {
    await client.request(bytes(`${cluster.token}|probe|sshd|Ban|203.0.113.1`));
    strictEqual(await client.reply(), "probe|sshd|Ban|203.0.113.1");
    return heard(subscriber).length > 0;
  }, { what: "a ban that is heard", intervalMs: 50 });
  return { publisher, subscriber };
}

/** What a host's folder for state has before any program was there. */
const JOINED = ["membership.json"];

async function stateOf(cluster: TestCluster, host: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(cluster.stateDir(host)));
  return entries.map(({ name }) => name);
}

Deno.test("a publisher on a dry run neither answers nor broadcasts, and says what it would", async () => {
  await using cluster = await TestCluster.create();
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  const { publisher, subscriber } = await startHeard(cluster);
  await publisher.end();
  const dry = await startDry(cluster, "publisher", "hub");
  await using client = new RawClient(cluster.replyUrl);
  for (let index = 0; index < 10; index++) {
    const message = `${cluster.token}|dry|sshd|Ban|198.18.0.${index}`;
    await client.request(bytes(message));
    strictEqual(await client.reply(100), undefined);
  }
  await dry.waitForLine(/NOTICE: would relay ban .*address=198\.18\.0\.9$/);
  const { received, relayed } = await cluster.figures("publisher", "hub");
  deepStrictEqual({ received, relayed }, { received: 10, relayed: 0 });
  await dry.end();
  const before = heard(subscriber).length;
  await cluster.start("publisher", "hub");
  await waitUntil(async () => {
    await client.request(bytes(`${cluster.token}|last|sshd|Ban|203.0.113.1`));
    await client.reply(100);
    return heard(subscriber).length > before;
  }, { what: "a ban that is heard afterwards" });
  const dryLines = heard(subscriber).filter((line) => line.startsWith("dry"));
  deepStrictEqual(dryLines, []);
});

Deno.test("a monitor on a dry run reports nothing and stores nothing, and says what it would report", async () => {
  await using cluster = await TestCluster.create();
  for (const host of ["hub", "host-a"]) await cluster.addHost(host);
  await cluster.start("publisher", "hub");
  await appendLog(cluster.logPath("host-a"), "");
  const dry = await startDry(cluster, "monitor", "host-a");
  await appendLog(cluster.logPath("host-a"), banLine("sshd", "203.0.113.7"));
  await dry.waitForLine(/: NOTICE: would report ban .*address=203\.0\.113\.7$/);
  strictEqual((await dry.end()).code, 0);
  const figures = await cluster.figures("publisher", "hub");
  strictEqual(figures["protocol1.received"], 0);
  deepStrictEqual(await stateOf(cluster, "host-a"), JOINED);
});

Deno.test("a subscriber on a dry run does nothing, and says what it would act on", async () => {
  await using cluster = await TestCluster.create();
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  await cluster.addHost("host-c", {
    subscriber: { subscriberaction: "log, fail2banclient, nftables" },
  });
  const { subscriber } = await startHeard(cluster);
  const dry = await startDry(cluster, "subscriber", "host-c");
  await using client = new RawClient(cluster.replyUrl);
  await waitUntil(async () => {
    await client.request(bytes(`${cluster.token}|host-a|sshd|Ban|203.0.113.8`));
    await client.reply();
    return dry.stderr.some((line) => line.includes("203.0.113.8"));
  }, { what: "a ban that the dry run hears", intervalMs: 50 });
  await client.request(bytes(`${cluster.token}|host-a|sshd|Unban|203.0.113.8`));
  const fields =
    "node=host-a jail=sshd address=203\\.0\\.113\\.8 actions=log,fail2banclient,nftables";
  await dry.waitForLine(new RegExp(`: NOTICE: would act on ban ${fields}$`));
  await dry.waitForLine(new RegExp(`: NOTICE: would act on unban ${fields}$`));
  const figures = await cluster.figures("subscriber", "host-c");
  strictEqual(figures["taken"], 0);
  strictEqual((await dry.end()).code, 0);
  deepStrictEqual(heard(dry), []);
  const state = await stateOf(cluster, "host-c");
  deepStrictEqual(state, JOINED, "no ledger either");
  await waitUntil(
    () => heard(subscriber).some((line) => line.includes("203.0.113.8")),
    { what: "another subscriber to act" },
  );
});
