import type { ChildProcess } from "../host/child_process.ts";
import { NetworkNamespace } from "../host/network_namespace.ts";
import {
  type HostSetting,
  type RoleName,
  TestCluster,
} from "../cluster/test_cluster.ts";
import {
  type Fail2banServer,
  output,
  startFail2ban,
} from "../fail2ban/fail2ban_server.ts";

/** The hosts besides the hub. */
export const SOAK_HOSTS = ["host-a", "host-b", "host-c"] as const;
/** The jails of a host's own fail2ban: bans of two minutes, and of ten. */
export const SOAK_JAILS = ["sshd", "nginx"] as const;
/** Ban times in seconds; afterwards as many bans end as begin. */
const BRIEF_SECONDS = 120;
const LONG_SECONDS = 600;
/** Large enough for the publisher's store, and quick to fill. */
const DISK = "64m";
const CONTROL_PORT = 5681;
const STREAM_PORT = 5682;
/** The host's end of its link. */
const UPLINK = "up0";
/** Interval of reconciliation. */
const RESYNC = "10s";

/** A program of a host. */
export type Program = readonly [role: RoleName, host: string];

/** All programs, the hub's first. */
export const PROGRAMS: readonly Program[] = [
  ["publisher", "hub"],
  ...SOAK_HOSTS.flatMap((host): Program[] => [
    ["monitor", host],
    ["subscriber", host],
  ]),
];

/**
 * A hub and three hosts in network namespaces, each host with a real fail2ban
 * and nftables. The hub's state is on a small disk. Needs root, and the parts
 * `fail2ban`, `mountns`, `netns` and `nftables` of `real_parts.ts`.
 */
export class SoakCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #held = new AsyncDisposableStack();
  readonly #networks = new Map<string, NetworkNamespace>();
  readonly #fail2bans = new Map<string, Fail2banServer>();
  readonly #running = new Map<string, ChildProcess>();

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  /** Starts everything. */
  static async start(): Promise<SoakCluster> {
    const soak = new SoakCluster(await TestCluster.create({ protocol: 2 }));
    try {
      await soak.#makeNetworks();
      soak.#held.use(soak.cluster);
      await soak.#makeDisk();
      await soak.#addHub();
      for (const [index, host] of SOAK_HOSTS.entries()) {
        await soak.#addHost(host, index);
      }
      for (const program of PROGRAMS) await soak.startProgram(program);
      return soak;
    } catch (error) {
      await soak[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A host's fail2ban. */
  fail2ban(host: string): Fail2banServer {
    return found(this.#fail2bans, host);
  }

  /** The last started process of a program. */
  program(program: Program): ChildProcess {
    return found(this.#running, program.join(" of "));
  }

  /** Starts or restarts a program, and waits until it is ready. */
  async startProgram(program: Program): Promise<void> {
    const child = await this.cluster.start(...program);
    this.#running.set(program.join(" of "), child);
  }

  /** Programs that ended by themselves, with their last output. */
  endedByThemselves(): string[] {
    return PROGRAMS.flatMap((program) => {
      const { hasEnded, stderr } = this.program(program);
      return hasEnded
        ? [`${program.join(" of ")} ended: ${stderr.slice(-5).join("\n")}`]
        : [];
    });
  }

  /** Runs `nft` on a host. */
  async nft(host: string, ...args: string[]): Promise<string> {
    return await found(this.#networks, host).run("nft", ...args);
  }

  /** Cuts or restores a host's link. */
  async setLink(host: string, state: "up" | "down"): Promise<void> {
    const network = found(this.#networks, host);
    await network.run("ip", "link", "set", UPLINK, state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  /** A link from the hub to each host: 10.98.INDEX.1 and 10.98.INDEX.2. */
  async #makeNetworks(): Promise<void> {
    const hub = this.#held.use(await NetworkNamespace.create());
    this.#networks.set("hub", hub);
    for (const [index, host] of SOAK_HOSTS.entries()) {
      const network = this.#held.use(await NetworkNamespace.create());
      this.#networks.set(host, network);
      const downlink = `down${index}`;
      await hub.join(network, [downlink, UPLINK]);
      await connect(hub, downlink, `10.98.${index}.1/24`);
      await connect(network, UPLINK, `10.98.${index}.2/24`);
    }
  }

  /**
   * Puts the hub's state on its own disk, which exists as long as somebody uses
   * it.
   */
  async #makeDisk(): Promise<void> {
    const dir = this.cluster.stateDir("hub");
    await Deno.mkdir(dir, { recursive: true });
    await output("mount", "-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", dir);
    this.#held.defer(async () => {
      await output("umount", "--lazy", dir);
    });
  }

  async #addHub(): Promise<void> {
    const publisher = {
      controlbindurl: `tcp://*:${CONTROL_PORT}`,
      streambindurl: `tcp://*:${STREAM_PORT}`,
      legacy: "off",
    };
    await this.cluster.addHost("hub", { publisher }, this.#setting("hub"));
  }

  /**
   * Its fail2ban has no action: a process for each of hundreds of bans at every
   * restart would overload the machine.
   */
  async #addHost(host: string, index: number): Promise<void> {
    const fail2ban = this.#held.use(
      await startFail2ban({
        dir: `${this.cluster.dir}/fail2ban-${host}`,
        jails: {
          sshd: { bantime: BRIEF_SECONDS, action: "" },
          nginx: { bantime: LONG_SECONDS, action: "" },
        },
        dedicatedJail: { action: "" },
      }),
    );
    this.#fail2bans.set(host, fail2ban);
    const controlserver = `tcp://10.98.${index}.1:${CONTROL_PORT}`;
    const streamserver = `tcp://10.98.${index}.1:${STREAM_PORT}`;
    await this.cluster.addHost(host, {
      monitor: {
        controlserver,
        fail2banlogpath: fail2ban.logPath,
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: fail2ban.socketPath,
      },
      subscriber: {
        controlserver,
        streamserver,
        subscriberaction: "fail2banclient, nftables",
        fail2bansocket: fail2ban.socketPath,
        resync: RESYNC,
      },
    }, this.#setting(host));
  }

  #setting(host: string): HostSetting {
    return { within: found(this.#networks, host).within };
  }
}

async function connect(
  network: NetworkNamespace,
  link: string,
  address: string,
): Promise<void> {
  await network.run("ip", "address", "add", address, "dev", link);
  await network.run("ip", "link", "set", link, "up");
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`There is no ${name}`);
  return value;
}
