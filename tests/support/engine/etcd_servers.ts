/**
 * A real etcd of several members on loopback.
 *
 * @module
 */

import { ChildProcess } from "../host/child_process.ts";
import { TempDir } from "../host/temp_dir.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";

interface Server {
  readonly url: string;
  readonly args: readonly string[];
  child: ChildProcess;
}

/** Everything ends and goes when disposed. */
export class EtcdServers implements AsyncDisposable {
  readonly #dir: TempDir;
  readonly #servers: Server[] = [];

  private constructor(dir: TempDir) {
    this.#dir = dir;
  }

  /**
   * Starts members, and waits until they are one cluster.
   *
   * @param count How many.
   * @param more Further arguments of each.
   */
  static async start(
    count: number,
    ...more: readonly string[]
  ): Promise<EtcdServers> {
    const dir = await TempDir.create();
    const servers = new EtcdServers(dir);
    const scheme = more.some((each) => each.startsWith("--cert-file"))
      ? "https"
      : "http";
    const members = Array.from({ length: count }, (_, at) => {
      const [client, peer] = freePorts(2);
      return {
        name: `e${at}`,
        url: `${scheme}://127.0.0.1:${client}`,
        peer: `http://127.0.0.1:${peer}`,
      };
    });
    const all = members.map(({ name, peer }) => `${name}=${peer}`).join(",");
    for (const { name, url, peer } of members) {
      const args = [
        ...["--name", name, "--data-dir", dir.path(name)],
        ...["--listen-client-urls", url, "--advertise-client-urls", url],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...["--initial-cluster", all, "--logger", "zap", "--log-level"],
        ...["error", ...more],
      ];
      servers.#servers.push({ url, args, child: run(args) });
    }
    await waitUntil(() => servers.#isReady(), {
      what: "etcd",
      timeoutMs: 20_000,
      intervalMs: 50,
    });
    return servers;
  }

  /** Where its members are asked. */
  get urls(): readonly string[] {
    return this.#servers.map(({ url }) => url);
  }

  /** The number of the member that leads. */
  async leader(): Promise<number> {
    return await waitUntil(async () => {
      for (const [at, { child }] of this.#servers.entries()) {
        if (child.hasEnded) continue;
        const { leader, header } = await this.#status(at) ?? {};
        const { member_id } = (header ?? {}) as Record<string, unknown>;
        if (leader !== undefined && leader === member_id) return at;
      }
      return undefined;
    }, { what: "a leader of etcd", timeoutMs: 15_000, intervalMs: 50 });
  }

  /** Sends a signal to a member. */
  signal(at: number, name: Deno.Signal): void {
    this.#servers[at]?.child.signal(name);
  }

  /** Kills a member. */
  async kill(at: number): Promise<void> {
    const { child } = this.#servers[at] ?? {};
    child?.signal("SIGKILL");
    await child?.[Symbol.asyncDispose]();
  }

  /** Starts a killed member again, with what it had. */
  startAgain(at: number): void {
    const server = this.#servers[at];
    if (server !== undefined) server.child = run(server.args);
  }

  async #isReady(): Promise<boolean> {
    const answers = await Promise.all(
      this.#servers.map(async ({ url }, at) => {
        // Over TLS the test itself asks.
        if (url.startsWith("https")) return true;
        const { leader } = await this.#status(at) ?? {};
        return leader !== undefined && leader !== "0";
      }),
    );
    return answers.every((isReady) => isReady);
  }

  async #status(at: number): Promise<Record<string, unknown> | undefined> {
    const { url = "" } = this.#servers[at] ?? {};
    try {
      const response = await fetch(`${url}/v3/maintenance/status`, {
        method: "POST",
        body: "{}",
        signal: AbortSignal.timeout(1_000),
      });
      const answer = await response.json();
      return response.ok ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#servers) {
      child.signal("SIGKILL");
      await child[Symbol.asyncDispose]();
    }
    await this.#dir[Symbol.asyncDispose]();
  }
}

function run(args: readonly string[]): ChildProcess {
  return new ChildProcess({ command: "etcd", args });
}
