/**
 * A whole system of a test's own: the host's files, with every change kept in
 * memory. Needs the part `overlay` of `real_parts.ts`.
 *
 * @module
 */

import { ChildProcess } from "./child_process.ts";

/** Mounts the system over a folder and waits there until its input ends. */
const SCRIPT = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
for name in proc dev run tmp; do mkdir -p "$1/root/$name"; done
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
mkdir -p "$1/root/mnt/given"
mount --bind -o ro "$2" "$1/root/mnt/given"
mount -o remount,bind,ro "$1/root/mnt/given"
rm -rf "$1/root/etc/fail2ban-cluster" "$1/root/var/lib/fail2ban-cluster" "$1/root/usr/local"
mkdir -p "$1/root/usr/local/bin" "$1/root/usr/local/lib" "$1/root/usr/local/share"
echo mounted
exec cat`;

/** What a program left that has ended. */
export interface RootOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gone without a trace when disposed; what was started in it has to end first. */
export class ThrowawayRoot implements AsyncDisposable {
  readonly #dir: string;
  readonly #holder: ChildProcess;
  readonly #netns: string | undefined;

  private constructor(
    dir: string,
    holder: ChildProcess,
    netns?: string,
  ) {
    this.#dir = dir;
    this.#holder = holder;
    this.#netns = netns;
  }

  /**
   * Makes one.
   *
   * @param given A folder that stands in it at `/mnt/given`, read-only.
   * @param netns A network namespace that {@link inside} uses.
   */
  static async create(given: string, netns?: string): Promise<ThrowawayRoot> {
    const dir = await Deno.makeTempDir({ prefix: "f2bc_root_" });
    const holder = new ChildProcess({
      command: "unshare",
      args: [
        "--mount",
        ...["sh", "-c", SCRIPT, "sh", dir, given],
      ],
    });
    try {
      await holder.waitForLine(/^mounted$/);
      return new ThrowawayRoot(dir, holder, netns);
    } catch (error) {
      await holder[Symbol.asyncDispose]();
      await Deno.remove(dir);
      throw error;
    }
  }

  /** How a program is started in here, in the host's network or the other. */
  inside(
    command: readonly string[],
    network: "host" | "own" = "own",
  ): { command: string; args: string[] } {
    const own = this.#netns !== undefined && network === "own";
    return {
      command: "nsenter",
      args: [
        `--mount=/proc/${this.#holder.pid}/ns/mnt`,
        ...(own ? [`--net=/run/netns/${this.#netns}`] : []),
        ...["chroot", `${this.#dir}/root`, ...command],
      ],
    };
  }

  /** Runs a program in here, as root, to its end. */
  async run(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RootOutcome> {
    const { command: program, args } = this.inside(command, "host");
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      env: { LC_ALL: "C", ...env },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  }

  /** Runs a script in here, which has to go well. */
  async shell(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(["sh", "-ec", script]);
    if (code === 0) return stdout;
    throw new Error(`${script}: ${code}\n${stdout}${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.closeInput();
    await this.#holder.ended;
    await this.#holder[Symbol.asyncDispose]();
    await Deno.remove(this.#dir);
  }
}
