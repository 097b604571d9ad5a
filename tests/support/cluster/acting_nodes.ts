import { deepStrictEqual } from "node:assert/strict";
import { relayed, withoutResends } from "./role_output.ts";
import type { ChildProcess } from "../host/child_process.ts";
import {
  type Fail2banServer,
  type JailSettings,
  startFail2ban,
} from "../fail2ban/fail2ban_server.ts";
import { bytes, RawClient } from "./raw_client.ts";
import { TestCluster } from "./test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** Further settings of the subscriber. */
type SubscriberSettings = Readonly<Record<string, string | number>>;

/** Options for {@link ActingNodes}. */
export interface ActingNodesOptions {
  readonly hosts: readonly string[];
  readonly subscriber?: SubscriberSettings;
  readonly jails?: Readonly<Record<string, JailSettings>>;
  /** The protocol of the nodes. @default {1} */
  readonly protocol?: 1 | 2;
}

/** A host with its fail2ban, monitor and subscriber. */
export interface ActingNode {
  readonly host: string;
  readonly fail2ban: Fail2banServer;
  readonly monitor: ChildProcess;
  subscriber: ChildProcess;
}

/** The jail of the cluster's bans; its action records them in a file. */
const CLUSTER_JAIL = "fail2bancluster";
/** Longer than the default of 10 minutes, because a test may take longer. */
const BAN_TIME = "1d";

/**
 * Nodes that each run a monitor, a subscriber and a real fail2ban, with a
 * common publisher.
 */
export class ActingNodes implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly nodes: ActingNode[] = [];
  publisher!: ChildProcess;
  readonly #held = new AsyncDisposableStack();

  private constructor(cluster: TestCluster) {
    this.cluster = this.#held.use(cluster);
  }

  static async start(options: ActingNodesOptions): Promise<ActingNodes> {
    const { hosts, subscriber = {}, jails = {}, protocol = 1 } = options;
    const nodes = new ActingNodes(await TestCluster.create({ protocol }));
    const { cluster } = nodes;
    try {
      await cluster.addHost("hub");
      nodes.publisher = await cluster.start("publisher", "hub");
      for (const host of hosts) {
        const fail2ban = nodes.#held.use(
          await startFail2ban({
            dir: `${cluster.dir}/fail2ban-${host}`,
            jails: {
              sshd: { bantime: BAN_TIME },
              [CLUSTER_JAIL]: { bantime: BAN_TIME },
              ...jails,
            },
          }),
        );
        await nodes.#startNode(host, fail2ban, subscriber);
      }
      if (protocol === 1) await nodes.#waitSubscribed();
      else await nodes.#waitFollowing();
      return nodes;
    } catch (error) {
      await nodes[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The node of a host. */
  node(host: string): ActingNode {
    const node = this.nodes.find((each) => each.host === host);
    if (node === undefined) throw new Error(`No node ${host}`);
    return node;
  }

  /** Restarts a host's subscriber. */
  async startSubscriber(host: string): Promise<void> {
    this.node(host).subscriber = await this.cluster.start("subscriber", host);
  }

  /**
   * The publisher's relayed messages in order, without resends: `ban ADDRESS`,
   * `unban ADDRESS`.
   */
  relayed(): string[] {
    const messages = this.publisher.stderr.flatMap((line) => {
      const [, kind, node, jail, address] =
        /: relaying (ban|unban) node=(\S+) jail=(\S+) address=(\S+)/
          .exec(line) ?? [];
      return address === undefined || address.startsWith("198.51.100.")
        ? []
        : [`${node}|${jail}|${kind}|${address}`];
    });
    return withoutResends(messages).map((message) => {
      const [, , kind, address] = message.split("|");
      return `${kind} ${address}`;
    });
  }

  /** Relayed bans, including probes. */
  relayedBans(): string[] {
    return relayed(this.publisher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  async #startNode(
    host: string,
    fail2ban: Fail2banServer,
    subscriber: SubscriberSettings,
  ): Promise<void> {
    const { cluster } = this;
    await cluster.addHost(host, {
      monitor: {
        fail2banlogpath: fail2ban.logPath,
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: fail2ban.socketPath,
      },
      subscriber: {
        subscriberaction: "fail2banclient",
        fail2bansocket: fail2ban.socketPath,
        ...subscriber,
      },
    });
    this.nodes.push({
      host,
      fail2ban,
      monitor: await cluster.start("monitor", host),
      subscriber: await cluster.start("subscriber", host),
    });
  }

  async #waitFollowing(): Promise<void> {
    for (const { host } of this.nodes) {
      await waitUntil(
        async () =>
          (await this.cluster.peek("subscriber", host))?.["following"] === true,
        { what: `the copy of ${host}`, timeoutMs: 15_000 },
      );
    }
  }

  /**
   * Sends messages until one arrives: nothing else shows that a subscription is
   * active.
   */
  async #waitSubscribed(): Promise<void> {
    await using client = new RawClient(this.cluster.replyUrl);
    const { token } = this.cluster;
    for (const { host } of this.nodes) {
      await waitUntil(async () => {
        await client.request(
          bytes(`${token}|probe|probe|Unban|198.51.100.1`),
        );
        await client.reply();
        const { received } = await this.cluster.figures("subscriber", host);
        return Number(received) > 0;
      }, { what: `the subscription of ${host}`, timeoutMs: 15_000 });
    }
  }
}

/** The addresses banned in a jail of a fail2ban. */
export async function banned(
  fail2ban: Fail2banServer,
  jail = CLUSTER_JAIL,
): Promise<string[]> {
  const text = await fail2ban.client("get", jail, "banip");
  return text.split(/\s+/).filter((word) => word !== "").sort();
}

/** Waits until a jail bans exactly these addresses. */
export async function waitBanned(
  fail2ban: Fail2banServer,
  addresses: readonly string[],
  options: { readonly jail?: string; readonly timeoutMs?: number } = {},
): Promise<void> {
  const { jail = CLUSTER_JAIL, timeoutMs = 15_000 } = options;
  const expected = [...addresses].sort().join(" ");
  let now = "";
  try {
    await waitUntil(async () => {
      now = (await banned(fail2ban, jail)).join(" ");
      return now === expected;
    }, { what: `[${jail}] ${expected}`, timeoutMs, intervalMs: 50 });
  } catch (error) {
    throw new Error(`It bans ${now.slice(0, 200)}`, { cause: error });
  }
}

/**
 * Waits until a publisher has relayed as many messages, which must be the
 * expected ones.
 */
export async function waitRelayed(
  nodes: ActingNodes,
  expected: readonly string[],
): Promise<void> {
  await waitUntil(() => nodes.relayed().length >= expected.length, {
    what: `${expected.length} relayed events`,
    timeoutMs: 15_000,
  });
  deepStrictEqual(nodes.relayed(), expected);
}

/** The figures of fail2banclient in a status. */
export interface EnforcementFigures {
  /** Number of bans and unbans that the subscriber accepted. */
  readonly taken?: unknown;
  readonly waiting?: unknown;
  readonly inForce?: unknown;
  readonly applied?: unknown;
  readonly failures?: unknown;
  readonly missing?: unknown;
  readonly surplus?: unknown;
  readonly lastReason?: unknown;
}

/** The figures of fail2banclient in a host's status. */
export async function enforcement(
  nodes: ActingNodes,
  host: string,
): Promise<EnforcementFigures> {
  const figures = await nodes.cluster.figures("subscriber", host);
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name.replace("fail2banclient.", ""),
      value,
    ]),
  );
}
