/**
 * A real etcd with several members on loopback.
 *
 * @module
 */

import { ChildProcess } from "../host/child_process.ts";
import { TempDir } from "../host/temp_dir.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";

/**
 * Timeout of answers in tests that do not measure it, in milliseconds: etcd is
 * slow on a busy machine.
 */
export const ANSWER_TIMEOUT_MS = 15_000;

/** Where a member runs. */
export interface EtcdPlace {
  /** Prefix of its command: a program that replaces itself by the command. */
  readonly within: readonly string[];
  /** URLs at which others find it. */
  readonly clientUrl: string;
  readonly peerUrl: string;
  /**
   * URL without TLS for requests from its own host; `undefined` for the common
   * one.
   */
  readonly localUrl?: string;
}

interface Server {
  readonly place: EtcdPlace;
  readonly args: readonly string[];
  child: ChildProcess;
}

/** Everything is stopped and removed when disposed. */
export class EtcdServers implements AsyncDisposable {
  readonly #dir: TempDir;
  readonly #servers: Server[] = [];
  #saved = 0;

  private constructor(dir: TempDir) {
    this.#dir = dir;
  }

  /**
   * Starts members on loopback, and waits until they form a cluster.
   *
   * @param count Number of members.
   * @param more Further arguments of each.
   */
  static async start(
    count: number,
    ...more: readonly string[]
  ): Promise<EtcdServers> {
    const scheme = more.some((each) => each.startsWith("--cert-file"))
      ? "https"
      : "http";
    const places = Array.from({ length: count }, () => {
      const [client, peer] = freePorts(2);
      return {
        within: [],
        clientUrl: `${scheme}://127.0.0.1:${client}`,
        peerUrl: `http://127.0.0.1:${peer}`,
      };
    });
    return await EtcdServers.startAt(places, ...more);
  }

  /** Starts a member at each place, and waits until they form a cluster. */
  static async startAt(
    places: readonly EtcdPlace[],
    ...more: readonly string[]
  ): Promise<EtcdServers> {
    const servers = new EtcdServers(await TempDir.create());
    const all = places.map(({ peerUrl }, at) => `e${at}=${peerUrl}`).join(",");
    for (const [at, place] of places.entries()) {
      const { clientUrl, peerUrl, localUrl } = place;
      const listened = [clientUrl, ...localUrl === undefined ? [] : [localUrl]];
      const args = [
        ...["--name", `e${at}`, "--data-dir", servers.#dir.path(`e${at}`)],
        ...["--listen-client-urls", listened.join(",")],
        ...["--advertise-client-urls", clientUrl],
        ...["--listen-peer-urls", peerUrl],
        ...["--initial-advertise-peer-urls", peerUrl],
        ...["--initial-cluster", all, "--logger", "zap", "--log-level"],
        // As docs/PUBLISHERS.md has it; the default of etcd 3.4 is false.
        ...["error", "--pre-vote", ...more],
      ];
      servers.#servers.push({ place, args, child: run(place, args) });
    }
    try {
      await waitUntil(() => servers.#isReady(), {
        what: "etcd",
        timeoutMs: 20_000,
        intervalMs: 50,
      });
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
    return servers;
  }

  /** The URLs of the members. */
  get urls(): readonly string[] {
    return this.#servers.map(({ place }) => place.clientUrl);
  }

  /** The index of the leader. */
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

  /** Waits until each member has a leader, and a connection to each other. */
  async whole(): Promise<void> {
    const others = this.#servers.length - 1;
    const isWhole = async (_: unknown, at: number) => {
      const text = await this.#ask(at, "GET /metrics");
      const values = (name: string) =>
        text.split("\n").filter((line) => line.startsWith(name))
          .map((line) => Number(line.slice(line.lastIndexOf(" "))));
      const connected = values("etcd_network_active_peers{");
      return values("etcd_server_has_leader ")[0] === 1 &&
        connected.filter((value) => value === 1).length === others;
    };
    await waitUntil(
      async () =>
        (await Promise.all(this.#servers.map(isWhole))).every((it) => it),
      { what: "all of etcd", timeoutMs: 30_000, intervalMs: 200 },
    );
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

  /** Restarts a killed member with its data. */
  startAgain(at: number): void {
    const server = this.#servers[at];
    if (server !== undefined) server.child = run(server.place, server.args);
  }

  /** Saves a member's data. @returns The path. */
  async save(at: number): Promise<string> {
    const saved = this.#dir.path(`saved${this.#saved++}`);
    await this.#stopped(at, [["cp", "-a", this.#dir.path(`e${at}`), saved]]);
    return saved;
  }

  /** Replaces a member's data by saved data. */
  async putBack(at: number, saved: string): Promise<void> {
    const dir = this.#dir.path(`e${at}`);
    await this.#stopped(at, [["rm", "-r", dir], ["cp", "-a", saved, dir]]);
  }

  async #stopped(
    at: number,
    commands: readonly (readonly string[])[],
  ): Promise<void> {
    await this.kill(at);
    for (const [command = "", ...args] of commands) {
      const { success } = await new Deno.Command(command, {
        args: [...args],
      }).output();
      if (!success) throw new Error(`${command} ${args.join(" ")}`);
    }
    this.startAgain(at);
  }

  async #isReady(): Promise<boolean> {
    const answers = await Promise.all(
      this.#servers.map(async ({ place }, at) => {
        const { localUrl = place.clientUrl } = place;
        // With TLS the test itself connects.
        if (localUrl.startsWith("https")) return true;
        const { leader } = await this.#status(at) ?? {};
        return leader !== undefined && leader !== "0";
      }),
    );
    return answers.every((isReady) => isReady);
  }

  async #status(at: number): Promise<Record<string, unknown> | undefined> {
    const text = await this.#ask(at, "POST /v3/maintenance/status", "{}");
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /** Asks through a program that runs where the member does. */
  async #ask(at: number, request: string, body = ""): Promise<string> {
    const { place } = this.#servers[at] ?? {};
    if (place === undefined) return "";
    const { hostname, port } = new URL(place.localUrl ?? place.clientUrl);
    const [command = "", ...args] = [...place.within, "bash", "-c", ASK];
    const { stdout } = await new Deno.Command(command, {
      args: [...args, "bash", hostname, port, request, body],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#servers) {
      child.signal("SIGKILL");
      await child[Symbol.asyncDispose]();
    }
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** Prints the answer's body; the answer has a second to come. */
const ASK = `
  exec 3<>/dev/tcp/$1/$2 || exit 1
  printf '%s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$3" "\${#4}" "$4" >&3
  timeout 1 sed '1,/^\\r$/d' <&3`;

function run(
  { within }: EtcdPlace,
  args: readonly string[],
): ChildProcess {
  const [command = "etcd", ...rest] = [...within, "etcd"];
  return new ChildProcess({ command, args: [...rest, ...args] });
}
