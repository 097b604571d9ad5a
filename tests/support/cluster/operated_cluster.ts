/**
 * A hub, hosts that report and enforce, and an operator on the hub.
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

/** What the operator's command said. */
export interface OperatorSaid {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How hosts are set up: each enforces with a program that does nothing, unless it says otherwise. */
export interface OperatedOptions {
  readonly hosts: readonly string[];
  /** By host. */
  readonly settings?: Readonly<Record<string, Sections>>;
  readonly publisher?: Sections[string];
  /** Of every host. */
  readonly general?: Sections[string];
  /** @default {as usual} */
  readonly pace?: PresencePace;
  /** What all programs are started by, as in a network of their own. */
  readonly within?: readonly string[];
  /** Hosts whose configuration names the hub in its own way. @default {none} */
  readonly localhost?: readonly string[];
  /** The name by which all hosts know the hub, which is theirs alone. @default {they know its address} */
  readonly hubName?: string;
}

/** Real programs, and what an operator says to them. */
export class OperatedCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #programs = new Map<string, ChildProcess>();
  #hubName = "";
  #setting: HostSetting = {};

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  /** Starts all of them; each copy follows. */
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

  /** Has the name of the hub mean another address. */
  async nameHub(address: string): Promise<void> {
    await Deno.writeTextFile(this.#hostsPath, `${address} ${this.#hubName}\n`);
  }

  /** Waits until a host keeps that its publisher may be somewhere. */
  async membershipSays(host: string, url: string): Promise<void> {
    const path = `${this.cluster.stateDir(host)}/membership.json`;
    await waitUntil(
      async () => (await Deno.readTextFile(path)).includes(url),
      { what: `${url} in ${path}`, timeoutMs: 15_000 },
    );
  }

  /** A program of a host, as it was started last. */
  program(role: RoleName, host: string): ChildProcess {
    const child = this.#programs.get(`${role} ${host}`);
    if (child === undefined) throw new Error(`There is no ${role} on ${host}`);
    return child;
  }

  /** Starts a program of a host again. */
  async startAgain(role: RoleName, host: string): Promise<void> {
    this.#programs.set(`${role} ${host}`, await this.cluster.start(role, host));
  }

  /** Ends a program of a host. */
  async stop(
    role: RoleName,
    host: string,
    signal: Deno.Signal = "SIGTERM",
  ): Promise<void> {
    await this.#programs.get(`${role} ${host}`)?.end(signal);
  }

  /** Starts a program of a host again. */
  async restart(role: RoleName, host: string): Promise<void> {
    const child = await this.cluster.start(role, host);
    this.#programs.set(`${role} ${host}`, child);
  }

  /** Says something on the hub, as through a pipe. */
  async say(...words: readonly string[]): Promise<OperatorSaid> {
    return await this.sayOn("hub", ...words);
  }

  /** Begins to say something on the hub: it may be interrupted. */
  begin(...words: readonly string[]): ChildProcess {
    return new ChildProcess(this.#command("hub", words));
  }

  /**
   * Says something on the hub, on a terminal.
   *
   * @param columns Of the terminal.
   * @param words Without any that the shell would take for its own.
   * @returns All that it shows, line by line, without colours.
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

  /** Says something on a host, likewise. */
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

  /** Waits until what is said on the hub is as it should be. */
  async until(
    words: string,
    isSo: (said: OperatorSaid) => boolean,
  ): Promise<OperatorSaid> {
    return await this.untilOn("hub", words, isSo);
  }

  /** Likewise on a host. */
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

  /** Hosts have a file of names of their own: no other program sees it. */
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

/** Where a cluster's hub is reached by another name of its host. */
function urlsAt({ controlUrl, streamUrl }: TestCluster, name: string) {
  const named = (url: string) => url.replace("127.0.0.1", name);
  return {
    control: { controlserver: named(controlUrl) },
    stream: { streamserver: named(streamUrl) },
  };
}
