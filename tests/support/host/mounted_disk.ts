/**
 * A disk that replaces a folder for some programs. Needs the part `mountns` of
 * `real_parts.ts`.
 *
 * @module
 */

import { ChildProcess } from "./child_process.ts";

/** Copies the folder to a disk, mounts that over it, and holds the namespace. */
const SCRIPT = `set -e
mount -t tmpfs -o "size=$2" tmpfs /mnt
cp -a "$1"/. /mnt
mount --move /mnt "$1"
echo mounted
read -r _`;
/** Fills the disk. */
const FILL = 'dd if=/dev/zero of="$1/ballast" bs=4k 2>&1 || true';

/**
 * A folder that is a disk for programs started with {@link MountedDisk.within}.
 */
export class MountedDisk implements AsyncDisposable {
  readonly #dir: string;
  readonly #holder: ChildProcess;

  private constructor(dir: string, holder: ChildProcess) {
    this.#dir = dir;
    this.#holder = holder;
  }

  /**
   * Mounts a disk with a folder's content over the folder.
   *
   * @param dir The folder.
   * @param size The size for `mount`, such as `2m`.
   */
  static async over(dir: string, size: string): Promise<MountedDisk> {
    const shell = ["/bin/sh", "-c", SCRIPT, "sh", dir, size];
    const holder = new ChildProcess({
      command: "unshare",
      args: ["--mount", ...shell],
    });
    const disk = new MountedDisk(dir, holder);
    await holder.waitForLine(/^mounted$/);
    return disk;
  }

  /** Prefix of the commands of programs that see the disk. */
  get within(): readonly string[] {
    return ["nsenter", "--target", `${this.#holder.pid}`, "--mount", "--"];
  }

  /** Fills the disk. */
  async fill(): Promise<void> {
    await this.run(FILL);
  }

  /** Frees the space again. */
  async free(): Promise<void> {
    await this.run('rm "$1/ballast"');
  }

  /** Makes it read-only. */
  async makeReadOnly(): Promise<void> {
    await this.run('mount -o remount,ro "$1"');
  }

  /** Runs a shell command where the disk is mounted; `$1` is the folder. */
  async run(command: string): Promise<void> {
    const [first = "", ...rest] = this.within;
    const { success, stderr } = await new Deno.Command(first, {
      args: [...rest, "/bin/sh", "-ec", command, "sh", this.#dir],
    }).output();
    if (!success) {
      throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}
