/**
 * A cluster and a host with a real fail2ban, and the test's changes to them
 * before their bans are compared.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { report } from "../bench/tally.ts";
import { testAddress } from "../fail2ban/fail2ban_lines.ts";
import {
  type Fail2banServer,
  type JailSettings,
  startFail2ban,
  writeFail2banConfig,
} from "../fail2ban/fail2ban_server.ts";
import type { ChildProcess } from "../host/child_process.ts";
import { waitUntil } from "../host/wait_until.ts";
import {
  agree,
  bannedBy,
  type HeldEnds,
  heldOf,
  rowsOf,
} from "./host_agreement.ts";
import { TestCluster } from "./test_cluster.ts";

/**
 * Number of comparisons until cluster and host should agree: one every 15
 * seconds, so within a minute.
 */
const COMPARISONS = 4;
/** Tolerated difference of ends, in milliseconds. */
const SAME_END_MS = 2_000;
const JAILS = ["sshd", "nginx"];
const HOST = "host-a";

type Environment = Readonly<Record<string, string>>;

/** Options for {@link ComparedHost}. */
export interface ComparedHostOptions {
  /** Whether the monitor may use fail2ban's socket, or only its database. */
  readonly asksSocket: boolean;
  /** Further settings of the jails; bans last an hour by default. */
  readonly jails?: Readonly<Record<string, JailSettings>>;
  /** Additional environment of fail2ban. */
  readonly fail2banEnv?: Environment;
  /** Additional environment of the monitor and the publisher. */
  readonly env?: Environment;
  /** Further settings of the monitor. */
  readonly monitor?: JailSettings;
  /** Initial offset of all programs' clocks, in milliseconds. */
  readonly aheadMs?: number;
}

/** A host whose fail2ban is compared with the cluster's bans. */
export class ComparedHost implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly fail2ban: Fail2banServer;
  /** The names of its jails. */
  readonly jails: readonly string[];
  readonly #options: ComparedHostOptions;
  /** Offset of all programs' clocks, in milliseconds. */
  aheadMs: number;
  #monitor: ChildProcess | undefined;

  private constructor(
    cluster: TestCluster,
    fail2ban: Fail2banServer,
    options: ComparedHostOptions,
  ) {
    this.cluster = cluster;
    this.fail2ban = fail2ban;
    this.#options = options;
    this.aheadMs = options.aheadMs ?? 0;
    this.jails = Object.keys(jailsOf(options, {}));
  }

  /** Starts everything. */
  static async create(options: ComparedHostOptions): Promise<ComparedHost> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const dir = `${cluster.dir}/${HOST}`;
    const { asksSocket, fail2banEnv = {}, env = {}, monitor = {} } = options;
    const fail2ban = await startFail2ban({
      ...{ dir, jails: jailsOf(options, {}), env: fail2banEnv },
    });
    await cluster.addHost("hub", {}, { env });
    await cluster.addHost(HOST, {
      monitor: {
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: asksSocket ? fail2ban.socketPath : `${dir}/closed.sock`,
        unbanhold: 5,
        ...monitor,
      },
    }, { env });
    const host = new ComparedHost(cluster, fail2ban, options);
    await host.#showSocket();
    await cluster.start("publisher", "hub");
    await host.startMonitor();
    return host;
  }

  /** Creates the socket's file, which the monitor may see but not use. */
  async #showSocket(): Promise<void> {
    await Deno.writeTextFile(`${this.cluster.dir}/${HOST}/closed.sock`, "");
  }

  /** The running monitor. */
  get monitor(): ChildProcess {
    if (this.#monitor === undefined) throw new Error("no monitor runs");
    return this.#monitor;
  }

  async startMonitor(): Promise<void> {
    this.#monitor = await this.cluster.start("monitor", HOST);
  }

  async stopMonitor(): Promise<void> {
    strictEqual((await this.monitor.end()).code, 0);
  }

  /** Restarts fail2ban, optionally with a new environment. */
  async restart(env?: Environment): Promise<void> {
    await this.fail2ban.stop();
    await Deno.remove(`${this.cluster.dir}/${HOST}/closed.sock`);
    await this.fail2ban.start(env);
    await this.#showSocket();
  }

  /**
   * Asserts that both agree on a number of bans in time, and still do after two
   * comparisons.
   */
  async expectAgreement(after: string, bans: number): Promise<void> {
    const before = await this.#comparisons();
    const seconds = await this.agree();
    const comparisons = await this.#comparisons() - before;
    report(`agreement after ${after}`, { seconds, comparisons });
    ok(comparisons <= COMPARISONS, `${comparisons} comparisons`);
    await this.compared(2);
    const held = [...this.held().keys()].sort();
    deepStrictEqual(held, await bannedBy(this.fail2ban, this.jails));
    strictEqual(held.length, bans);
  }

  /** Waits until all ends equal those of fail2ban's database. */
  async expectSameEnds(): Promise<void> {
    const wrong = () => {
      const held = this.held();
      return [...rowsOf(this.fail2ban)].filter(([key, endsMs]) =>
        Math.abs((held.get(key) ?? Infinity) - endsMs) > SAME_END_MS
      ).map(([key, endsMs]) =>
        `${key} by ${Math.round(((held.get(key) ?? NaN) - endsMs) / 1_000)} s`
      );
    };
    await waitUntil(() => wrong().length === 0, {
      what: () => `the right ends; wrong: ${wrong().slice(0, 5).join(", ")}`,
      timeoutMs: 60_000,
      intervalMs: 500,
    });
  }

  /** Bans addresses in all jails, and waits until the cluster has them. */
  async ban(from: number, to: number): Promise<void> {
    const addresses = Array.from(
      { length: to - from },
      (_, at) => testAddress(from + at),
    );
    for (const jail of this.jails) {
      await this.fail2ban.client("set", jail, "banip", ...addresses);
    }
    await this.agree();
  }

  /** The cluster's bans of this host. */
  held(): HeldEnds {
    return heldOf(this.cluster, HOST, Date.now() + this.aheadMs);
  }

  /** The monitor's figures. */
  async figures(): Promise<Readonly<Record<string, unknown>>> {
    return await this.cluster.figures("monitor", HOST);
  }

  /**
   * Waits for more comparisons, so that the monitor has seen fail2ban's bans.
   */
  async compared(times = 1): Promise<void> {
    const before = await this.#comparisons();
    await waitUntil(async () => await this.#comparisons() >= before + times, {
      what: "comparisons",
      timeoutMs: 60_000,
      intervalMs: 200,
    });
  }

  async #comparisons(): Promise<number> {
    return Number((await this.figures())["compared"]);
  }

  /** Waits until both agree; returns the time in seconds. */
  async agree(): Promise<number> {
    return await agree(() => this.held(), this.fail2ban, this.jails);
  }

  /** Changes settings of jails in fail2ban's configuration. */
  async configure(
    settings: Readonly<Record<string, JailSettings>>,
  ): Promise<void> {
    const dir = `${this.cluster.dir}/${HOST}`;
    await writeFail2banConfig({ dir, jails: jailsOf(this.#options, settings) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail2ban[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

function jailsOf(
  { jails }: ComparedHostOptions,
  settings: Readonly<Record<string, JailSettings>>,
): Record<string, JailSettings> {
  const own = jails ?? Object.fromEntries(JAILS.map((jail) => [jail, {}]));
  return Object.fromEntries(
    Object.entries(own).map(([jail, its]) => [
      jail,
      { bantime: "1h", ...its, ...settings[jail] },
    ]),
  );
}
