import { deepStrictEqual, ok } from "node:assert/strict";
import { connectionsAt } from "../../support/host/connections.ts";
import { appendLog, bansOf } from "../../support/fail2ban/fail2ban_lines.ts";
import { type Cut, NetworkLink } from "../../support/host/network_link.ts";
import { isInstalled } from "../../support/host/real_parts.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { pass, sideBySide } from "../../support/host/side_by_side.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";
import { report, tally } from "../../support/bench/tally.ts";
import { type ProxyManner, TcpProxy } from "../../support/host/tcp_proxy.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { freePorts } from "../../support/host/test_ports.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { deadline } from "../../support/host/deadline.ts";

const BANS = 300;
const DEADLINE_MS = 90_000;
/** libzmq's heartbeats, every 5 s, three times, and what a busy machine takes; TCP alone would take a quarter of an hour. */
const HEARTBEATS_MS = 15_000 + deadline(5_000);
/** A sender of TCP goes on without an answer for a while: so many more heartbeats of the stream. */
const STREAM_WINDOW_MS = 12_000;

const isMissing = !isInstalled("netns") || !isInstalled("nftables");

Deno.test("cases 7, 8 and 9: bad networks: both ends notice, and in the end nothing is lost or doubled", async (t) => {
  await sideBySide(t, {
    ...(isMissing ? {} : {
      "packets are dropped both ways": () => cutOff("both"),
      "what comes to the node is dropped": () => cutOff("incoming"),
      "what goes from the node is dropped": () => cutOff("outgoing"),
    }),
    "slices of one byte": () => throughProxy({ sliceBytes: 1 }),
    "up to half a second late": () => throughProxy({ jitterMs: 500 }),
    "ten kilobytes a second": () =>
      throughProxy({ sliceBytes: 1_000, pauseMs: 100 }),
    "stalled for as long as it takes to be noticed": stalled,
  });
});

/** The programs of a node: what is written, and what comes out. */
interface Node {
  readonly cluster: TestCluster;
  readonly monitor: ChildProcess;
  readonly subscriber: ChildProcess;
}

async function startNode(cluster: TestCluster): Promise<Node> {
  await appendLog(cluster.logPath("host-a"), bansOf(0, 0).text);
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  const node = { cluster, monitor, subscriber };
  await appendLog(cluster.logPath("host-a"), bansOf(0, 1).text);
  await waitHeard(node, 1);
  return node;
}

function addresses({ subscriber }: Node): string[] {
  return heard(subscriber).map((message) => message.split("|")[3] ?? "");
}

async function waitHeard(node: Node, count: number): Promise<void> {
  await waitUntil(() => addresses(node).length >= count, {
    what: `${count} bans at the subscriber`,
    timeoutMs: DEADLINE_MS,
    intervalMs: 20,
  });
}

/** Everything that was sent is there, in order, once. */
async function checkAll(
  node: Node,
  what: string,
  sent: readonly string[],
): Promise<void> {
  report(what, tally(sent, addresses(node)));
  deepStrictEqual(addresses(node), sent);
  deepStrictEqual(publishersBans(node.cluster), [...sent].sort());
  await waitCopy(node.cluster, "host-b", sent, DEADLINE_MS);
}

async function cutOff(cut: Cut): Promise<void> {
  await using link = await NetworkLink.create();
  await using cluster = await TestCluster.create({ protocol: 2 });
  const [controlPort, streamPort] = freePorts(2);
  const control = `tcp://${link.hubAddress}:${controlPort}`;
  const stream = `tcp://${link.hubAddress}:${streamPort}`;
  const within = { within: link.node.within };
  const servers = { controlserver: control, streamserver: stream };
  await cluster.addHost("hub", {
    publisher: { controlbindurl: control, streambindurl: stream },
  }, { within: link.hub.within });
  await cluster.addHost(
    "host-a",
    { monitor: { controlserver: control } },
    within,
  );
  await cluster.addHost("host-b", { subscriber: servers }, within);
  const node = await startNode(cluster);
  const all = bansOf(0, 1 + BANS);

  await link.cut(cut);
  const cutMs = performance.now();
  await appendLog(cluster.logPath("host-a"), bansOf(1, 1 + BANS).text);
  const since = async (noticed: Promise<unknown>) => {
    await noticed;
    return Math.round(performance.now() - cutMs);
  };
  const closed = (url: string) =>
    waitUntil(
      async () => await connectionsAt(url, link.hub.within) === 0,
      { what: `the end of ${url}`, timeoutMs: DEADLINE_MS, intervalMs: 100 },
    );
  const [monitorMs, subscriberMs, controlMs, streamMs] = await Promise.all([
    since(node.monitor.waitForLine(/no conversation with/, DEADLINE_MS)),
    since(node.subscriber.waitForLine(/stream is silent/, DEADLINE_MS)),
    since(closed(control)),
    since(closed(stream)),
  ]);
  await link.mend();
  const mendedMs = performance.now();
  await waitHeard(node, all.sent.length);
  const caughtUpMs = Math.round(performance.now() - mendedMs);
  await waitAnswered(cluster);
  const figures = await cluster.peek("publisher", "hub");
  report(`cut ${cut}: noticed, in ms, by`, {
    monitor: monitorMs,
    subscriber: subscriberMs,
    publisherOnControl: controlMs,
    publisherOnStream: streamMs,
    caughtUpMs,
    known: figures?.["protocol2.known"],
  });
  await checkAll(node, `cut ${cut}`, all.sent);
  ok(controlMs < HEARTBEATS_MS + STREAM_WINDOW_MS);
  ok(streamMs < HEARTBEATS_MS + STREAM_WINDOW_MS);
  ok(monitorMs < HEARTBEATS_MS);
  ok(subscriberMs < HEARTBEATS_MS + STREAM_WINDOW_MS);
}

async function waitAnswered(cluster: TestCluster): Promise<void> {
  await waitUntil(
    async () => (await cluster.peek("monitor", "host-a"))?.["unanswered"] === 0,
    { what: "every answer", timeoutMs: DEADLINE_MS, intervalMs: 50 },
  );
}

/** A cluster whose nodes reach the publisher through bad wires. */
async function withProxies(
  body: (node: Node, wires: readonly TcpProxy[]) => Promise<void>,
): Promise<void> {
  const random = new SeededRandom();
  await using cluster = await TestCluster.create({ protocol: 2 });
  await using control = new TcpProxy(cluster.controlUrl, random);
  await using stream = new TcpProxy(cluster.streamUrl, random);
  const servers = { controlserver: control.url, streamserver: stream.url };
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { controlserver: control.url } });
  await cluster.addHost("host-b", { subscriber: servers });
  await body(await startNode(cluster), [control, stream]);
}

async function throughProxy(manner: ProxyManner): Promise<void> {
  await withProxies(async (node, wires) => {
    for (const wire of wires) wire.manner = manner;
    const { cluster } = node;
    const all = bansOf(0, 1 + BANS);
    const before = wires.reduce((sum, { pieces }) => sum + pieces, 0);
    const startMs = performance.now();
    for (let at = 1; at <= BANS; at += BANS / 10) {
      const { text } = bansOf(at, at + BANS / 10);
      await appendLog(cluster.logPath("host-a"), text);
      await pass(100);
    }
    await waitHeard(node, all.sent.length);
    await waitAnswered(cluster);
    const what = JSON.stringify(manner);
    report(`through ${what}`, {
      ms: Math.round(performance.now() - startMs),
      pieces: wires.reduce((sum, { pieces }) => sum + pieces, 0) - before,
      lost: (await cluster.peek("monitor", "host-a"))?.["connectionsLost"],
      known: (await cluster.peek("publisher", "hub"))?.["protocol2.known"],
    });
    await checkAll(node, `through ${what}`, all.sent);
  });
}

async function stalled(): Promise<void> {
  await withProxies(async (node, wires) => {
    for (const wire of wires) wire.manner = { isStalled: true };
    const { cluster, monitor, subscriber } = node;
    const all = bansOf(0, 1 + BANS);
    const startMs = performance.now();
    await appendLog(cluster.logPath("host-a"), bansOf(1, 1 + BANS).text);
    await monitor.waitForLine(/no conversation with/, DEADLINE_MS);
    await subscriber.waitForLine(/stream is silent/, DEADLINE_MS);
    const noticedMs = Math.round(performance.now() - startMs);
    for (const wire of wires) wire.manner = {};
    await waitHeard(node, all.sent.length);
    await waitAnswered(cluster);
    report("stalled", {
      noticedMs,
      ms: Math.round(performance.now() - startMs),
      known: (await cluster.peek("publisher", "hub"))?.["protocol2.known"],
    });
    await checkAll(node, "stalled", all.sent);
  });
}
