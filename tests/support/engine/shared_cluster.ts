/**
 * Several publishers with one table, a real etcd, a monitor and a subscriber.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { heard } from "../cluster/role_output.ts";
import { TestCluster } from "../cluster/test_cluster.ts";
import { appendLog, banLine, testAddress } from "../fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../host/child_process.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";
import { EtcdServers } from "./etcd_servers.ts";

/** A host with a publisher. */
export type Hub = typeof HUBS[number];
/** The hosts with publishers. */
export const HUBS = ["hub1", "hub2", "hub3"] as const;

/** Real programs; everything ends and goes when disposed. */
export class SharedCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly etcd: EtcdServers;
  /** Addresses that were written to the log so far, in order. */
  readonly written: string[] = [];
  readonly #hubs = new Map<Hub, ChildProcess>();
  #subscriber: ChildProcess | undefined;

  private constructor(cluster: TestCluster, etcd: EtcdServers) {
    this.cluster = cluster;
    this.etcd = etcd;
  }

  /** Starts all of them; the copy follows. */
  static async start(): Promise<SharedCluster> {
    const etcd = await EtcdServers.start(3);
    const cluster = await TestCluster.create({ protocol: 2 });
    const shared = new SharedCluster(cluster, etcd);
    try {
      await shared.#addHosts();
      await Promise.all(HUBS.map((hub) => shared.startHub(hub)));
      await shared.#startNodes();
      return shared;
    } catch (error) {
      await shared[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A publisher's process. */
  hub(hub: Hub): ChildProcess {
    const child = this.#hubs.get(hub);
    if (child === undefined) throw new Error(`${hub} was not started`);
    return child;
  }

  /** Starts a publisher, or starts it again. */
  async startHub(hub: Hub): Promise<void> {
    this.#hubs.set(hub, await this.cluster.start("publisher", hub));
  }

  /** The publisher that is active; waits for one, other than `before`. */
  async active(before?: Hub): Promise<Hub> {
    return await waitUntil(async () => {
      for (const hub of HUBS) {
        if (hub === before || this.#hubs.get(hub)?.hasEnded === true) continue;
        const figures = await this.cluster.peek("publisher", hub);
        if (figures?.["role"] === "active") return hub;
      }
      return undefined;
    }, { what: "an active publisher", timeoutMs: 15_000, intervalMs: 50 });
  }

  /** Waits until no publisher is active. */
  async noneActive(): Promise<void> {
    await waitUntil(async () => {
      const roles = await Promise.all(
        HUBS.map(async (hub) =>
          (await this.cluster.peek("publisher", hub))?.["role"]
        ),
      );
      return roles.every((role) => role === "standby");
    }, { what: "publishers that all stand by", timeoutMs: 15_000 });
  }

  /** A host's disk has nothing of its publisher's store any more. */
  async loseStore(hub: Hub): Promise<void> {
    const path = banStorePath(this.cluster.stateDir(hub));
    for (const end of ["", "-wal", "-shm", ".lock"]) {
      await Deno.remove(`${path}${end}`).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  /** Writes so many bans to the log of the monitor's host, one every few milliseconds. */
  async write(count: number, everyMs = 20): Promise<void> {
    for (let times = 0; times < count; times++) {
      const address = testAddress(this.written.length);
      this.written.push(address);
      await appendLog(this.cluster.logPath("web1"), banLine("sshd", address));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** What the subscriber told, in order, doubles included. */
  told(): readonly string[] {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) return [];
    return heard(subscriber).map((message) => message.split("|").at(-1) ?? "");
  }

  /** Waits until the subscriber has told all that was written. */
  async allTold(): Promise<void> {
    const isTold = () => new Set(this.told()).size >= this.written.length;
    await waitUntil(isTold, {
      what: () =>
        `${this.written.length} bans at the subscriber: ${
          new Set(this.told()).size
        }`,
      timeoutMs: 20_000,
    });
  }

  /** Waits until the copy of a publisher's host has all that was written. */
  async copied(hub: Hub): Promise<readonly string[]> {
    return await waitUntil(() => {
      const changes = this.changesOf(hub);
      return changes.length >= this.written.length ? changes : undefined;
    }, { what: `the copy of ${hub}`, timeoutMs: 15_000, intervalMs: 50 });
  }

  /** All changes in the copy of a publisher's host, as text. */
  changesOf(hub: Hub): readonly string[] {
    const path = banStorePath(this.cluster.stateDir(hub));
    using reader = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    const store = new BanDatabase(reader);
    return store.since(0, Infinity).map((each) =>
      JSON.stringify({ epoch: store.epoch, ...each })
    );
  }

  async #addHosts(): Promise<void> {
    const control: string[] = [];
    const stream: string[] = [];
    for (const hub of HUBS) {
      const urls = freePorts(4).map((port) => `tcp://127.0.0.1:${port}`);
      const [controlUrl = "", streamUrl = "", reply = "", broadcast = ""] =
        urls;
      control.push(controlUrl);
      stream.push(streamUrl);
      await this.cluster.addHost(hub, {
        publisher: {
          engine: "etcd",
          engineurls: this.etcd.urls.join(", "),
          controlbindurl: controlUrl,
          streambindurl: streamUrl,
          replybindurl: reply,
          broadcasterbindurl: broadcast,
          legacy: "off",
        },
      });
    }
    const controlserver = control.join(", ");
    await this.cluster.addHost("web1", { monitor: { controlserver } });
    await this.cluster.addHost("web2", {
      subscriber: { controlserver, streamserver: stream.join(", ") },
    });
  }

  async #startNodes(): Promise<void> {
    const { cluster } = this;
    await appendLog(cluster.logPath("web1"), "");
    await cluster.start("monitor", "web1");
    this.#subscriber = await cluster.start("subscriber", "web2");
    await waitUntil(
      async () =>
        (await cluster.peek("subscriber", "web2"))?.["following"] === true,
      { what: "the copy of web2", timeoutMs: 15_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }
}
