/**
 * Networks of a test's own. Needs the part `netns` of `real_parts.ts`.
 *
 * @module
 */

/** A network namespace, removed with all that is in it when disposed. */
export class NetworkNamespace implements AsyncDisposable {
  /** What `ip netns` calls it. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Makes one whose loopback interface is up. */
  static async create(): Promise<NetworkNamespace> {
    const name = `f2bc_${crypto.randomUUID().slice(0, 8)}`;
    await output(["ip", "netns", "add", name]);
    const namespace = new NetworkNamespace(name);
    await namespace.run("ip", "link", "set", "lo", "up");
    return namespace;
  }

  /** What to start so that a program runs in here. */
  inside(program: string): [string, ...string[]] {
    return ["ip", "netns", "exec", this.name, program];
  }

  /**
   * Runs a program in here.
   *
   * @returns What it wrote to standard output.
   * @throws {Error} with its standard error when it fails.
   */
  async run(program: string, ...args: string[]): Promise<string> {
    return await output([...this.inside(program), ...args]);
  }

  /** Lays a cable to another one; its ends are named. */
  async join(
    other: NetworkNamespace,
    [here, there]: readonly [string, string],
  ): Promise<void> {
    const peer = ["peer", "name", there, "netns", other.name];
    await this.run("ip", "link", "add", here, "type", "veth", ...peer);
  }

  /** What to start programs by so that they run in here. */
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
