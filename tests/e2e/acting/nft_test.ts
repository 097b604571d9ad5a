import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import {
  roleCommand,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const TABLE = "fail2ban_cluster";

/** A publisher, and a subscriber in a network of its own: ZeroMQ's ipc reaches into it. */
class NftNode implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly namespace: NetworkNamespace;
  readonly client: RawClient;
  subscriber: ChildProcess | undefined;
  readonly #held: AsyncDisposableStack;

  private constructor(
    held: AsyncDisposableStack,
    cluster: TestCluster,
    namespace: NetworkNamespace,
  ) {
    this.#held = held;
    this.cluster = cluster;
    this.namespace = namespace;
    this.client = held.use(new RawClient(cluster.replyUrl));
  }

  static async start(
    settings: Readonly<Record<string, string>>,
  ): Promise<NftNode> {
    await using held = new AsyncDisposableStack();
    const namespace = held.use(await NetworkNamespace.create());
    const cluster = held.use(await TestCluster.create());
    const url = `ipc://${cluster.dir}/stream`;
    await cluster.addHost("hub", { publisher: { broadcasterbindurl: url } });
    await cluster.addHost("host-b", {
      subscriber: {
        zmqpublisherurl: url,
        subscriberaction: "nftables",
        ...settings,
      },
    });
    await cluster.start("publisher", "hub");
    const node = new NftNode(held.move(), cluster, namespace);
    await node.startSubscriber();
    await waitUntil(async () => {
      await node.tell("Unban", "198.51.100.1");
      return Number(await node.figure("received")) > 0;
    }, { what: "the subscription", intervalMs: 100 });
    return node;
  }

  /** Starts it, again too. */
  async startSubscriber(): Promise<void> {
    await this.subscriber?.[Symbol.asyncDispose]();
    const { command, args } = roleCommand("subscriber");
    const [program, ...inside] = this.namespace.inside(command);
    const config = `${this.cluster.dir}/host-b/fail2ban-cluster.conf`;
    this.subscriber = new ChildProcess({
      command: program,
      args: [...inside, ...args, "run", "--config", config],
    });
    await this.subscriber.waitForLine(/action works/);
  }

  /** Runs the subscriber's verb `lift` to its end. */
  async lift(): Promise<{ code: number | null; stderr: string }> {
    const { command, args } = roleCommand("subscriber");
    const [program, ...inside] = this.namespace.inside(command);
    const config = `${this.cluster.dir}/host-b/fail2ban-cluster.conf`;
    const { code, stderr } = await new Deno.Command(program, {
      args: [...inside, ...args, "lift", "--config", config],
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  }

  /** Has the cluster say something of an address. */
  async tell(action: "Ban" | "Unban", address: string): Promise<string> {
    const { token } = this.cluster;
    await this.client.request(
      bytes(`${token}|host-a|sshd|${action}|${address}`),
    );
    return await this.client.reply() ?? "no answer";
  }

  async figure(name: string): Promise<unknown> {
    return (await this.cluster.figures("subscriber", "host-b"))[name];
  }

  /** What nft lists of a set. */
  async set(name: "banned4" | "banned6"): Promise<string> {
    return await this.namespace.run("nft", "list", "set", "inet", TABLE, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.subscriber?.[Symbol.asyncDispose]();
    await this.#held.disposeAsync();
  }
}

testWith(
  ["netns", "nftables"],
  "a ban on host A is in host B's nftables, is lifted there, and lapses there",
  async () => {
    await using node = await NftNode.start({ bantime: "3s" });
    const started = performance.now();
    await node.tell("Ban", "203.0.113.7");
    await node.tell("Ban", "2001:db8::7");
    await waitUntil(
      async () =>
        (await node.set("banned4")).includes("203.0.113.7") &&
        (await node.set("banned6")).includes("2001:db8::7"),
      { what: "both bans in the sets", intervalMs: 20 },
    );
    report("from the report to the set", {
      after: `${Math.round(performance.now() - started)} ms`,
    });
    await node.tell("Unban", "203.0.113.7");
    await waitUntil(
      async () => !(await node.set("banned4")).includes("203.0.113.7"),
      { what: "the unban", intervalMs: 20 },
    );
    await waitUntil(
      async () => !(await node.set("banned6")).includes("2001:db8::7"),
      { what: "the end of the other", timeoutMs: 8_000, intervalMs: 50 },
    );
  },
);

testWith(
  ["netns", "nftables"],
  "a restart keeps nftables' bans and applies none again; a table that is wiped is repaired",
  async () => {
    await using node = await NftNode.start({ bantime: "1h", resync: "5s" });
    const addresses = Array.from({ length: 50 }, (_, at) => `203.0.113.${at}`);
    for (const address of addresses) await node.tell("Ban", address);
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 50,
      { what: "50 bans", intervalMs: 50 },
    );
    deepStrictEqual(await node.subscriber?.end(), { code: 0, signal: null });
    ok((await node.set("banned4")).includes("203.0.113.49"));
    await node.startSubscriber();
    strictEqual(await node.figure("nftables.inForce"), 50);
    strictEqual(await node.figure("nftables.applied"), 0);

    await node.namespace.run("nft", "delete", "table", "inet", TABLE);
    await waitUntil(
      async () => Number(await node.figure("nftables.missing")) === 50,
      { what: "the comparison", timeoutMs: 15_000, intervalMs: 100 },
    );
    await waitUntil(
      async () => (await node.set("banned4")).includes("203.0.113.49"),
      { what: "the repair", timeoutMs: 15_000, intervalMs: 100 },
    );
  },
);

testWith(
  ["netns", "nftables"],
  "the subscriber takes its table away when it is told to, and not while it runs",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
    await node.tell("Ban", "203.0.113.7");
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 1,
      { what: "the ban", intervalMs: 50 },
    );
    const refused = await node.lift();
    strictEqual(refused.code, 4, refused.stderr);
    ok((await node.set("banned4")).includes("203.0.113.7"));
    await node.subscriber?.end();
    const lifted = await node.lift();
    strictEqual(lifted.code, 0, lifted.stderr);
    strictEqual((await node.namespace.run("nft", "list", "tables")).trim(), "");
    await node.startSubscriber();
    strictEqual(
      await node.figure("nftables.inForce"),
      0,
      "it wants none again",
    );
  },
);
