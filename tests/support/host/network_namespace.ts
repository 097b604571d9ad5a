/**
 * Network namespaces for tests. Needs the part `netns` of `real_parts.ts`.
 *
 * @module
 */

/** A network namespace, removed with its content when disposed. */
export class NetworkNamespace implements AsyncDisposable {
  /** Its name for `ip netns`. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Creates one with an active loopback interface. */
  static async create(): Promise<NetworkNamespace> {
    const name = `f2bc_${crypto.randomUUID().slice(0, 8)}`;
    await output(["ip", "netns", "add", name]);
    const namespace = new NetworkNamespace(name);
    await namespace.run("ip", "link", "set", "lo", "up");
    return namespace;
  }

  /** The command that runs a program inside. */
  inside(program: string): [string, ...string[]] {
    return ["ip", "netns", "exec", this.name, program];
  }

  /**
   * Runs a program inside.
   *
   * @returns Its standard output.
   * @throws {Error} with its standard error when it fails.
   */
  async run(program: string, ...args: string[]): Promise<string> {
    return await output([...this.inside(program), ...args]);
  }

  /** Connects it with another by a link with named ends. */
  async join(
    other: NetworkNamespace,
    [here, there]: readonly [string, string],
  ): Promise<void> {
    const peer = ["peer", "name", there, "netns", other.name];
    await this.run("ip", "link", "add", here, "type", "veth", ...peer);
  }

  /** Prefix of the commands of programs that run inside. */
  get within(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await output(["ip", "netns", "delete", this.name]);
  }
}

async function output(
  [command, ...args]: readonly [string, ...string[]],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args })
    .output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`${[command, ...args].join(" ")}: ${decoder.decode(stderr)}`);
}
