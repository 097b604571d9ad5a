/**
 * Hosts with state files to damage: each is a separate node with a copy of the
 * same state.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import { ExecEffects } from "../enforce/exec_effects.ts";
import { appendLog, banLine } from "../fail2ban/fail2ban_lines.ts";
import { history } from "../store/stored_tables.ts";
import { operate } from "./operator.ts";
import { bytes, RawClient } from "./raw_client.ts";
import { type RoleName, type Sections, TestCluster } from "./test_cluster.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";

/** A ban known before the damage. */
const BEFORE = "198.51.100.1";
/** A ban logged while the program was stopped. */
const MEANWHILE = "198.51.100.2";
/** A ban received by the program that found the damage. */
const AFTER = "198.51.100.3";
const WORK_MS = 6_000;

/** The hosts of a role. */
export class DamagedHosts implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly role: RoleName;
  readonly #effects = new Map<string, ExecEffects>();

  private constructor(cluster: TestCluster, role: RoleName) {
    this.cluster = cluster;
    this.role = role;
  }

  /**
   * Creates hosts, and runs one of them, so that the others have its state.
   *
   * @param signal The signal that ends it: a killed program leaves write-ahead
   * logs.
   */
  static async create(
    role: RoleName,
    names: readonly string[],
    signal: "SIGTERM" | "SIGKILL" = "SIGKILL",
  ): Promise<DamagedHosts> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const hosts = new DamagedHosts(cluster, role);
    try {
      await cluster.addHost("hub");
      for (const name of ["seed", ...names]) await hosts.#add(name);
      await cluster.start("publisher", "hub");
      await hosts.#work(signal);
      for (const name of names) await hosts.#copy(name);
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Path of a state file, or of one beside the pid file: `../monitor.pid`. */
  path(host: string, file: string): string {
    return `${this.cluster.stateDir(host)}/${file}`;
  }

  /** Asserts that a new ban goes through. */
  async hears(host: string, address: string): Promise<void> {
    const { cluster, role } = this;
    switch (role) {
      case "monitor":
        await appendLog(cluster.logPath("seed"), banLine("sshd", address));
        return await this.#waitReported(host, [address]);
      case "publisher":
        return await reportTo(cluster, urlOf(cluster, host), address);
      case "subscriber":
        await reportTo(cluster, cluster.replyUrl, address);
        return await this.#waitInForce(host, address);
    }
  }

  /**
   * Asserts that a new ban goes through, and that no ban was lost or invented.
   */
  async works(host: string): Promise<void> {
    switch (this.role) {
      case "monitor":
        return await this.#monitorWorks(host);
      case "publisher":
        return await reportTo(this.cluster, urlOf(this.cluster, host), AFTER);
      case "subscriber":
        return await this.#subscriberWorks(host);
    }
  }

  /** Reports a ban to a host's publisher without waiting for the answer. */
  async reportUnanswered(host: string): Promise<AsyncDisposable> {
    const client = new RawClient(urlOf(this.cluster, host));
    await client.request(bytes(message(this.cluster, "198.51.100.9")));
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  async #add(name: string): Promise<void> {
    await this.cluster.addHost(name, await this.#sections(name));
  }

  async #sections(name: string): Promise<Sections> {
    const { cluster } = this;
    switch (this.role) {
      case "monitor":
        return {
          monitor: {
            fail2banlogpath: cluster.logPath("seed"),
            fail2bansocket: "none",
          },
        };
      case "publisher": {
        const [reply, broadcast, control, stream] = freePorts(4);
        return {
          publisher: {
            replybindurl: `tcp://127.0.0.1:${reply}`,
            broadcasterbindurl: `tcp://127.0.0.1:${broadcast}`,
            controlbindurl: `tcp://127.0.0.1:${control}`,
            streambindurl: `tcp://127.0.0.1:${stream}`,
          },
        };
      }
      case "subscriber": {
        const effects = await ExecEffects.of(cluster, name);
        this.#effects.set(name, effects);
        return effects.sections;
      }
    }
  }

  /** Creates the state that a program leaves when ended by this signal. */
  async #work(signal: Deno.Signal): Promise<void> {
    const { cluster, role } = this;
    if (role === "monitor") await appendLog(cluster.logPath("seed"), "");
    if (role === "subscriber") await operate(cluster, "allow add 203.0.113.9");
    const child = await cluster.start(role, "seed");
    switch (role) {
      case "monitor":
        await appendLog(cluster.logPath("seed"), banLine("sshd", BEFORE));
        await this.#waitReported("seed", [BEFORE]);
        await waitForFile(this.path("seed", "monitor.position"));
        break;
      case "publisher":
        await reportTo(cluster, urlOf(cluster, "seed"), BEFORE);
        break;
      case "subscriber":
        await reportTo(cluster, cluster.replyUrl, BEFORE);
        await this.#waitInForce("seed", BEFORE);
        await waitForFile(this.path("seed", "allowlist.json"));
    }
    await child.end(signal);
    if (role === "monitor") {
      await appendLog(cluster.logPath("seed"), banLine("sshd", MEANWHILE));
    }
  }

  /** Copies the seed's state, except for its identity. */
  async #copy(name: string): Promise<void> {
    const { cluster, role } = this;
    if (role === "publisher") {
      cluster.members.serveFrom(cluster.stateDir(name));
    }
    for await (const { name: file } of Deno.readDir(cluster.stateDir("seed"))) {
      if (file === "membership.json" || file === "members") continue;
      await Deno.copyFile(this.path("seed", file), this.path(name, file));
    }
    if (role === "subscriber") {
      await Deno.copyFile(
        `${cluster.dir}/seed.effects`,
        `${cluster.dir}/${name}.effects`,
      );
    }
  }

  async #monitorWorks(host: string): Promise<void> {
    await this.#waitReported(host, [MEANWHILE]);
    await appendLog(this.cluster.logPath("seed"), banLine("sshd", AFTER));
    await this.#waitReported(host, [MEANWHILE, AFTER]);
    ok(!history(this.cluster).some((line) => line.startsWith("withdraw")));
  }

  async #subscriberWorks(host: string): Promise<void> {
    await reportTo(this.cluster, this.cluster.replyUrl, AFTER);
    await this.#waitInForce(host, BEFORE, AFTER);
  }

  async #waitReported(
    host: string,
    addresses: readonly string[],
  ): Promise<void> {
    await waitUntil(() => {
      const lines = history(this.cluster);
      return addresses.every((each) =>
        lines.includes(`report ${each} ${host}`)
      );
    }, {
      what: () => `${addresses} of ${host}: ${history(this.cluster)}`,
      timeoutMs: WORK_MS,
      intervalMs: 50,
    });
  }

  async #waitInForce(
    host: string,
    ...addresses: readonly string[]
  ): Promise<void> {
    let found: readonly string[] = [];
    await waitUntil(async () => {
      found = (await this.#effects.get(host)?.now())?.inForce ?? [];
      return addresses.every((each) => found.includes(each));
    }, {
      what: () => `${addresses} at ${host}: ${found}`,
      timeoutMs: WORK_MS,
      intervalMs: 50,
    });
  }
}

async function waitForFile(path: string): Promise<void> {
  await waitUntil(
    async () => await Deno.stat(path).then(({ size }) => size > 0, () => false),
    {
      what: path,
      timeoutMs: WORK_MS,
    },
  );
}

/** URL at which a host's publisher accepts reports of protocol 1. */
function urlOf(cluster: TestCluster, host: string): string {
  const local = Deno.readTextFileSync(
    `${cluster.dir}/${host}/fail2ban-cluster.local`,
  );
  return /^replybindurl = (.*)$/m.exec(local)?.[1] ?? cluster.replyUrl;
}

/** Reports a ban by protocol 1, and asserts that it is accepted. */
async function reportTo(
  cluster: TestCluster,
  url: string,
  address: string,
): Promise<void> {
  await using client = new RawClient(url);
  const sent = message(cluster, address);
  await client.request(bytes(sent));
  const reply = await client.reply();
  ok(sent === `${cluster.token}|${reply}`, `${reply}`);
}

function message({ token }: TestCluster, address: string): string {
  return `${token}|old-host|sshd|Ban|${address}`;
}
