/**
 * A publisher's program with a member that reports steadily, beside whom others
 * do what they should not.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { Membership } from "../../../lib/members/member.ts";
import { deadline } from "../host/deadline.ts";
import { ChildProcess } from "../host/child_process.ts";
import { connectionsAt } from "../host/connections.ts";
import { processUsage } from "../host/process_usage.ts";
import { SteadyNode } from "../cluster/steady_node.ts";
import { report } from "./tally.ts";
import { TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";
import { ZmqBench } from "./zmq_bench.ts";

const MIB = 1 << 20;
const HOSTILE = new URL(
  "../cluster/programs/hostile_peers.ts",
  import.meta.url,
);
/** Reports by which an ordinary while is measured. */
const SAMPLE = 150;
const CLOSING_PORT = new URL(
  "../cluster/programs/closing_port.ts",
  import.meta.url,
);
/** Who comes to a port that isn't the publisher's, of each manner. */
const ELSEWHERE = 1_500;
/**
 * So many times as long as while hostile peers come to another port: who attacks
 * has the same processors here, whatever the publisher does.
 */
const MAX_TIMES = 8;
/** Less than this is of no matter, in milliseconds. */
const MIN_USUAL_MS = 50;
/** What one attack may differ from another in, in milliseconds on a quiet machine. */
const MORE_MS = 125;
/** More than at the start; of bad bodies alone it is sent 600 MiB. */
const MAX_GROWTH_BYTES = 288 * MIB;
/** Of hostile rounds that are repeated. */
const ROUNDS = 40;

/** What hostile peers saw. */
export interface HungUp {
  readonly peers: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Everything ends when disposed. */
export class HostileBench implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly zeromq: ZmqBench;
  readonly publisher: ChildProcess;
  readonly good: SteadyNode;
  readonly bad: Membership;
  #usualMs = NaN;
  #startBytes = 0;

  private constructor(
    cluster: TestCluster,
    zeromq: ZmqBench,
    publisher: ChildProcess,
    good: SteadyNode,
  ) {
    this.cluster = cluster;
    this.zeromq = zeromq;
    this.publisher = publisher;
    this.good = good;
    this.bad = cluster.members.add("bad");
  }

  /**
   * Starts, and measures a while in which nothing is wrong.
   *
   * @param others Options of the publisher besides.
   */
  static async create(
    others: Readonly<Record<string, string>> = {},
  ): Promise<HostileBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    // The disk's time is no matter here.
    await cluster.addHost("hub", {
      publisher: { durability: "process", ...others },
    });
    const member = cluster.members.add("good");
    const publisher = await cluster.start("publisher", "hub");
    const zeromq = new ZmqBench(300_000);
    const { controlUrl } = cluster;
    const good = await SteadyNode.begin(zeromq, controlUrl, member);
    const bench = new HostileBench(cluster, zeromq, publisher, good);
    await waitUntil(() => good.sent > SAMPLE, { what: "it to be warm" });
    const { latency } = await good.during(() => bench.#attackElsewhere());
    bench.#usualMs = Math.max(MIN_USUAL_MS, latency.p99Ms);
    bench.#startBytes = (await processUsage(publisher.pid)).residentBytes;
    report("hostile peers elsewhere", {
      ...latency,
      ...await bench.#memory(),
    });
    return bench;
  }

  /**
   * Does something hostile, and looks what it did to the good member and to the
   * publisher's memory.
   *
   * @param what Its name among the figures.
   * @param work Does it.
   */
  async attack<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { result, latency } = await this.good.during(work);
    const memory = await this.#memory();
    report(what, { ...latency, ...memory });
    const p99Ms = MAX_TIMES * this.#usualMs + deadline(MORE_MS);
    ok(latency.p99Ms < p99Ms, `${what}: p99 ${latency.p99Ms} ms`);
    const { residentBytes } = await processUsage(this.publisher.pid);
    const grownBytes = residentBytes - this.#startBytes;
    ok(grownBytes < MAX_GROWTH_BYTES, `${what}: ${grownBytes} bytes more`);
    await this.onlyGoodOnesAreLeft();
    return result;
  }

  /**
   * The same so often that memory which is not given back would show.
   *
   * @param what Its name among the figures.
   * @param work Does it once.
   */
  async attackAgain(what: string, work: () => Promise<void>): Promise<void> {
    await this.attack(`${what}, ${ROUNDS} times`, async () => {
      for (let round = 0; round < ROUNDS; round++) await work();
    });
  }

  /** Messages that the publisher took from its nodes so far. */
  async received(): Promise<number> {
    const figures = await this.cluster.figures("publisher", "hub");
    return Number(figures["protocol2.received"]);
  }

  /** Peers that the publisher cut since they said too much, at the ports for listening. */
  async saidTooMuch(): Promise<number> {
    const figures = await this.cluster.peek("publisher", "hub");
    return Number(figures?.["streamPort.saidTooMuch"]) +
      Number(figures?.["broadcastPort.saidTooMuch"]);
  }

  /** The peers of an attack come to a port that is nobody's. */
  async #attackElsewhere(): Promise<void> {
    await using port = new ChildProcess({
      command: Deno.execPath(),
      args: ["run", "--allow-net", CLOSING_PORT.href],
    });
    const url = await port.waitForLine(/^tcp:/);
    await Promise.all(
      ["silent", "greeting", "greeting"].map((manner) =>
        this.peers(manner, url, ELSEWHERE)
      ),
    );
  }

  /** Has hostile peers come, and waits until they are gone. */
  async peers(manner: string, url: string, count: number): Promise<HungUp> {
    await using child = new ChildProcess({
      command: Deno.execPath(),
      args: ["run", "--allow-net", HOSTILE.href, manner, url, `${count}`],
    });
    const { code } = await child.ended;
    ok(code === 0, child.stderr.join("\n"));
    const words = child.stdout.at(-1)?.split(" ").slice(2).map(Number) ?? [];
    const [peers = 0, leastMs = 0, mostMs = 0] = words;
    return { peers, leastMs, mostMs };
  }

  /** Waits until nobody else is connected. */
  async onlyGoodOnesAreLeft(): Promise<void> {
    const { controlUrl, streamUrl } = this.cluster;
    await waitUntil(
      async () =>
        await connectionsAt(controlUrl) === 1 &&
        await connectionsAt(streamUrl) === 0,
      { what: "the others to be gone", intervalMs: 100 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.good[Symbol.asyncDispose]();
    await this.zeromq[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }

  async #memory() {
    const usage = await processUsage(this.publisher.pid);
    return {
      residentMiB: Math.round(usage.residentBytes / MIB),
      peakMiB: Math.round(usage.peakBytes / MIB),
    };
  }
}
