/**
 * Hosts on which an operator runs commands.
 *
 * @module
 */

import { TempDir } from "../host/temp_dir.ts";
import { roleCommand } from "./test_cluster.ts";

/** The output of a command. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Hosts, each with only a folder and a configuration. */
export class OperatorHosts implements AsyncDisposable {
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    this.#dir = dir;
  }

  static async create(...names: readonly string[]): Promise<OperatorHosts> {
    const hosts = new OperatorHosts(await TempDir.create());
    for (const name of names) {
      await Deno.mkdir(hosts.path(name));
      const text = `# ours\n[general]\nstatedir = ${hosts.path(name)}/state\n`;
      await Deno.writeTextFile(hosts.config(name), text, { mode: 0o600 });
    }
    return hosts;
  }

  path(name: string): string {
    return this.#dir.path(name);
  }

  config(name: string): string {
    return `${this.path(name)}/fail2ban-cluster.conf`;
  }

  state(name: string): string {
    return `${this.path(name)}/state`;
  }

  /** Runs the command on a host, directly or through another program. */
  async run(
    name: string,
    words: string,
    stdin = "",
    within: readonly string[] = [],
  ): Promise<Said> {
    const { command, args } = roleCommand("cluster");
    const [first = command, ...rest] = [...within, command, ...args];
    const child = new Deno.Command(first, {
      args: [...rest, ...words.split(" "), "--config", this.config(name)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const err = decode(stderr).split("\n").filter((line) =>
      line.startsWith("fail2ban-cluster: ")
    ).join("\n");
    return { code, out: decode(stdout), err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}
