import { match, ok, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { waitListed } from "../../support/cluster/listed_nodes.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";

const TWIN = /another host runs as this node with the same join code/;
const TWIN_AT_HUB = /one join code is used on two hosts.* node=web1/;

/** A hub, a node, and a copy of that node's host: the same name, the same join code. */
async function clusterWithTwin(): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2, pace: PATIENT_PACE });
  await cluster.addHost("hub");
  await cluster.addHost("web1");
  await cluster.addHost("copy", { general: { hostname: "web1" } });
  await cluster.addHost("web3");
  const membership = cluster.membership("copy");
  for (const host of ["web1", "copy"]) {
    cluster.joinAs(host, membership);
    await appendLog(cluster.logPath(host), "");
  }
  return cluster;
}

function said({ stderr }: ChildProcess, what: RegExp): boolean {
  return stderr.some((line) => what.test(line));
}

Deno.test("a second host with the same join code is refused while the first is there; hub and host say what to do, and it takes over when the first is gone", async () => {
  await using cluster = await clusterWithTwin();
  const publisher = await cluster.start("publisher", "hub");
  const first = await cluster.start("monitor", "web1");
  const isOk = (row: { state: string }) => row.state === "ok";
  await waitListed(cluster, "web1", isOk, "the first is there");
  const second = await cluster.start("monitor", "copy");
  await second.waitForLine(TWIN);
  match(
    second.stderr.find((line) => TWIN.test(line)) ?? "",
    /hint="fail2ban-cluster node add NAME on the publisher's host, and fail2ban-cluster join CODE/,
  );
  const atHub = await publisher.waitForLine(TWIN_AT_HUB);
  match(atHub, /hint="fail2ban-cluster node add NAME for the second/);
  const row = await waitListed(
    cluster,
    "web1",
    ({ note }) => note.includes("second host"),
    "the second is told of",
  );
  strictEqual(row.state, "ok");

  // What the first reports counts, what the second does waits.
  const hears = await cluster.start("subscriber", "web3");
  await appendLog(cluster.logPath("copy"), banLine("sshd", "198.51.100.2"));
  await appendLog(cluster.logPath("web1"), banLine("sshd", "198.51.100.1"));
  const hearsOf = (address: string) =>
    waitUntil(
      () => heard(hears).some((ban) => ban.endsWith(address)),
      { what: `the ban of ${address}`, timeoutMs: 20_000 },
    );
  await hearsOf("198.51.100.1");
  ok(!heard(hears).some((ban) => ban.endsWith("198.51.100.2")));
  ok(!said(first, TWIN), first.stderr.join("\n"));

  await first.end("SIGKILL");
  await hearsOf("198.51.100.2");
  ok(said(second, /the publisher answers again/), second.stderr.join("\n"));
  strictEqual(
    publisher.stderr.filter((line) => TWIN_AT_HUB.test(line)).length,
    1,
    "told once, however often it is tried",
  );
});

Deno.test("a program that is killed and started anew at once on its host is never taken for a second one", async () => {
  await using cluster = await clusterWithTwin();
  const publisher = await cluster.start("publisher", "hub");
  const hears = await cluster.start("subscriber", "web3");
  for (let round = 1; round <= 3; round++) {
    const monitor = await cluster.start("monitor", "web1");
    await appendLog(
      cluster.logPath("web1"),
      banLine("sshd", `198.51.100.${round}`),
    );
    await waitUntil(
      () => heard(hears).some((ban) => ban.endsWith(`.${round}`)),
      { what: `the ban of round ${round}`, timeoutMs: 20_000 },
    );
    ok(!said(monitor, TWIN), monitor.stderr.join("\n"));
    await monitor.end("SIGKILL");
  }
  ok(!said(publisher, TWIN_AT_HUB), publisher.stderr.join("\n"));
});
