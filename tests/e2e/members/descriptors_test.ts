import { match, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import { RawNode } from "../../support/cluster/raw_node.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { address, jail } from "../../support/values/core_values.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import type { EventId } from "../../../lib/base/ids.ts";

const HOSTILE = new URL(
  "../../support/cluster/programs/hostile_peers.ts",
  import.meta.url,
);

/** More connections to a port than there are descriptors; says what became of them. */
function crowd(manner: string, url: string, count: number): ChildProcess {
  return new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "--allow-net", HOSTILE.href, manner, url, `${count}`],
  });
}

async function clusterWith(files: number): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub", { publisher: { legacy: "on" } });
  cluster.startWithin("hub", ["prlimit", `--nofile=${files}:${files}`]);
  return cluster;
}

for (const files of [512, 1_024]) {
  Deno.test(`a publisher that may have ${files} open files takes fewer connections, says so, and outlives a crowd at every port`, async () => {
    await using cluster = await clusterWith(files);
    await using zeromq = new ZmqBench(120_000);
    const good = cluster.members.add("good");
    const publisher = await cluster.start("publisher", "hub");
    await using node = await RawNode.join(zeromq, cluster.controlUrl, good);
    const crowds = [
      crowd("silent", cluster.controlUrl, files),
      crowd("greeting", cluster.controlUrl, files),
      crowd("greeting", cluster.streamUrl, files),
      crowd("silent", cluster.replyUrl, files),
      crowd("silent", cluster.broadcastUrl, files),
    ];
    for (let batch = 0; batch < 20; batch++) {
      const answer = await node.events({
        kind: "ban",
        id: `event-${String(batch).padStart(16, "0")}` as EventId,
        jail: jail("sshd"),
        address: address(`203.0.113.${batch}`),
        remainingMs: 60_000,
        agoMs: 0,
      });
      strictEqual(answer, "accepted");
    }
    for (const each of crowds) {
      strictEqual((await each.ended).code, 0, each.stderr.join("\n"));
      await each[Symbol.asyncDispose]();
    }
    strictEqual(publisher.hasEnded, false, publisher.stderr.join("\n"));
    const figures = await cluster.figures("publisher", "hub");
    strictEqual(figures["openFiles"], files);
    ok(Number(figures["controlPort.max"]) < files / 4);
    ok(Number(figures["controlPort.turnedAway"]) > 0);
    match(
      publisher.stderr.join("\n"),
      new RegExp(
        `WARNING: the ports take fewer connections: few files may be open openFiles=${files} .*hint="`,
      ),
    );
    strictEqual((await publisher.end()).code, 0);
    ok(!publisher.stderr.some((line) => line.includes("Too many open files")));
  });
}

Deno.test("a publisher that may have too few open files for its ports does not start, and says how many it takes", async () => {
  await using cluster = await clusterWith(128);
  await using publisher = cluster.spawn("publisher", "hub", "run");
  strictEqual((await publisher.ended).code, 4);
  match(
    publisher.stderr.join("\n"),
    /fail2ban-publisher: error: only 128 files may be open: .* at least \d+\nfail2ban-publisher: hint: .*LimitNOFILE=/,
  );
});
