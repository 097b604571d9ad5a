import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { handUnban, hourBan } from "../../support/values/node_events.ts";
import { RawNode } from "../../support/cluster/raw_node.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { history, lastSeq } from "../../support/store/stored_tables.ts";
import { type ProxyWay, TcpProxy } from "../../support/host/tcp_proxy.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

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
    const figures = await this.cluster.figures("publisher", "hub");
    return Number(figures["protocol2.received"]);
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
  await node.sayOnly(node.batchOf(hourBan(1)));
  // What comes before a bad frame may be lost with the connection.
  await waitUntil(async () => await bench.received() === 2, {
    what: "HELLO and the batch",
  });
  bench.proxy.manner = {
    tamper: (bytes, way) => way === "outgoing" ? kept : [bytes],
  };
  await node.sayOnly(node.batchOf(hourBan(2)));
  await bench.untilCut();
  bench.proxy.manner = {};
  strictEqual(await bench.received(), 2);
  await using again = await bench.join();
  strictEqual(await again.events(hourBan(1)), "known");
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
  await node.sayOnly(node.batchOf(hourBan(1)));
  await waitUntil(() => kept.length === 1, { what: "the first frame" });
  await node.sayOnly(node.batchOf(hourBan(2)));
  // What comes before a bad frame may be lost with the connection.
  await waitUntil(() => lastSeq(bench.cluster) === 1, { what: "the second" });
  await node.sayOnly(node.batchOf(hourBan(3)));
  await bench.untilCut();
  bench.proxy.manner = {};
  // The later one has come; the earlier one after it must not.
  deepStrictEqual(history(bench.cluster), ["report 198.51.100.2 host-a"]);
  await using again = await bench.join();
  strictEqual(await again.events(hourBan(1), hourBan(2)), "accepted, known");
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
    strictEqual(await node.events(hourBan(1)), "accepted");
    strictEqual(await node.events(handUnban(2, "198.51.100.1")), "accepted");
  }
  const before = await bench.received();
  const port = Number(new URL(bench.cluster.controlUrl).port);
  using wire = await Deno.connect({ hostname: "127.0.0.1", port });
  const answered: number[] = [];
  let isOver = false;
  const reading = (async () => {
    const buffer = new Uint8Array(4_096);
    while (true) {
      const count = await wire.read(buffer);
      if (count === null) return;
      answered.push(count);
    }
  })().catch((error) => {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }).finally(() => {
    isOver = true;
  });
  for (const bytes of captured) {
    const seen = answered.length;
    await wire.write(bytes).catch((error) => {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    });
    await waitUntil(() => isOver || answered.length > seen, {
      what: "an answer",
      timeoutMs: 300,
    }).catch(() => {});
  }
  await reading;
  strictEqual(await bench.received(), before);
  strictEqual(lastSeq(bench.cluster), 2);
  const figures = await bench.cluster.figures("publisher", "hub");
  strictEqual(figures["connections.admitted"], 1);
});
