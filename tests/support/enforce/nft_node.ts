import { ChildProcess } from "../host/child_process.ts";
import { NetworkNamespace } from "../host/network_namespace.ts";
import { bytes, RawClient } from "../cluster/raw_client.ts";
import { roleCommand, TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** The table in nftables. */
const TABLE = "fail2ban_cluster";

/**
 * A publisher, and a subscriber in a network namespace, connected by ZeroMQ's
 * ipc.
 */
export class NftNode implements AsyncDisposable {
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

  /** Starts the subscriber, or restarts it. */
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

  /** Runs the subscriber's verb `lift`. */
  async lift(): Promise<{ code: number | null; stderr: string }> {
    const { command, args } = roleCommand("subscriber");
    const [program, ...inside] = this.namespace.inside(command);
    const config = `${this.cluster.dir}/host-b/fail2ban-cluster.conf`;
    const { code, stderr } = await new Deno.Command(program, {
      args: [...inside, ...args, "lift", "--config", config],
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  }

  /** Reports a ban or unban of an address. */
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

  /** nft's listing of a set. */
  async set(name: "banned4" | "banned6"): Promise<string> {
    return await this.namespace.run("nft", "list", "set", "inet", TABLE, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.subscriber?.[Symbol.asyncDispose]();
    await this.#held.disposeAsync();
  }
}
