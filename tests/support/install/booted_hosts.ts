/**
 * Booted systemd hosts on one network, for typing commands. Needs the parts
 * `netns`, `nspawn` and `overlay` of `real_parts.ts`.
 *
 * @module
 */

import { NetworkNamespace } from "../host/network_namespace.ts";
import { TempDir } from "../host/temp_dir.ts";
import { ThrowawayRoot } from "../host/throwaway_root.ts";
import { waitUntil } from "../host/wait_until.ts";

/**
 * Runs the scripts that appear in `/mnt/shared` in order, until `end` appears.
 */
const TYPIST = `cd /mnt/given
number=1
while [ ! -e /mnt/shared/end ]; do
  if [ -e /mnt/shared/$number.do ]; then
    code=0
    sh /mnt/shared/$number.do >/mnt/shared/$number.said 2>&1 </dev/null || code=$?
    echo $code >/mnt/shared/code
    mv /mnt/shared/code /mnt/shared/$number.code
    number=$((number + 1))
  else
    sleep 0.02
  fi
done
`;

/** The result of a command line. */
export interface Typed {
  readonly code: number;
  /** Standard output and standard error, interleaved. */
  readonly said: string;
}

/** The plan of a host. */
export interface HostPlan {
  readonly address: string;
  /**
   * A script for before the boot; hosts with the same script are copies of one
   * system.
   */
  readonly prepare: string;
}

/** A booted host. */
class BootedHost {
  readonly #shared: string;
  readonly #ended: Promise<string>;
  #count = 0;

  constructor(shared: string, ended: Promise<string>) {
    this.#shared = shared;
    this.#ended = ended;
  }

  /** Runs a command line. */
  async type(line: string): Promise<Typed> {
    const path = `${this.#shared}/${++this.#count}`;
    await Deno.writeTextFile(`${path}.new`, `${line}\n`);
    await Deno.rename(`${path}.new`, `${path}.do`);
    const code = await this.#whenThere(`${path}.code`, line);
    return {
      code: Number(code),
      said: await Deno.readTextFile(`${path}.said`),
    };
  }

  /** Shuts the host down. */
  async end(): Promise<void> {
    await Deno.writeTextFile(`${this.#shared}/end`, "");
    await this.#ended;
  }

  async #whenThere(path: string, line: string): Promise<string> {
    let text = "";
    const isThere = async () => {
      text = await Deno.readTextFile(path).catch(() => "");
      return text !== "";
    };
    const wait = waitUntil(isThere, { what: line, timeoutMs: 60_000 });
    const broken = this.#ended.then((told) => {
      throw new Error(`the host ended before: ${line}\n${told}`);
    });
    await Promise.race([wait, broken]);
    return text;
  }
}

/** All hosts; removed completely when disposed. */
export class BootedHosts implements AsyncDisposable {
  readonly #hosts = new Map<string, BootedHost>();
  readonly #held = new AsyncDisposableStack();

  /**
   * Boots hosts in parallel, with only systemd's own services.
   *
   * @param given A folder to mount at `/mnt/given` on each host.
   * @param plans The plans by host name; the first host is the network's
   * bridge.
   * @param mostMs Time limit of all commands on a quiet machine.
   */
  static async start(
    given: string,
    plans: Readonly<Record<string, HostPlan>>,
    mostMs?: number,
  ): Promise<BootedHosts> {
    await using held = new AsyncDisposableStack();
    const hosts = held.use(new BootedHosts());
    const networks = await hosts.#connect(plans);
    const systems = await hosts.#prepare(given, Object.values(plans));
    for (const [name, { name: netns }] of networks) {
      const dir = hosts.#held.use(await TempDir.create());
      const system = systems.get(plans[name]?.prepare ?? "");
      if (system === undefined) throw new RangeError(`No system for ${name}`);
      const root = hosts.#held.use(await system.another(given));
      const ended = root.boot(TYPIST, {
        ...{ netns, shared: dir.path() },
        ...mostMs === undefined ? {} : { mostMs },
      });
      // The waiting caller gets the error; otherwise disposal does.
      ended.catch(() => {});
      hosts.#hosts.set(name, new BootedHost(dir.path(), ended));
    }
    held.move();
    return hosts;
  }

  /** Runs a command line on a host. */
  async type(host: string, line: string): Promise<Typed> {
    const booted = this.#hosts.get(host);
    if (booted === undefined) throw new RangeError(`No host "${host}"`);
    return await booted.type(line);
  }

  /** Prepared systems that hosts are copies of, by script. */
  async #prepare(
    given: string,
    plans: readonly HostPlan[],
  ): Promise<ReadonlyMap<string, ThrowawayRoot>> {
    const lines = [...new Set(plans.map(({ prepare }) => prepare))];
    const made = lines.map(async (line) => {
      const root = this.#held.use(await ThrowawayRoot.create(given));
      await root.shell(`cd /mnt/given\n${line}`);
      return [line, root] as const;
    });
    return new Map(await Promise.all(made));
  }

  /** A network with the first host as its bridge. */
  async #connect(
    plans: Readonly<Record<string, HostPlan>>,
  ): Promise<ReadonlyMap<string, NetworkNamespace>> {
    const networks = new Map<string, NetworkNamespace>();
    let middle: NetworkNamespace | undefined;
    for (const [name, { address }] of Object.entries(plans)) {
      const network = this.#held.use(await NetworkNamespace.create());
      networks.set(name, network);
      const port = middle === undefined ? "lan" : "eth0";
      if (middle === undefined) {
        middle = network;
        await network.run("ip", "link", "add", "lan", "type", "bridge");
      } else {
        await network.join(middle, ["eth0", name]);
        await middle.run("ip", "link", "set", name, "master", "lan", "up");
      }
      await network.run("ip", "addr", "add", `${address}/24`, "dev", port);
      await network.run("ip", "link", "set", port, "up");
    }
    return networks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled(
      [...this.#hosts.values()].map((host) => host.end()),
    );
    await this.#held.disposeAsync();
    for (const end of ends) {
      if (end.status === "rejected") throw end.reason;
    }
  }
}
