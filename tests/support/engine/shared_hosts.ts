/**
 * Several publishers with one table, each on a host with an etcd, and hosts
 * with a monitor and an acting subscriber; every host has a network namespace.
 * Needs the parts `etcd`, `netns` and `nftables` of `real_parts.ts`.
 *
 * @module
 */

import type { Change } from "../../../lib/ban/ban.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { address as canonical, host, jail } from "../values/core_values.ts";
import type { StatusFigures } from "../../../lib/service/status_report.ts";
import { TestCluster } from "../cluster/test_cluster.ts";
import { appendLog, testAddress } from "../fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../host/child_process.ts";
import { TempDir } from "../host/temp_dir.ts";
import { waitUntil } from "../host/wait_until.ts";
import { NftWatch } from "../enforce/nft_watch.ts";
import { EtcdServers } from "./etcd_servers.ts";
import { hostCertificate } from "./etcd_certificates.ts";
import { HostNetworks } from "./host_networks.ts";

/** The hosts with a publisher and an etcd. */
export const HUBS = ["hub1", "hub2", "hub3"] as const;
/** A host with only a publisher, which joins later. */
export const LATE_HUB = "hub4";
/** A host with a publisher. */
export type Hub = typeof HUBS[number] | typeof LATE_HUB;
/** The hosts that report bans and act on them. */
export const NODES = ["web1", "web2"] as const;
/** A host that reports and acts. */
export type Node = typeof NODES[number];

/** Ports of etcd's members: for publishers, and for each other. */
export const ENGINE_PORTS = [2379, 2380] as const;
/** Ports of a publisher for nodes. */
export const NODE_PORTS = [5681, 5682] as const;
/** Addresses that were banned while there was only one publisher. */
export const EARLIER: readonly string[] = Array.from(
  { length: 200 },
  (_, at) => testAddress(100_000 + at),
);
/** Jail of further bans that no node enforces. */
const BULK_JAIL = "bulk";
const STORE_AT_ONCE = 2_000;
const DAY_MS = 86_400_000;
const LOCAL_ENGINE = "http://127.0.0.1:2379";
const ALL_HUBS: readonly Hub[] = [...HUBS, LATE_HUB];

/** Options for {@link SharedHosts.start}. */
export interface SharedHostsOptions {
  /** Number of bans in the table that nodes do not enforce. @default {0} */
  readonly bulk?: number;
  /** A replacement for the publisher. @default {the publisher} */
  readonly publisher?: readonly string[];
}

/** Real programs; everything is stopped and removed when disposed. */
export class SharedHosts implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly networks: HostNetworks;
  readonly etcd: EtcdServers;
  /** Number of bans that no node enforces: the first changes. */
  readonly bulk: number;
  readonly #held: AsyncDisposableStack;
  readonly #hubs = new Map<Hub, ChildProcess>();
  readonly #watches = new Map<Node, NftWatch>();
  readonly #nodePrograms = new Map<string, ChildProcess>();

  private constructor(
    held: AsyncDisposableStack,
    { cluster, networks, etcd, bulk }: Pick<
      SharedHosts,
      "cluster" | "networks" | "etcd" | "bulk"
    >,
  ) {
    this.#held = held;
    this.cluster = cluster;
    this.networks = networks;
    this.etcd = etcd;
    this.bulk = bulk;
  }

  /** Starts all hosts except the late one. */
  static async start(
    { bulk = 0, publisher }: SharedHostsOptions = {},
  ): Promise<SharedHosts> {
    await using held = new AsyncDisposableStack();
    const networks = held.use(
      await HostNetworks.create([...ALL_HUBS, ...NODES]),
    );
    const dir = held.use(await TempDir.create());
    const addresses = HUBS.map((hub) => networks.addressOf(hub));
    const { authority, certificate, key } = await hostCertificate(
      dir,
      addresses,
    );
    const places = HUBS.map((hub) => ({
      within: networks.of(hub).within,
      clientUrl: `https://${networks.addressOf(hub)}:${ENGINE_PORTS[0]}`,
      peerUrl: `http://${networks.addressOf(hub)}:${ENGINE_PORTS[1]}`,
      localUrl: LOCAL_ENGINE,
    }));
    const etcd = held.use(
      await EtcdServers.startAt(
        places,
        `--cert-file=${certificate}`,
        `--key-file=${key}`,
      ),
    );
    const cluster = held.use(
      await TestCluster.create({ protocol: 2, publisher }),
    );
    const all = { cluster, networks, etcd, bulk };
    const shared = new SharedHosts(held.move(), all);
    try {
      await shared.#begin(authority);
      return shared;
    } catch (error) {
      await shared[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The hosts whose publisher was started. */
  get hubs(): readonly Hub[] {
    return [...this.#hubs.keys()];
  }

  /** A publisher's process. */
  hub(hub: Hub): ChildProcess {
    const child = this.#hubs.get(hub);
    if (child === undefined) throw new Error(`${hub} was not started`);
    return child;
  }

  /** The watch of a host's firewall. */
  watch(node: Node): NftWatch {
    const watch = this.#watches.get(node);
    if (watch === undefined) throw new Error(`${node} was not started`);
    return watch;
  }

  /** Starts or restarts a publisher. */
  async startHub(hub: Hub): Promise<void> {
    this.#hubs.set(hub, await this.cluster.start("publisher", hub));
  }

  /** Sends a signal to all programs of a publisher's host. */
  signalHost(hub: Hub, name: Deno.Signal): void {
    this.hub(hub).signal(name);
    this.etcd.signal(HUBS.indexOf(hub as typeof HUBS[number]), name);
  }

  /** Kills all programs of a publisher's host. */
  async killHost(hub: Hub): Promise<void> {
    this.signalHost(hub, "SIGKILL");
    await this.hub(hub).ended;
    await this.etcd.kill(HUBS.indexOf(hub as typeof HUBS[number]));
  }

  /** Restarts a killed host with its data. */
  async startHost(hub: Hub): Promise<void> {
    this.etcd.startAgain(HUBS.indexOf(hub as typeof HUBS[number]));
    await this.startHub(hub);
  }

  /** Deletes a publisher's store from its host's disk. */
  async loseStore(hub: Hub): Promise<void> {
    const path = banStorePath(this.cluster.stateDir(hub));
    for (const end of ["", "-wal", "-shm", ".lock"]) {
      await Deno.remove(`${path}${end}`).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  /** The figures of a publisher; `undefined` when it does not answer. */
  async figures(hub: Hub): Promise<StatusFigures | undefined> {
    if (this.#hubs.get(hub)?.hasEnded ?? true) return undefined;
    return await this.cluster.peek("publisher", hub);
  }

  /** Waits for an active publisher other than `before`. */
  async active(before?: Hub): Promise<Hub> {
    return await waitUntil(async () => {
      for (const hub of this.hubs) {
        if (hub === before) continue;
        if ((await this.figures(hub))?.["role"] === "active") return hub;
      }
      return undefined;
    }, { what: "an active publisher", timeoutMs: 15_000, intervalMs: 50 });
  }

  /** @throws {Error} when a node's program has ended: no fault ends one. */
  demandNodes(): void {
    for (const [name, { hasEnded, stderr }] of this.#nodePrograms) {
      if (!hasEnded) continue;
      throw new Error(`${name} has ended: ${stderr.slice(-5).join("\n")}`);
    }
  }

  /** Waits until all of etcd and every publisher is there and up to date. */
  async whole(): Promise<void> {
    await this.etcd.whole();
    await this.allFigures(
      ({ engineAnswers, behind, role }) =>
        engineAnswers === true && (role === "active" || behind === 0),
      "up to date",
    );
  }

  /** Waits until every publisher is a standby. */
  async noneActive(): Promise<void> {
    await this.allFigures(({ role }) => role === "standby", "stand by");
  }

  /** Waits until every publisher's figures satisfy a test. */
  async allFigures(
    isSo: (figures: StatusFigures) => boolean,
    what: string,
  ): Promise<void> {
    const look = async (hub: Hub) => isSo(await this.figures(hub) ?? {});
    await waitUntil(
      async () => (await Promise.all(this.hubs.map(look))).every((it) => it),
      { what: `publishers: ${what}`, timeoutMs: 30_000, intervalMs: 50 },
    );
  }

  async #begin(authority: string): Promise<void> {
    const { cluster, networks } = this;
    const [control, stream] = NODE_PORTS;
    const list = (port: number) =>
      ALL_HUBS.map((hub) => `tcp://${networks.addressOf(hub)}:${port}`)
        .join(", ");
    const servers = { controlserver: list(control) };
    for (const hub of ALL_HUBS) {
      const { within } = networks.of(hub);
      const publisher = this.#publisherOf(hub, authority);
      await cluster.addHost(hub, { publisher }, { within });
    }
    // All nodes must join before the first publisher creates the shared list.
    for (const node of NODES) {
      const { within } = networks.of(node);
      const streamserver = list(stream);
      await cluster.addHost(node, {
        monitor: { ...servers, bantime: "1d" },
        subscriber: {
          ...{ ...servers, streamserver, subscriberaction: "nftables" },
          ignorejails: BULK_JAIL,
        },
      }, { within });
    }
    await this.#fillStore(HUBS[0]);
    await this.startHub(HUBS[0]);
    // The other publishers start from this snapshot alone.
    const snapshot = /a snapshot of the shared log/;
    await this.hub(HUBS[0]).waitForLine(snapshot, 60_000);
    for (const hub of HUBS.slice(1)) await this.startHub(hub);
    for (const node of NODES) await this.#startNode(node);
  }

  /** Gives the first publisher bans from a time when it was alone. */
  async #fillStore(hub: Hub): Promise<void> {
    const path = banStorePath(this.cluster.stateDir(hub));
    using store = SqliteBanStore.open({ path, durability: "process" });
    const { bulk } = this;
    const entryAt = (at: number) => {
      const change = at < bulk
        ? earlierReport(at + 1, BULK_JAIL, bulkAddress(at))
        : earlierReport(at + 1, "sshd", EARLIER[at - bulk] ?? "");
      return { event: undefined, change };
    };
    const count = bulk + EARLIER.length;
    for (let from = 0; from < count; from += STORE_AT_ONCE) {
      const length = Math.min(STORE_AT_ONCE, count - from);
      const entries = Array.from({ length }, (_, at) => entryAt(from + at));
      await store.append(entries, Date.now());
    }
  }

  #publisherOf(hub: Hub, authority: string): Record<string, string> {
    const others = HUBS.filter((each) => each !== hub)
      .map((each) => this.networks.addressOf(each))
      .map((address) => `https://${address}:${ENGINE_PORTS[0]}`);
    const own = hub === LATE_HUB ? [] : [LOCAL_ENGINE];
    const address = this.networks.addressOf(hub);
    return {
      engine: "etcd",
      engineurls: [...own, ...others].join(", "),
      engineca: authority,
      controlbindurl: `tcp://${address}:${NODE_PORTS[0]}`,
      streambindurl: `tcp://${address}:${NODE_PORTS[1]}`,
      legacy: "off",
      bantime: "1d",
    };
  }

  async #startNode(node: Node): Promise<void> {
    const { cluster, networks } = this;
    const watch = await NftWatch.start(networks.of(node));
    this.#watches.set(node, this.#held.use(watch));
    await appendLog(cluster.logPath(node), "");
    for (const role of ["monitor", "subscriber"] as const) {
      this.#nodePrograms.set(
        `${role} ${node}`,
        await cluster.start(role, node),
      );
    }
    await waitUntil(
      async () =>
        (await cluster.peek("subscriber", node))?.["following"] === true,
      { what: `the copy of ${node}`, timeoutMs: 30_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

function bulkAddress(at: number): string {
  return `11.${at >> 16 & 255}.${at >> 8 & 255}.${at & 255}`;
}

function earlierReport(seq: number, where: string, address: string): Change {
  const atMs = Date.now();
  return {
    ...{ kind: "report", seq, atMs, isPending: false },
    ...{ jail: jail(where), address: canonical(address) },
    ...{ origin: host("web9"), expiresMs: atMs + DAY_MS },
  };
}
