import type { MemberRights, Membership } from "../../../lib/members/member.ts";
import { ChildProcess } from "../host/child_process.ts";
import { RawNode, SILENCE_MS } from "./raw_node.ts";
import { type Sections, TestCluster } from "./test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";
import { ZmqBench } from "../bench/zmq_bench.ts";
import { scaled } from "../host/deadline.ts";

/** A publisher's program, and members whose messages a test sends. */
export class LimitsBench implements AsyncDisposable {
  readonly zeromq = new ZmqBench();
  readonly cluster: TestCluster;
  readonly publisher: ChildProcess;

  private constructor(cluster: TestCluster, publisher: ChildProcess) {
    this.cluster = cluster;
    this.publisher = publisher;
  }

  static async create(settings: Sections = {}): Promise<LimitsBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub", settings);
    return new LimitsBench(cluster, await cluster.start("publisher", "hub"));
  }

  member(name: string, rights: Partial<MemberRights> = {}): Membership {
    return this.cluster.members.add(name, rights);
  }

  async node(name: string, rights?: Partial<MemberRights>): Promise<RawNode> {
    const membership = this.member(name, rights);
    const { controlUrl } = this.cluster;
    return await waitUntil(async () => {
      try {
        return await RawNode.join(
          this.zeromq,
          controlUrl,
          membership,
          "monitor",
          scaled(SILENCE_MS),
        );
      } catch (error) {
        // The publisher has not read the list yet.
        if (error instanceof Error && error.message === "silence") return;
        throw error;
      }
    }, { what: `${name} to be let in`, timeoutMs: 10_000 });
  }

  async figure(name: string): Promise<unknown> {
    return (await this.cluster.figures("publisher", "hub"))[name];
  }

  /** The output of the operator's command. */
  async operate(...words: string[]): Promise<string> {
    await using child = this.cluster.spawn("cluster", "hub", ...words);
    await child.ended;
    return [...child.stdout, ...child.stderr].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.zeromq[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}
