import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  appendLog,
  banLine,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HOSTS = ["host-a", "host-b", "hub"];

/** What a subscriber's log says of bans. */
function heardBy(lines: readonly string[]): string[] {
  return lines.flatMap((line) =>
    /Got broadcast message: (.*)$/.exec(line)?.[1] ?? []
  );
}

Deno.test("a ban crosses by protocol 2, and its unban, with the programs' own store and copy", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of HOSTS) await cluster.addHost(host);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  await appendLog(log, banLine("sshd", "203.0.113.1"));
  await waitUntil(
    () =>
      heardBy(subscriber.stdout).length > 0 ||
      heardBy(subscriber.stderr).length > 0,
    { what: "the ban" },
  );
  await appendLog(log, unbanLine("sshd", "203.0.113.1"));
  await waitUntil(async () => {
    const { bans, seq } = await cluster.figures("publisher", "hub");
    return bans === 0 && seq === 2;
  }, { what: "the unban" });
  await waitUntil(async () => {
    const figures = await cluster.figures("subscriber", "host-b");
    return figures["seq"] === 2 && figures["following"] === true;
  }, { what: "the copy" });
  const lines = () => [
    ...heardBy(subscriber.stdout),
    ...heardBy(subscriber.stderr),
  ];
  await waitUntil(() => lines().length >= 2, { what: "both lines" });
  deepStrictEqual(lines(), [
    "host-a|sshd|Ban|203.0.113.1",
    "host-a|sshd|Unban|203.0.113.1",
  ]);
});

Deno.test("a ban stays in force as long as one host reports it, whoever was first", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of ["host-a", "host-b", "hub"]) await cluster.addHost(host);
  await cluster.addHost("host-c", {
    subscriber: { subscriberaction: "exec", execprogram: "/bin/true" },
  });
  await cluster.start("publisher", "hub");
  await cluster.start("subscriber", "host-c");
  const logs = ["host-a", "host-b"].map((host) => cluster.logPath(host));
  for (const log of logs) await appendLog(log, "");
  for (const host of ["host-a", "host-b"]) await cluster.start("monitor", host);
  const [a = "", b = ""] = logs;
  const step = async (
    log: string,
    line: string,
    seq: number,
    inForce: number,
  ) => {
    await appendLog(log, line);
    await waitUntil(async () => {
      const figures = await cluster.figures("subscriber", "host-c");
      return figures["seq"] === seq && figures["exec.inForce"] === inForce &&
        figures["exec.waiting"] === 0;
    }, { what: `change ${seq}`, timeoutMs: 10_000 });
  };
  await step(a, banLine("sshd", "203.0.113.1"), 1, 1);
  await step(b, banLine("sshd", "203.0.113.1"), 2, 1);
  await step(a, unbanLine("sshd", "203.0.113.1"), 3, 1);
  await step(b, unbanLine("sshd", "203.0.113.1"), 4, 0);
});

Deno.test("who was away catches up, whichever program it was", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of HOSTS) await cluster.addHost(host);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const publisher = await cluster.start("publisher", "hub");
  const monitor = await cluster.start("monitor", "host-a");
  const addresses = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, index) => `203.0.113.${from + index}`,
    );
  const append = (from: number, to: number) =>
    appendLog(
      log,
      addresses(from, to).map((each) => banLine("sshd", each)).join(""),
    );
  await append(1, 11);
  const bansAt = (count: number) =>
    waitUntil(async () => {
      const { bans } = await cluster.figures("publisher", "hub");
      return bans === count;
    }, { what: `${count} bans` });
  await bansAt(10);
  await monitor[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
  await append(11, 21);
  await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  await bansAt(20);
  const subscriber = await cluster.start("subscriber", "host-b");
  const copyAt = (count: number) =>
    waitUntil(async () => {
      const { bans, following } = await cluster.figures("subscriber", "host-b");
      return bans === count && following === true;
    }, { what: `a copy of ${count} bans` });
  await copyAt(20);
  await subscriber[Symbol.asyncDispose]();
  await append(21, 31);
  await bansAt(30);
  await cluster.start("subscriber", "host-b");
  await copyAt(30);
  const figures = await cluster.figures("subscriber", "host-b");
  strictEqual(figures["changes"], 10);
  strictEqual(figures["snapshots"], 0);
  ok(figures["onDisk"]);
});
