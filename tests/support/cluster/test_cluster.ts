import { statusSocketPath } from "../../../lib/service/status_socket.ts";
import { askStatus } from "../../../roles/program/status_socket.ts";
import { RUNTIME_FLAGS } from "../../../roles/program/runtime_flags.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import type { StatusFigures } from "../../../lib/service/status_report.ts";
import type { Membership } from "../../../lib/members/member.ts";
import type { PresencePace } from "../../../lib/wire/presence_pace.ts";
import { ChildProcess } from "../host/child_process.ts";
import { join, TestMembers } from "./test_members.ts";
import { freePorts } from "../host/test_ports.ts";
import { waitUntil } from "../host/wait_until.ts";

/** A program under test. */
export type RoleName = "monitor" | "publisher" | "subscriber";

/** Sections of a configuration file. */
export type Sections = Readonly<
  Record<string, Readonly<Record<string, string | number>>>
>;

/** How a host's programs are started. */
export interface HostSetting {
  /**
   * Prefix of their commands: a program that replaces itself by the command.
   */
  readonly within?: readonly string[];
  /** Additional environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Long enough for an empty publisher that must fetch a million bans. */
const READY_WITHIN_MS = 30_000;

/** Options for {@link TestCluster.create}. */
export interface ClusterOptions {
  /** The protocol of monitors and subscribers. @default {1} */
  readonly protocol?: 1 | 2;
  /** The programs' intervals. @default {the usual} */
  readonly pace?: PresencePace | undefined;
  /**
   * A replacement for the publisher: a file of `tests/` and its first
   * arguments. @default {the publisher}
   */
  readonly publisher?: readonly string[] | undefined;
}

/**
 * The command of a program under test; `F2BC_BIN` names a folder of
 * executables.
 */
export function roleCommand(
  role: RoleName | "cluster" | "node",
): { command: string; args: string[] } {
  const folder = Deno.env.get("F2BC_BIN");
  return folder === undefined
    ? sourceCommand(role, `roles/${role}.ts`)
    : { command: `${folder}/fail2ban-${role}`, args: [] };
}

/**
 * The command of a replaced role: a file of `tests/` and its first arguments.
 */
function otherCommand(
  role: RoleName,
  [path = "", ...first]: readonly string[],
): { command: string; args: string[] } {
  const { command, args } = sourceCommand(role, path);
  return { command, args: [...args, ...first] };
}

const PACED_ROLE = "tests/support/cluster/programs/paced_role.ts";

function sourceCommand(role: RoleName | "cluster" | "node", path: string) {
  const root = decodeURIComponent(
    new URL("../../../", import.meta.url).pathname,
  );
  const config = ["--config", `${root}deno.json`, `-P=${role}`];
  return {
    command: Deno.execPath(),
    args: ["run", "--no-prompt", ...RUNTIME_FLAGS, ...config, `${root}${path}`],
  };
}

/**
 * A cluster on loopback in its own folder: free ports, one configuration file
 * per host, real programs. Everything is stopped and removed when disposed.
 */
export class TestCluster implements AsyncDisposable {
  readonly dir: string;
  readonly replyUrl: string;
  readonly broadcastUrl: string;
  readonly controlUrl: string;
  readonly streamUrl: string;
  readonly token = "a-token-for-tests";
  /** Every host is a member with its own key and token. */
  readonly members: TestMembers;
  readonly #children: ChildProcess[] = [];
  readonly #protocol: 1 | 2;
  readonly #pace: PresencePace | undefined;
  readonly #publisher: readonly string[] | undefined;
  readonly #memberships = new Map<string, Membership>();
  readonly #states = new Map<string, string>();
  readonly #keyless = new Set<string>();
  readonly #settings = new Map<string, HostSetting>();

  private constructor(
    dir: string,
    { protocol = 1, pace, publisher }: ClusterOptions,
  ) {
    this.dir = dir;
    this.#protocol = protocol;
    this.#pace = pace;
    this.#publisher = publisher;
    const [reply, broadcast, control, stream] = freePorts(4);
    this.replyUrl = `tcp://127.0.0.1:${reply}`;
    this.broadcastUrl = `tcp://127.0.0.1:${broadcast}`;
    this.controlUrl = `tcp://127.0.0.1:${control}`;
    this.streamUrl = `tcp://127.0.0.1:${stream}`;
    this.members = new TestMembers(this);
  }

  /** Creates the folder, without hosts. */
  static async create(options: ClusterOptions = {}): Promise<TestCluster> {
    const dir = await Deno.makeTempDir({ prefix: "f2bc_" });
    return new TestCluster(dir, options);
  }

  #stateOf(host: string): string {
    return this.#states.get(host) ?? this.stateDir(host);
  }

  /** The membership of a host. */
  membership(host: string): Membership {
    const membership = this.#memberships.get(host);
    if (membership === undefined) throw new Error(`${host} has not joined`);
    return membership;
  }

  /** Joins a host, or rejoins it with new keys. */
  join(host: string, name = host): void {
    this.joinAs(host, this.members.add(name));
  }

  /** Joins a host with a given membership. */
  joinAs(host: string, membership: Membership): void {
    this.#memberships.set(host, membership);
    join(this.#stateOf(host), membership);
  }

  /** The log that a host's monitor follows. */
  logPath(host: string): string {
    return `${this.dir}/${host}/fail2ban.log`;
  }

  /** The state folder of a host. */
  stateDir(host: string): string {
    return `${this.dir}/${host}/state`;
  }

  /**
   * Creates a host's folder and configuration; `overrides` go into its
   * `*.local`.
   */
  async addHost(
    host: string,
    overrides: Sections = {},
    setting: HostSetting = {},
  ): Promise<string> {
    this.#settings.set(host, setting);
    const dir = `${this.dir}/${host}`;
    await Deno.mkdir(`${dir}/state`, { recursive: true });
    const { statedir = `${dir}/state`, hostname = host } =
      overrides["general"] ?? {};
    this.#states.set(host, String(statedir));
    this.join(host, String(hostname));
    const config = `${dir}/fail2ban-cluster.conf`;
    const isSecond = this.#protocol === 2;
    const controlserver = isSecond ? { controlserver: this.controlUrl } : {};
    const streamserver = isSecond ? { streamserver: this.streamUrl } : {};
    await Deno.writeTextFile(
      config,
      renderSections({
        general: { hostname: host, statedir: `${dir}/state` },
        monitor: {
          pidfile: `${dir}/monitor.pid`,
          zmqreplyserver: this.replyUrl,
          ...controlserver,
          fail2banlogpath: this.logPath(host),
          fail2bandb: "none",
          unbanhold: 1,
          auth: "true",
          authtoken: this.token,
        },
        publisher: {
          pidfile: `${dir}/publisher.pid`,
          replybindurl: this.replyUrl,
          broadcasterbindurl: this.broadcastUrl,
          controlbindurl: this.controlUrl,
          streambindurl: this.streamUrl,
          legacy: "on",
          auth: "true",
          authtoken: this.token,
        },
        subscriber: {
          pidfile: `${dir}/subscriber.pid`,
          zmqpublisherurl: this.broadcastUrl,
          ...controlserver,
          ...streamserver,
          subscriberaction: "log",
        },
      }),
      { mode: 0o600 },
    );
    await Deno.writeTextFile(
      config.replace(/\.conf$/, ".local"),
      renderSections(overrides),
      { mode: 0o600 },
    );
    return config;
  }

  /** Starts a program of a host without waiting. */
  spawn(
    role: RoleName | "cluster" | "node",
    host: string,
    ...args: string[]
  ): ChildProcess {
    return this.#spawn(role, host, args);
  }

  /** Changes the prefix of a host's commands. */
  startWithin(host: string, within: readonly string[]): void {
    this.#settings.set(host, { ...this.#settings.get(host), within });
  }

  #spawn(
    role: RoleName | "cluster" | "node",
    host: string,
    args: readonly string[],
    onLine?: (line: string) => void,
  ): ChildProcess {
    const { command, args: before } = this.#commandOf(role);
    if (role === "publisher" && !this.#keyless.has(host)) {
      this.members.serveFrom(this.#stateOf(host));
    }
    const config = `${this.dir}/${host}/fail2ban-cluster.conf`;
    const { within = [], env } = this.#settings.get(host) ?? {};
    const [first = command, ...rest] = [...within, command, ...before];
    const child = new ChildProcess({
      command: first,
      args: [...rest, ...args, "--config", config],
      ...(env === undefined ? {} : { env }),
      ...(onLine === undefined ? {} : { onLine }),
    });
    this.#children.push(child);
    return child;
  }

  #commandOf(role: RoleName | "cluster" | "node") {
    if (role === "cluster" || role === "node") return roleCommand(role);
    if (role === "publisher" && this.#publisher !== undefined) {
      return otherCommand(role, this.#publisher);
    }
    return this.#pace === undefined
      ? roleCommand(role)
      : otherCommand(role, [PACED_ROLE, role, JSON.stringify(this.#pace)]);
  }

  /** Runs a program of a host in the foreground and waits until it is ready. */
  async start(
    role: RoleName,
    host: string,
    onLine?: (line: string) => void,
  ): Promise<ChildProcess> {
    const child = this.#spawn(role, host, ["run"], onLine);
    await child.waitForLine(/: ready/, READY_WITHIN_MS);
    return child;
  }

  /** Runs a host's monitor and subscriber in one process, and waits until both are ready. */
  async startNode(host: string): Promise<ChildProcess> {
    const child = this.spawn("node", host, "run");
    await child.waitForLine(/fail2ban-monitor\[\d+\]: INFO: ready/);
    await child.waitForLine(/fail2ban-subscriber\[\d+\]: INFO: ready/);
    return child;
  }

  /** Starts a publisher on a host without keys. */
  async startWithoutKeys(host: string): Promise<ChildProcess> {
    this.#keyless.add(host);
    return await this.start("publisher", host);
  }

  /**
   * Starts a publisher with keys and members that were restored on its host.
   */
  async startAsRestored(host: string): Promise<ChildProcess> {
    return await this.startWithoutKeys(host);
  }

  /**
   * The figures of a running program; repeats the question while it is too
   * busy.
   */
  async figures(role: RoleName, host: string): Promise<StatusFigures> {
    return await waitUntil(() => this.peek(role, host), {
      what: `the figures of the ${role} of ${host}`,
      intervalMs: 50,
    });
  }

  /** The same with one question; `undefined` when there is no answer. */
  async peek(
    role: RoleName,
    host: string,
  ): Promise<StatusFigures | undefined> {
    try {
      const pidFile = `${this.dir}/${host}/${role}.pid`;
      return (await askStatus(statusSocketPath(pidFile))).figures;
    } catch (error) {
      if (error instanceof RuntimeError) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.reverse()) {
      await child[Symbol.asyncDispose]();
    }
    await Deno.remove(this.dir, { recursive: true });
  }
}

function renderSections(sections: Sections): string {
  return Object.entries(sections).map(([section, values]) =>
    [
      `[${section}]`,
      ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
      "",
    ].join("\n")
  ).join("\n");
}
