import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import { address, jail } from "../../support/values/core_values.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { RawNode } from "../../support/cluster/raw_node.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { history, lastSeq } from "../../support/store/stored_tables.ts";
import { report } from "../../support/bench/tally.ts";
import { type ProxyWay, TcpProxy } from "../../support/host/tcp_proxy.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

const BANNED = ["198.51.100.77", "2001:db8:feed::1"];
const JAIL = "a-jail-to-look-for";
const HOSTS = ["host-to-report", "host-to-hear"] as const;

/** What went over the wire. */
class Capture {
  readonly #text: string[] = [];
  bytes = 0;

  record(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    // One character for each byte, so that any text of ASCII is found.
    this.#text.push(new TextDecoder("latin1").decode(bytes));
  }

  found(words: readonly string[]): string[] {
    const all = this.#text.join("");
    return words.filter((word) => all.includes(word));
  }
}

/** Sends bans over a recorded wire, both ways. @returns What was recorded, and what was secret. */
async function recorded(protocol: 1 | 2) {
  const capture = new Capture();
  await using cluster = await TestCluster.create({ protocol });
  const random = new SeededRandom(21);
  const { replyUrl, broadcastUrl, controlUrl, streamUrl } = cluster;
  const urls = protocol === 1
    ? [replyUrl, broadcastUrl]
    : [controlUrl, streamUrl];
  await using held = new AsyncDisposableStack();
  const [one = "", two = ""] = urls.map((url) => {
    const proxy = held.use(new TcpProxy(url, random));
    proxy.record = (bytes) => capture.record(bytes);
    return proxy.url;
  });
  const monitor = protocol === 1
    ? { zmqreplyserver: one }
    : { controlserver: one };
  const subscriber = protocol === 1
    ? { zmqpublisherurl: two }
    : { controlserver: one, streamserver: two };
  await cluster.addHost("hub");
  for (const name of HOSTS) {
    await cluster.addHost(name, { monitor, subscriber });
  }
  const log = cluster.logPath(HOSTS[0]);
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const hears = await cluster.start("subscriber", HOSTS[1]);
  await cluster.start("monitor", HOSTS[0]);
  // Nothing tells that a subscription of protocol 1 has arrived.
  let probes = 0;
  await waitUntil(async () => {
    await appendLog(log, banLine(JAIL, `203.0.113.${++probes}`));
    return heard(hears).length > 0;
  }, { what: "the first ban", timeoutMs: 10_000, intervalMs: 100 });
  for (const banned of BANNED) await appendLog(log, banLine(JAIL, banned));
  await waitUntil(
    () =>
      BANNED.every((banned) => heard(hears).some((it) => it.endsWith(banned))),
    { what: "all bans" },
  );
  const tokens = protocol === 1
    ? [cluster.token]
    : HOSTS.map((name) => cluster.membership(name).token);
  return { capture, words: [...BANNED, JAIL, HOSTS[0], ...tokens] };
}

Deno.test("the traffic of protocol 2 shows no address, jail, host's name or token; protocol 1's shows all", async () => {
  const [first, second] = await Promise.all([recorded(1), recorded(2)]);
  report("bytes recorded", {
    protocol1: first.capture.bytes,
    protocol2: second.capture.bytes,
  });
  deepStrictEqual(first.capture.found(first.words), first.words);
  ok(second.capture.bytes > 1_000);
  deepStrictEqual(second.capture.found(second.words), []);
  // HELLO and WELCOME are words of CURVE, too.
  const signs = ["F2B2", "EVENTS", "epoch", "monitor", HOSTS[1]];
  deepStrictEqual(second.capture.found(signs), []);
});

function ban(index: number): NodeEvent {
  return {
    kind: "ban",
    id: `event-${String(index).padStart(16, "0")}` as EventId,
    jail: jail("sshd"),
    address: address(`198.51.100.${index}`),
    remainingMs: 3_600_000,
    agoMs: 0,
  };
}

/** A publisher's program behind a wire. */
class WireBench implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly zeromq = new ZmqBench();
  readonly proxy: TcpProxy;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.proxy = new TcpProxy(cluster.controlUrl, new SeededRandom(21));
  }

  static async create(): Promise<WireBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub");
    await cluster.addHost("host-a");
    await cluster.start("publisher", "hub");
    return new WireBench(cluster);
  }

  join(): Promise<RawNode> {
    const membership = this.cluster.membership("host-a");
    return RawNode.join(this.zeromq, this.proxy.url, membership);
  }

  /** Messages that reached the publisher. */
  async received(): Promise<number> {
    const figures = await this.cluster.peek("publisher", "hub");
    return Number(figures?.["protocol2.received"]);
  }

  async untilCut(): Promise<void> {
    await waitUntil(() => this.proxy.closed >= 1, { what: "the cut" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.zeromq[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

Deno.test("case 21: a frame that is replayed within its connection is no second message, and ends the connection", async () => {
  await using bench = await WireBench.create();
  await using node = await bench.join();
  const kept: Uint8Array[] = [];
  bench.proxy.manner = {
    tamper: (bytes, way) => {
      if (way === "outgoing") kept.push(bytes.slice());
      return [bytes];
    },
  };
  await node.sayOnly(node.batchOf(ban(1)));
  // What comes before a bad frame may be lost with the connection.
  await waitUntil(async () => await bench.received() === 2, {
    what: "HELLO and the batch",
  });
  bench.proxy.manner = {
    tamper: (bytes, way) => way === "outgoing" ? kept : [bytes],
  };
  await node.sayOnly(node.batchOf(ban(2)));
  await bench.untilCut();
  bench.proxy.manner = {};
  strictEqual(await bench.received(), 2);
  await using again = await bench.join();
  strictEqual(await again.events(ban(1)), "known");
  deepStrictEqual(history(bench.cluster), ["report 198.51.100.1 host-a"]);
});

Deno.test("case 21: frames that come in another order are not taken in that, and end the connection", async () => {
  await using bench = await WireBench.create();
  await using node = await bench.join();
  const kept: Uint8Array[] = [];
  bench.proxy.manner = {
    tamper: (bytes, way) => {
      if (way === "incoming") return [bytes];
      kept.push(bytes.slice());
      return [[], kept.slice(1), kept.slice(0, 1)][kept.length - 1] ?? [];
    },
  };
  await node.sayOnly(node.batchOf(ban(1)));
  await waitUntil(() => kept.length === 1, { what: "the first frame" });
  await node.sayOnly(node.batchOf(ban(2)));
  // What comes before a bad frame may be lost with the connection.
  await waitUntil(() => lastSeq(bench.cluster) === 1, { what: "the second" });
  await node.sayOnly(node.batchOf(ban(3)));
  await bench.untilCut();
  bench.proxy.manner = {};
  // The later one has come; the earlier one after it must not.
  deepStrictEqual(history(bench.cluster), ["report 198.51.100.2 host-a"]);
  await using again = await bench.join();
  strictEqual(await again.events(ban(1), ban(2)), "accepted, known");
  strictEqual(lastSeq(bench.cluster), 2);
});

Deno.test("case 21: captured traffic that is sent again, whole, gets nobody in and changes nothing", async () => {
  await using bench = await WireBench.create();
  const captured: Uint8Array[] = [];
  bench.proxy.record = (bytes: Uint8Array, way: ProxyWay) => {
    if (way === "outgoing") captured.push(bytes.slice());
  };
  {
    await using node = await bench.join();
    strictEqual(await node.events(ban(1)), "accepted");
    strictEqual(await node.events({ ...ban(1), ...UNBAN }), "accepted");
  }
  const before = await bench.received();
  const port = Number(new URL(bench.cluster.controlUrl).port);
  using wire = await Deno.connect({ hostname: "127.0.0.1", port });
  const answered: number[] = [];
  const reading = (async () => {
    const buffer = new Uint8Array(4_096);
    while (true) {
      const count = await wire.read(buffer);
      if (count === null) return;
      answered.push(count);
    }
  })().catch((error) => {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  });
  for (const bytes of captured) {
    const seen = answered.length;
    await wire.write(bytes).catch((error) => {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    });
    await waitUntil(() => answered.length > seen, {
      what: "an answer",
      timeoutMs: 300,
    }).catch(() => {});
  }
  await reading;
  strictEqual(await bench.received(), before);
  strictEqual(lastSeq(bench.cluster), 2);
  const figures = await bench.cluster.peek("publisher", "hub");
  strictEqual(figures?.["connections.admitted"], 1);
});

const UNBAN = { kind: "unban", id: ban(2).id } as const;
