import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import {
  listedNodes,
  roleState,
  waitListed,
} from "../../support/cluster/listed_nodes.ts";
import { operate } from "../../support/cluster/operator.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { PATIENT_PACE, QUICK_PACE } from "../../support/cluster/paces.ts";
import type { PresencePace } from "../../../lib/wire/presence_pace.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";

/** A hub and nodes. */
async function clusterOf(
  hosts: readonly string[],
  pace: PresencePace = QUICK_PACE,
): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2, pace });
  await cluster.addHost("hub");
  for (const host of hosts) {
    await cluster.addHost(host);
    await appendLog(cluster.logPath(host), "");
  }
  return cluster;
}

/** Whether a node's monitor and subscriber are both listed as this. */
function bothAre(expected: string) {
  return ({ roles }: { readonly roles: readonly { state: string }[] }) =>
    roles.length === 2 && roles.every(({ state }) => state === expected);
}

Deno.test("a node is ok while its programs run, silent once they are killed, and away at once when they are stopped", async () => {
  await using cluster = await clusterOf(["web1", "web2"]);
  await cluster.start("publisher", "hub");
  const [killed, stopped] = [
    [
      await cluster.start("monitor", "web1"),
      await cluster.start("subscriber", "web1"),
    ],
    [
      await cluster.start("monitor", "web2"),
      await cluster.start("subscriber", "web2"),
    ],
  ] as const;
  await appendLog(cluster.logPath("web1"), banLine("sshd", "198.51.100.77"));
  const web1 = await waitListed(
    cluster,
    "web1",
    ({ state, reports, lag, unacknowledged, roles }) =>
      state === "ok" && reports === 1 && lag === 0 && unacknowledged === 0 &&
      bothAre("ok")({ roles }) &&
      roles.some(({ following }) => following === true) &&
      roles.some(({ logReadSeconds }) => logReadSeconds !== null),
    "ok, with a report that is acknowledged, following",
  );
  strictEqual(web1.refused, 0);
  strictEqual((await listedNodes(cluster))["hub"]?.state, "never");

  for (const child of stopped) await child.end();
  const web2 = await waitListed(
    cluster,
    "web2",
    bothAre("away"),
    "away",
  );
  strictEqual(web2.state, "away");

  for (const child of killed) await child.end("SIGKILL");
  const gone = await waitListed(
    cluster,
    "web1",
    bothAre("silent"),
    "silent",
  );
  // It was ok for as long as a program may be silent.
  ok((gone.seenSeconds ?? 0) >= 9, JSON.stringify(gone));
  match(
    await operate(cluster, "node list"),
    /^web1 +silent +\d+ s +\S+ +\d+ +1 +- +0 +0$/m,
  );

  await cluster.start("monitor", "web1");
  const back = await waitListed(
    cluster,
    "web1",
    (row) => roleState(row, "monitor") === "ok",
    "its monitor is there again",
  );
  deepStrictEqual([back.state, back.note], ["silent", "subscriber silent"]);
});

Deno.test("programs that follow after the publisher's restart are shown as what they are, and those that stopped before, too", async () => {
  await using cluster = await clusterOf(
    ["web1", "web2", "web3"],
    // They are ok for as long as the restart takes.
    PATIENT_PACE,
  );
  const publisher = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "web1");
  await cluster.start("subscriber", "web1");
  const stopped = await cluster.start("subscriber", "web2");
  const isOk = (row: { state: string }) => row.state === "ok";
  await waitListed(cluster, "web1", isOk, "ok");
  await waitListed(cluster, "web2", isOk, "ok");
  await stopped.end();
  await publisher.end();
  await cluster.start("publisher", "hub");
  const listed = await listedNodes(cluster);
  deepStrictEqual(
    ["web1", "web2", "web3"].map((name) => listed[name]?.state),
    ["ok", "away", "never"],
  );
  const web1 = await waitListed(
    cluster,
    "web1",
    ({ roles }) =>
      roles.some(({ following }) => following === true) &&
      bothAre("ok")({ roles }),
    "both programs have told how they are, unasked",
  );
  strictEqual(web1.state, "ok");
});

Deno.test("a node whose keys are changed is shown as what it is, before and after it joins anew", async () => {
  await using cluster = await clusterOf(["web1"]);
  await cluster.start("publisher", "hub");
  await cluster.start("monitor", "web1");
  await cluster.start("subscriber", "web1");
  await waitListed(cluster, "web1", bothAre("ok"), "ok");
  const code = (await operate(cluster, "node rotate web1")).trim();
  await waitListed(
    cluster,
    "web1",
    bothAre("silent"),
    "silent without good keys",
  );
  await using join = cluster.spawn("cluster", "web1", "join", code);
  strictEqual((await join.ended).code, 0, join.stderr.join("\n"));
  await waitListed(cluster, "web1", bothAre("ok"), "ok with the new keys");
  await operate(cluster, "node revoke web1");
  await waitUntil(
    async () => (await listedNodes(cluster))["web1"] === undefined,
    { what: "no member any more" },
  );
});
