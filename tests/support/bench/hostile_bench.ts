/**
 * A publisher's program with a member that reports steadily, while other peers
 * misbehave.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { Membership } from "../../../lib/members/member.ts";
import { ChildProcess } from "../host/child_process.ts";
import { connectionsAt } from "../host/connections.ts";
import { processUsage } from "../host/process_usage.ts";
import { ProcessorShare } from "../host/processor_share.ts";
import { reportLimitMs, SteadyMember } from "../cluster/steady_member.ts";
import { report } from "./tally.ts";
import { TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";
import { ZmqBench } from "./zmq_bench.ts";

const MIB = 1 << 20;
const HOSTILE = new URL(
  "../cluster/programs/hostile_peers.ts",
  import.meta.url,
);
/** Number of answers until the publisher's code is compiled. */
const SAMPLE = 150;
/**
 * Number of rounds, of which the best counts: other users of the machine can
 * slow down some rounds, but a successful attack succeeds in each.
 */
const MEASURED_ROUNDS = 3;
/** Highest growth since the start; the bad bodies alone have 600 MiB. */
const MAX_GROWTH_BYTES = 288 * MIB;
/** Number of repetitions of a hostile round. */
const ROUNDS = 40;

/** Hang-ups seen by hostile peers. */
export interface HungUp {
  readonly peers: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Ends everything when disposed. */
export class HostileBench implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly zeromq: ZmqBench;
  readonly publisher: ChildProcess;
  readonly good: SteadyMember;
  readonly bad: Membership;
  #startBytes = 0;

  private constructor(
    cluster: TestCluster,
    zeromq: ZmqBench,
    publisher: ChildProcess,
    good: SteadyMember,
  ) {
    this.cluster = cluster;
    this.zeromq = zeromq;
    this.publisher = publisher;
    this.good = good;
    this.bad = cluster.members.add("bad");
  }

  /**
   * Starts the bench.
   *
   * @param others Further options of the publisher.
   */
  static async create(
    others: Readonly<Record<string, string>> = {},
  ): Promise<HostileBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    // The disk's speed does not matter here.
    await cluster.addHost("hub", {
      publisher: { durability: "process", ...others },
    });
    const member = cluster.members.add("good");
    const publisher = await cluster.start("publisher", "hub");
    const zeromq = new ZmqBench(300_000);
    const good = await SteadyMember.begin(member);
    const bench = new HostileBench(cluster, zeromq, publisher, good);
    await waitUntil(() => good.answered > SAMPLE, { what: "it to be warm" });
    bench.#startBytes = (await processUsage(publisher.pid)).residentBytes;
    return bench;
  }

  /**
   * Runs an attack, and measures its effect on the good member and on the
   * publisher's memory.
   *
   * @param what Its name in the figures.
   * @param work Runs it.
   */
  async attack<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let round = 1;; round++) {
      const share = await ProcessorShare.of(this.publisher.pid);
      const { result, latency, bareP99Ms } = await this.good.during(work);
      const limitMs = reportLimitMs(await share.times(), bareP99Ms);
      report(what, { ...latency, limitMs, bareP99Ms, ...await this.#memory() });
      const { residentBytes } = await processUsage(this.publisher.pid);
      const grownBytes = residentBytes - this.#startBytes;
      ok(grownBytes < MAX_GROWTH_BYTES, `${what}: ${grownBytes} bytes more`);
      await this.onlyGoodOnesAreLeft();
      if (latency.p99Ms < limitMs) return result;
      const text = `p99 ${latency.p99Ms} ms, not ${limitMs}`;
      ok(round < MEASURED_ROUNDS, `${what}: ${text}`);
    }
  }

  /**
   * Repeats an attack often enough to reveal a memory leak.
   *
   * @param what Its name in the figures.
   * @param work Runs it once.
   */
  async attackAgain(what: string, work: () => Promise<void>): Promise<void> {
    await this.attack(`${what}, ${ROUNDS} times`, async () => {
      for (let round = 0; round < ROUNDS; round++) await work();
    });
  }

  /** Number of messages that the publisher received from its nodes. */
  async received(): Promise<number> {
    const figures = await this.cluster.figures("publisher", "hub");
    return Number(figures["protocol2.received"]);
  }

  /**
   * Number of peers that the publisher cut because they sent too much to a
   * listen-only port.
   */
  async saidTooMuch(): Promise<number> {
    const figures = await this.cluster.peek("publisher", "hub");
    return Number(figures?.["streamPort.saidTooMuch"]) +
      Number(figures?.["broadcastPort.saidTooMuch"]);
  }

  /** Starts hostile peers, and waits until they are gone. */
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

  /** Waits until only the good peers are connected. */
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
