/**
 * A hub, hosts that report and enforce, and an operator at the hub.
 *
 * @module
 */

import { appendLog } from "../fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../host/wait_until.ts";
import type { PresencePace } from "../../../lib/wire/presence_pace.ts";
import { ChildProcess } from "../host/child_process.ts";
import {
  type HostSetting,
  roleCommand,
  type RoleName,
  type Sections,
  TestCluster,
} from "./test_cluster.ts";

/** The output of the operator's command. */
export interface OperatorSaid {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Options for {@link OperatedCluster.start}. By default each host enforces with
 * a program that does nothing.
 */
export interface OperatedOptions {
  readonly hosts: readonly string[];
  /** Settings by host. */
  readonly settings?: Readonly<Record<string, Sections>>;
  readonly publisher?: Sections[string];
  /** General settings of every host. */
  readonly general?: Sections[string];
  /** @default {as usual} */
  readonly pace?: PresencePace;
  /** Prefix of all programs' commands, such as for a network namespace. */
  readonly within?: readonly string[];
  /** Hosts whose configuration has its own URL of the hub. @default {none} */
  readonly localhost?: readonly string[];
  /** A host name by which all hosts know the hub. @default {its address} */
  readonly hubName?: string;
}

/** Real programs and an operator. */
export class OperatedCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #programs = new Map<string, ChildProcess>();
  #hubName = "";
  #setting: HostSetting = {};

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  /** Starts all programs, and waits until every replica is in sync. */
  static async start(
    options: OperatedOptions,
  ): Promise<OperatedCluster> {
    const { hosts, settings = {}, publisher = {}, pace, within } = options;
    const { general = {} } = options;
    const cluster = await TestCluster.create({ protocol: 2, pace });
    const operated = new OperatedCluster(cluster);
    try {
      if (within !== undefined) operated.#setting = { within };
      await cluster.addHost("hub", { general, publisher }, operated.#setting);
      const { hubName } = options;
      if (hubName !== undefined) await operated.#knowBy(hubName);
      for (const host of hosts) {
        const name = options.localhost?.includes(host) ? "localhost" : hubName;
        const urls = name === undefined
          ? { control: {}, stream: {} }
          : urlsAt(cluster, name);
        await cluster.addHost(host, {
          ...settings[host],
          general: { ...general, ...settings[host]?.["general"] },
          monitor: {
            ...urls.control,
            ...settings[host]?.["monitor"],
          },
          subscriber: {
            subscriberaction: "exec",
            execprogram: "/bin/true",
            ...urls.control,
            ...urls.stream,
            ...settings[host]?.["subscriber"],
          },
        }, operated.#setting);
        await appendLog(cluster.logPath(host), "");
      }
      const hub = await cluster.start("publisher", "hub");
      operated.#programs.set("publisher hub", hub);
      for (const host of hosts) {
        for (const role of ["subscriber", "monitor"] as const) {
          const child = await cluster.start(role, host);
          operated.#programs.set(`${role} ${host}`, child);
        }
      }
      for (const host of hosts) await operated.#following(host);
      return operated;
    } catch (error) {
      await operated[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Changes the address of the hub's name. */
  async nameHub(address: string): Promise<void> {
    await Deno.writeTextFile(this.#hostsPath, `${address} ${this.#hubName}\n`);
  }

  /** Waits until a host has stored a publisher's address. */
  async membershipSays(host: string, url: string): Promise<void> {
    const path = `${this.cluster.stateDir(host)}/membership.json`;
    await waitUntil(
      async () => (await Deno.readTextFile(path)).includes(url),
      { what: `${url} in ${path}`, timeoutMs: 15_000 },
    );
  }

  /** The last started program of a role on a host. */
  program(role: RoleName, host: string): ChildProcess {
    const child = this.#programs.get(`${role} ${host}`);
    if (child === undefined) throw new Error(`There is no ${role} on ${host}`);
    return child;
  }

  /** Starts a program again, after its end. */
  async startAgain(role: RoleName, host: string): Promise<void> {
    this.#programs.set(`${role} ${host}`, await this.cluster.start(role, host));
  }

  /** Stops a program of a host. */
  async stop(
    role: RoleName,
    host: string,
    signal: Deno.Signal = "SIGTERM",
  ): Promise<void> {
    await this.#programs.get(`${role} ${host}`)?.end(signal);
  }

  /** Starts a program again. */
  async restart(role: RoleName, host: string): Promise<void> {
    const child = await this.cluster.start(role, host);
    this.#programs.set(`${role} ${host}`, child);
  }

  /** Runs an operator's command on the hub, with pipes. */
  async say(...words: readonly string[]): Promise<OperatorSaid> {
    return await this.sayOn("hub", ...words);
  }

  /** Starts an operator's command on the hub, which may be interrupted. */
  begin(...words: readonly string[]): ChildProcess {
    return new ChildProcess(this.#command("hub", words));
  }

  /**
   * Runs an operator's command on the hub, on a terminal.
   *
   * @param columns Width of the terminal.
   * @param words The command; it must need no quoting.
   * @returns The output by line, without colours.
   */
  async type(
    columns: number,
    ...words: readonly string[]
  ): Promise<readonly string[]> {
    const { command, args } = this.#command("hub", words);
    const typed = [command, ...args].join(" ");
    const { stdout } = await new Deno.Command("script", {
      args: ["-qec", `stty cols ${columns}; ${typed}`, "/dev/null"],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    // deno-lint-ignore no-control-regex
    return text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, "").trimEnd()
      .split("\n");
  }

  /** Runs an operator's command on a host, with pipes. */
  async sayOn(
    host: string,
    ...words: readonly string[]
  ): Promise<OperatorSaid> {
    const { command, args } = this.#command(host, words);
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      stdin: "null",
    }).output();
    const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    const ours = err.split("\n").filter((line) =>
      line.startsWith("fail2ban-cluster")
    );
    return { code, out: out.trimEnd(), err: ours.join("\n") };
  }

  /** Repeats a command on the hub until its output satisfies a test. */
  async until(
    words: string,
    isSo: (said: OperatorSaid) => boolean,
  ): Promise<OperatorSaid> {
    return await this.untilOn("hub", words, isSo);
  }

  /** Repeats a command on a host until its output satisfies a test. */
  async untilOn(
    host: string,
    words: string,
    isSo: (said: OperatorSaid) => boolean,
  ): Promise<OperatorSaid> {
    let last: OperatorSaid | undefined;
    try {
      return await waitUntil(async () => {
        last = await this.sayOn(host, ...words.split(" "));
        return isSo(last) ? last : undefined;
      }, { what: words, timeoutMs: 15_000, intervalMs: 100 });
    } catch (cause) {
      throw new Error(`It says ${last?.out} ${last?.err}`, { cause });
    }
  }

  /** Gives the hosts their own hosts file, which no other program sees. */
  async #knowBy(name: string): Promise<void> {
    this.#hubName = name;
    await this.nameHub("127.0.0.1");
    const mount = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const within = ["unshare", "--mount", "sh", "-ec", mount, this.#hostsPath];
    this.#setting = { within };
  }

  get #hostsPath(): string {
    return `${this.cluster.dir}/hosts`;
  }

  #command(host: string, words: readonly string[]) {
    const { command, args } = roleCommand("cluster");
    const config = `${this.cluster.dir}/${host}/fail2ban-cluster.conf`;
    return { command, args: [...args, ...words, "--config", config] };
  }

  async #following(host: string): Promise<void> {
    await waitUntil(
      async () =>
        (await this.cluster.peek("subscriber", host))?.["following"] === true,
      { what: `the copy of ${host}`, timeoutMs: 15_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** The hub's URLs with another name of its host. */
function urlsAt({ controlUrl, streamUrl }: TestCluster, name: string) {
  const named = (url: string) => url.replace("127.0.0.1", name);
  return {
    control: { controlserver: named(controlUrl) },
    stream: { streamserver: named(streamUrl) },
  };
}
