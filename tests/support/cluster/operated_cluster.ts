/**
 * A hub, hosts that report and enforce, and an operator on the hub.
 *
 * @module
 */

import { appendLog } from "../fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../host/child_process.ts";
import { waitUntil } from "../host/wait_until.ts";
import { roleCommand, type Sections, TestCluster } from "./test_cluster.ts";

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
}

/** Real programs, and what an operator says to them. */
export class OperatedCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  #publisher: ChildProcess | undefined;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  /** The hub. */
  get publisher(): ChildProcess {
    if (this.#publisher === undefined) throw new Error("The hub never began");
    return this.#publisher;
  }

  /** Starts all of them; each copy follows. */
  static async start(
    { hosts, settings = {}, publisher = {} }: OperatedOptions,
  ): Promise<OperatedCluster> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const operated = new OperatedCluster(cluster);
    try {
      await cluster.addHost("hub", { publisher });
      for (const host of hosts) {
        await cluster.addHost(host, {
          ...settings[host],
          subscriber: {
            subscriberaction: "exec",
            execprogram: "/bin/true",
            ...settings[host]?.["subscriber"],
          },
        });
        await appendLog(cluster.logPath(host), "");
      }
      operated.#publisher = await cluster.start("publisher", "hub");
      for (const host of hosts) {
        await cluster.start("subscriber", host);
        await cluster.start("monitor", host);
      }
      for (const host of hosts) await operated.#following(host);
      return operated;
    } catch (error) {
      await operated[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Says something on the hub, as through a pipe. */
  async say(...words: readonly string[]): Promise<OperatorSaid> {
    const { command, args } = roleCommand("cluster");
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [
        ...args,
        ...words,
        "--config",
        `${this.cluster.dir}/hub/fail2ban-cluster.conf`,
      ],
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

  /** Waits until what is said is as it should be. */
  async until(
    words: string,
    isSo: (said: OperatorSaid) => boolean,
  ): Promise<OperatorSaid> {
    let last: OperatorSaid | undefined;
    try {
      return await waitUntil(async () => {
        last = await this.say(...words.split(" "));
        return isSo(last) ? last : undefined;
      }, { what: words, timeoutMs: 15_000, intervalMs: 100 });
    } catch (cause) {
      throw new Error(`It says ${last?.out} ${last?.err}`, { cause });
    }
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
