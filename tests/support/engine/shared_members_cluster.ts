/**
 * Publishers that were made one by one with the operator's command, over one
 * real etcd.
 *
 * @module
 */

import { match, strictEqual } from "node:assert/strict";
import { operate } from "../cluster/operator.ts";
import { type HostSetting, TestCluster } from "../cluster/test_cluster.ts";
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

  /** Makes one that is alone. */
  async initAlone(hub: string): Promise<void> {
    await this.#addHost(hub, {});
    await this.operate(`init --address ${NETWORK}1`, hub);
  }

  /** Where nodes look for the first so many, whether they are there or not. */
  places(
    hubs: number,
  ): Readonly<Record<"controlserver" | "streamserver", string>> {
    const [control, stream] = this.#ports;
    const list = (port: number | undefined) =>
      Array.from(
        { length: hubs },
        (_, at) => `tcp://${NETWORK}${at + 1}:${port}`,
      )
        .join(", ");
    return { controlserver: list(control), streamserver: list(stream) };
  }

  /** Has a publisher share its table from its next start on, in a log of a name; `undefined`: it is alone. */
  async setEngine(hub: string, prefix: string | undefined): Promise<void> {
    const path = `${this.cluster.dir}/${hub}/fail2ban-cluster.local`;
    const text = await Deno.readTextFile(path);
    const lines = prefix === undefined ? ["engine = none"] : [
      "engine = etcd",
      `engineurls = ${this.etcd.urls.join(", ")}`,
      `engineprefix = ${prefix}`,
    ];
    const others = text.split("\n").filter((line) => !/^engine/.test(line));
    const at = others.indexOf("[publisher]") + 1;
    await Deno.writeTextFile(
      path,
      others.toSpliced(at, 0, ...lines).join("\n"),
    );
  }

  /** Makes one more, by what another one gives it. */
  async join(
    hub: string,
    other: string,
    more: Readonly<Record<string, string>> = {},
    setting: HostSetting = {},
  ): Promise<void> {
    await this.#addHost(hub, more, setting);
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

  /** Stops a publisher, and starts it again. */
  async restart(hub: string): Promise<void> {
    strictEqual((await this.hub(hub).end("SIGTERM")).code, 0);
    await this.start(hub);
  }

  /** Waits until a publisher, as a standby, has a number. */
  async hasCopy(hub: string, seq: number): Promise<void> {
    await waitUntil(
      async () => (await this.cluster.peek("publisher", hub))?.["seq"] === seq,
      { what: `the copy of ${hub}`, timeoutMs: 20_000, intervalMs: 50 },
    );
  }

  /** Starts a publisher that has to end by itself, with a reason. */
  async refuses(hub: string, reason: RegExp): Promise<void> {
    this.#hubs.set(hub, this.cluster.spawn("publisher", hub, "run"));
    await this.ends(hub, reason);
  }

  /** Waits until a publisher has ended by itself, with a reason. */
  async ends(hub: string, reason: RegExp): Promise<void> {
    const child = this.hub(hub);
    await waitUntil(() => child.hasEnded, {
      what: `the end of ${hub}`,
      timeoutMs: 20_000,
    });
    strictEqual((await child.ended).code, 4);
    match(child.stderr.join("\n"), reason);
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

  /** Waits for the publisher that is active. */
  async active(): Promise<string> {
    return await waitUntil(async () => {
      for (const [hub, { hasEnded }] of this.#hubs) {
        if (hasEnded) continue;
        const { role } = await this.cluster.peek("publisher", hub) ?? {};
        if (role === "active") return hub;
      }
      return undefined;
    }, { what: "an active publisher", timeoutMs: 20_000, intervalMs: 50 });
  }

  async #addHost(
    hub: string,
    engine: Readonly<Record<string, string>>,
    setting: HostSetting = {},
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
    }, setting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }
}
