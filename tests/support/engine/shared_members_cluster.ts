/**
 * Publishers that were made one by one with the operator's command, over one
 * real etcd.
 *
 * @module
 */

import { operate } from "../cluster/operator.ts";
import { TestCluster } from "../cluster/test_cluster.ts";
import type { ChildProcess } from "../host/child_process.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";
import { EtcdServers } from "./etcd_servers.ts";

/** The first publisher is at 127.0.0.1, the second at 127.0.0.2, and so on. */
const NETWORK = "127.0.0.";

/** Everything ends and goes when disposed. */
export class SharedMembersCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly etcd: EtcdServers;
  readonly #ports: readonly number[] = freePorts(4);
  readonly #hubs = new Map<string, ChildProcess>();
  #made = 0;

  private constructor(cluster: TestCluster, etcd: EtcdServers) {
    this.cluster = cluster;
    this.etcd = etcd;
  }

  /** Begins with an engine, and no hosts. */
  static async create(): Promise<SharedMembersCluster> {
    const etcd = await EtcdServers.start(1);
    const cluster = await TestCluster.create({ protocol: 2 });
    return new SharedMembersCluster(cluster, etcd);
  }

  /** Makes the first publisher. @param more What its section says beside. */
  async init(
    hub: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.#addHost(hub, {
      ...more,
      engine: "etcd",
      engineurls: this.etcd.urls.join(", "),
    });
    await this.operate(`init --address ${NETWORK}1`, hub);
  }

  /** Makes one more, by what another one gives it. */
  async join(
    hub: string,
    other: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.#addHost(hub, more);
    const address = `${NETWORK}${this.#made}`;
    const line = await this.operate(
      `publisher add ${hub} --address ${address}`,
      other,
    );
    await this.operate(`publisher join ${line.trim()}`, hub);
  }

  /** Has the operator of a host say something. @throws when it is refused. */
  async operate(words: string, host: string): Promise<string> {
    return await operate(this.cluster, words, host);
  }

  /** Starts a publisher. */
  async start(hub: string): Promise<void> {
    this.#hubs.set(hub, await this.cluster.startWithoutKeys(hub));
  }

  /** A publisher's process. */
  hub(hub: string): ChildProcess {
    const child = this.#hubs.get(hub);
    if (child === undefined) throw new Error(`${hub} was not started`);
    return child;
  }

  /** Waits until a publisher is active. */
  async isActive(hub: string): Promise<void> {
    await waitUntil(
      async () =>
        (await this.cluster.peek("publisher", hub))?.["role"] === "active",
      { what: `${hub} to be active`, timeoutMs: 20_000, intervalMs: 50 },
    );
  }

  async #addHost(
    hub: string,
    engine: Readonly<Record<string, string>>,
  ): Promise<void> {
    const urls = this.#ports.map((port) =>
      `tcp://${NETWORK}${this.#made + 1}:${port}`
    );
    const [control = "", stream = "", reply = "", broadcast = ""] = urls;
    this.#made++;
    await this.cluster.addHost(hub, {
      publisher: {
        ...engine,
        controlbindurl: control,
        streambindurl: stream,
        replybindurl: reply,
        broadcasterbindurl: broadcast,
        legacy: "off",
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }
}
