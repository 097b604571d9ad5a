import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../lib/base/ids.ts";
import type {
  NodeEvent,
  NodeMessage,
  RemainingMs,
} from "../../lib/wire/v2_messages.ts";
import { decodeStreamMessage } from "../../lib/wire/v2.ts";
import { key } from "../support/values/bans.ts";
import { address, jail } from "../support/values/core_values.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryCluster } from "../support/memory/memory_cluster.ts";
import { bansIn, seqOf } from "../support/values/stored_replicas.ts";
import { MemoryReplicaStore } from "../support/memory/memory_replica_store.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";
import { StoreLeftError } from "../../lib/ban/ban_store.ts";
import { RuntimeError } from "../../lib/base/errors.ts";

function id(text: string): EventId {
  return text.padStart(16, "0") as EventId;
}

/** A monitor's event in short. */
function ban(
  name: string,
  last = 1,
  remainingMs: RemainingMs = 60_000,
): NodeEvent {
  return { kind: "ban", id: id(name), ...key(last), remainingMs, agoMs: 0 };
}

function unban(name: string, last = 1): NodeEvent {
  return { kind: "unban", id: id(name), ...key(last), why: "lifted" };
}

Deno.test("a ban that one node reports reaches the copy of another, and so does its end", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await monitor.events(ban("1"), ban("2", 2)), [
    "accepted",
    "accepted",
  ]);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["ban web2 192.0.2.1", "ban web2 192.0.2.2"]);
  deepStrictEqual(await monitor.events(unban("3")), ["accepted"]);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["unban web2 192.0.2.1"]);
  ok(web1.client.figures["following"]);
});

Deno.test("a copy tells the ends of bans in the program's steady time, also once the system's clock was set", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const { steady, news, client } = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  cluster.clock.step(7_200_000);
  await monitor.events(ban("1"));
  await cluster.settle();
  const endsMs = steady.nowMs() + 60_000;
  deepStrictEqual(news.map(({ expiresMs }) => expiresMs), [endsMs]);
  deepStrictEqual(
    [...client.updates()].flat().map(({ expiresMs }) => expiresMs),
    [endsMs],
  );
});

Deno.test("an event that is sent again changes nothing, also at another publisher with the same store", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await monitor.events(ban("1"), unban("2"));
  deepStrictEqual(await monitor.events(ban("1"), unban("2")), [
    "known",
    "known",
  ]);
  await first[Symbol.asyncDispose]();
  cluster.publisher();
  const again = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await again.events(ban("1")), ["known"]);
  strictEqual(cluster.store.seq, 2);
});

Deno.test("a publisher refuses protected addresses, what is over, and the cluster's own jail", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  const loopback = { ...ban("1"), address: address("127.0.0.1") };
  const own = { ...ban("3"), jail: jail("fail2bancluster") };
  deepStrictEqual(
    await monitor.events(
      loopback,
      ban("2", 2, 0),
      own,
      ban("4"),
    ),
    ["refused loopback", "refused over", "refused cluster-jail", "accepted"],
  );
  strictEqual(cluster.store.seq, 1);
});

Deno.test("a publisher that can't keep anything says so, and takes it when it can", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  cluster.store.failure = new RuntimeError("disk full", { hint: "" });
  deepStrictEqual(await monitor.events(ban("1")), ["ERROR store"]);
  cluster.store.failure = undefined;
  deepStrictEqual(await monitor.events(ban("1")), ["accepted"]);
});

Deno.test("a publisher whose store another one has taken over tells the node that its session is over", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  cluster.store.failure = new StoreLeftError("hub2 has taken over");
  deepStrictEqual(await monitor.events(ban("1")), ["ERROR session"]);
});

Deno.test("who has no session, another's, or another role is told so", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  const other = await NodeDialogue.begin(cluster, "web3", "monitor");
  const sync = (session: string) =>
    ({ kind: "SYNC", session, epoch: null, since: 0, part: 0 }) as NodeMessage;
  strictEqual(await monitor.say(sync("f".repeat(32))), "ERROR session");
  strictEqual(await monitor.say(sync(other.session)), "ERROR session");
  strictEqual(await monitor.say(sync(monitor.session)), "ERROR protocol");
});

Deno.test("every connection has a session of its own, whatever bytes name it", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher();
  const monitors: NodeDialogue[] = [];
  for (let at = 1; at <= 100; at++) {
    monitors.push(await NodeDialogue.begin(cluster, `web${at}`, "monitor"));
  }
  strictEqual(publisher.figures["sessions"], 100);
  for (const [at, monitor] of monitors.entries()) {
    deepStrictEqual(await monitor.events(ban(`${at}`, at)), ["accepted"]);
  }
});

Deno.test("a copy that misses a message of the stream asks for it at the next one", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await cluster.settle();
  cluster.network.hears = (frames) => {
    const decoded = decodeStreamMessage(frames);
    return !decoded.ok || decoded.value.kind !== "C";
  };
  await monitor.events(ban("1"), ban("2", 2));
  await cluster.settle();
  deepStrictEqual(web1.told(), []);
  await cluster.clock.advance(1_000);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["ban web2 192.0.2.1", "ban web2 192.0.2.2"]);
  strictEqual(web1.client.figures["gaps"], 1);
});

Deno.test("a copy that was away takes what it missed, and only that, from its disk on", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const disk = new MemoryReplicaStore();
  const before = cluster.subscriber(disk);
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await monitor.events(ban("1"), ban("2", 2));
  await cluster.settle();
  await before[Symbol.asyncDispose]();
  await monitor.events(unban("3"), ban("4", 3));
  const after = cluster.subscriber(disk);
  deepStrictEqual(
    [...after.client.updates()].flat().map(({ address }) => address),
    [
      "192.0.2.1",
      "192.0.2.2",
    ],
  );
  await cluster.settle();
  deepStrictEqual(after.told(), ["unban web2 192.0.2.1", "ban web2 192.0.2.3"]);
  strictEqual(after.client.figures["snapshots"], 0);
});

Deno.test("a publisher with another store makes every copy start over, and only the difference is news", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await monitor.events(ban("1"), ban("2", 2));
  await cluster.settle();
  web1.told();
  await first[Symbol.asyncDispose]();
  cluster.store = new MemoryBanStore("ff".repeat(16));
  cluster.publisher();
  const again = await NodeDialogue.begin(cluster, "web2", "monitor");
  await again.events(ban("1"), ban("3", 3));
  await cluster.clock.advance(10_000);
  await cluster.settle();
  deepStrictEqual(web1.told().sort(), [
    "ban web2 192.0.2.3",
    "unban web2 192.0.2.2",
  ]);
});

Deno.test("a cut on both ways is noticed by both, and made up for", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await cluster.settle();
  cluster.network.isCut = true;
  await cluster.clock.advance(10_000);
  strictEqual(web1.client.figures["following"], false);
  cluster.network.isCut = false;
  await monitor.events(ban("1"));
  await cluster.clock.advance(10_000);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["ban web2 192.0.2.1"]);
  deepStrictEqual(web1.log.events, [
    "the publisher's stream is silent",
    "the publisher's stream is heard again",
  ]);
});

Deno.test("a disk that takes no copy holds nothing back, and has all of it later", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const disk = new MemoryReplicaStore();
  const web1 = cluster.subscriber(disk);
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await cluster.settle();
  disk.failure = new RuntimeError("disk full", { hint: "" });
  await monitor.events(ban("1"));
  await monitor.events(ban("2", 2));
  await cluster.settle();
  strictEqual(web1.told().length, 2);
  strictEqual(web1.client.figures["onDisk"], false);
  disk.failure = undefined;
  await cluster.clock.advance(31_000);
  strictEqual(web1.client.figures["onDisk"], true);
  strictEqual(seqOf(disk.load()), 2);
  strictEqual(bansIn(disk.load()).length, 2);
});

Deno.test("receipts that can't be kept are not acknowledged and come again, and those of unknown bans are counted", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await monitor.events(ban("1"));
  cluster.store.failure = new RuntimeError("disk full", { hint: "" });
  for (const last of [1, 2]) {
    web1.receipts.add({
      ...{ ...key(last), action: "nftables", outcome: "applied", detail: "" },
      atMs: cluster.clock.nowMs(),
    });
  }
  await cluster.clock.advance(1_000);
  strictEqual(web1.receipts.size, 2);
  cluster.store.failure = undefined;
  await cluster.clock.advance(10_000);
  strictEqual(web1.receipts.size, 0);
  strictEqual(cluster.store.receipts(key(1)).length, 1);
  strictEqual(cluster.store.receipts(key(2)).length, 0);
  const { figures } = publisher;
  strictEqual(figures["protocol2.receipts"], 1);
  strictEqual(figures["protocol2.receiptsUnknown"], 1);
});

Deno.test("receipts are kept by the publisher for each ban and node, the last of each", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const web1 = cluster.subscriber();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  await monitor.events(ban("1"));
  const note = (outcome: "failed" | "applied", detail: string) =>
    web1.receipts.add({
      ...key(1),
      action: "nftables",
      outcome,
      detail,
      atMs: cluster.clock.nowMs(),
    });
  note("failed", 'no "table"\n');
  await cluster.clock.advance(1_000);
  deepStrictEqual(
    cluster.store.receipts(key(1)).map(({ detail }) => detail),
    ["no 'table'?"],
  );
  note("applied", "it was there");
  await cluster.clock.advance(1_000);
  await cluster.settle();
  deepStrictEqual(
    cluster.store.receipts(key(1)).map(({ node, action, outcome }) =>
      `${node} ${action} ${outcome}`
    ),
    ["web1 nftables applied"],
  );
  strictEqual(web1.receipts.size, 0);
});

Deno.test("receipts that fill a message are sent at once, and fewer only after a moment", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher();
  const web1 = cluster.subscriber();
  await cluster.settle();
  const full = 250;
  for (let last = 0; last < full + 1; last++) {
    web1.receipts.add({
      ...{ ...key(last), action: "nftables", outcome: "applied", detail: "" },
      atMs: cluster.clock.nowMs(),
    });
  }
  await cluster.settle();
  strictEqual(web1.receipts.size, 1);
  await cluster.clock.advance(1_000);
  strictEqual(web1.receipts.size, 0);
});
