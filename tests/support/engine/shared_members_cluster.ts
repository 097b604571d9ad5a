/**
 * Publishers that were added one by one with the operator's command, with one
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

/** Everything is stopped and removed when disposed. */
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

  /** Starts an engine without hosts. */
  static async create(): Promise<SharedMembersCluster> {
    const etcd = await EtcdServers.start(1);
    const cluster = await TestCluster.create({ protocol: 2 });
    return new SharedMembersCluster(cluster, etcd);
  }

  /** Sets up the first publisher. @param more Further settings. */
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

  /** Sets up a single publisher. */
  async initAlone(hub: string): Promise<void> {
    await this.#addHost(hub, {});
    await this.operate(`init --address ${NETWORK}1`, hub);
  }

  /** URLs at which nodes search the first publishers, running or not. */
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

  /**
   * Makes a publisher share its table in a named log from its next start on;
   * `undefined` for a single publisher.
   */
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

  /** Adds a publisher with the code of another one. */
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

  /** Runs the operator's command on a host. @throws when it fails. */
  async operate(words: string, host: string): Promise<string> {
    return await operate(this.cluster, words, host);
  }

  /** Starts a publisher. */
  async start(hub: string): Promise<void> {
    this.#hubs.set(hub, await this.cluster.startWithoutKeys(hub));
  }

  /** Restarts a publisher. */
  async restart(hub: string): Promise<void> {
    strictEqual((await this.hub(hub).end("SIGTERM")).code, 0);
    await this.start(hub);
  }

  /** Waits until a standby has reached a sequence number. */
  async hasCopy(hub: string, seq: number): Promise<void> {
    await waitUntil(
      async () => (await this.cluster.peek("publisher", hub))?.["seq"] === seq,
      { what: `the copy of ${hub}`, timeoutMs: 20_000, intervalMs: 50 },
    );
  }

  /** Starts a publisher that must end by itself with a reason. */
  async refuses(hub: string, reason: RegExp): Promise<void> {
    this.#hubs.set(hub, this.cluster.spawn("publisher", hub, "run"));
    await this.ends(hub, reason);
  }

  /** Waits until a publisher has ended by itself with a reason. */
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

  /** Waits for the active publisher. */
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
