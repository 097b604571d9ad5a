/**
 * A cluster, a host with a real fail2ban, and what a test does to them before
 * it compares the two.
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

/** Within so many comparisons a cluster is to agree with a host: one every 15 seconds, that is within a minute. */
const COMPARISONS = 4;
/** Ends may differ by so much, in milliseconds. */
const SAME_END_MS = 2_000;
const JAILS = ["sshd", "nginx"];
const HOST = "host-a";

type Environment = Readonly<Record<string, string>>;

/** How a host is made. */
export interface ComparedHostOptions {
  /** Whether the monitor may talk to fail2ban, or read its database only. */
  readonly asksSocket: boolean;
  /** What the jails say beside their names; they ban for an hour by default. */
  readonly jails?: Readonly<Record<string, JailSettings>>;
  /** Added to fail2ban's environment. */
  readonly fail2banEnv?: Environment;
  /** Added to the environment of the monitor, and of the publisher. */
  readonly env?: Environment;
  /** What the monitor is told beside. */
  readonly monitor?: JailSettings;
  /** How far the clocks of all programs are ahead at first, in milliseconds. */
  readonly aheadMs?: number;
}

/** A host whose fail2ban is compared with what the cluster holds of it. */
export class ComparedHost implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly fail2ban: Fail2banServer;
  /** The names of its jails. */
  readonly jails: readonly string[];
  readonly #options: ComparedHostOptions;
  /** How far the clocks of all programs are ahead, in milliseconds. */
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

  /** One may look at the socket that one may not talk to. */
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

  /** Restarts fail2ban, with another environment if one is given. */
  async restart(env?: Environment): Promise<void> {
    await this.fail2ban.stop();
    await Deno.remove(`${this.cluster.dir}/${HOST}/closed.sock`);
    await this.fail2ban.start(env);
    await this.#showSocket();
  }

  /** Expects that both agree in time, on so many bans, and still do after two comparisons. */
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

  /** Waits until every end that is held is that of fail2ban's database. */
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

  /** Bans in all jails, and waits until the cluster has it. */
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

  /** What the cluster holds of this host. */
  held(): HeldEnds {
    return heldOf(this.cluster, HOST, Date.now() + this.aheadMs);
  }

  /** The monitor's figures. */
  async figures(): Promise<Readonly<Record<string, unknown>>> {
    return await this.cluster.figures("monitor", HOST);
  }

  /** Waits until the monitor has compared so many more times, so that it has seen what fail2ban holds. */
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

  /** Waits until both agree; gives how long it took in seconds. */
  async agree(): Promise<number> {
    return await agree(() => this.held(), this.fail2ban, this.jails);
  }

  /** Writes other settings of jails into fail2ban's configuration. */
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
