/**
 * A disk that fails while it is in use, as in the kernel: all further writes
 * are refused. Needs the part `loopdisk` of `real_parts.ts`.
 *
 * @module
 */

import { ChildProcess } from "./child_process.ts";

/** Copies the folder to a disk, mounts that over it, and holds the namespace. */
const SCRIPT = `set -e
dd if=/dev/zero of="$2" bs=1M count=16 2>/dev/null
mkfs.ext4 -q -F -O ^has_journal "$2"
mount -o loop,errors=remount-ro "$2" /mnt
cp -a "$1"/. /mnt
mount --move /mnt "$1"
echo mounted
read -r _`;
/**
 * Syncs first: the loss of unwritten data in a real failure is another test.
 */
const FAIL = `sync -f "$1"
device=$(findmnt -n -o SOURCE "$1")
echo 1 >"/sys/fs/ext4/\${device#/dev/}/trigger_fs_error"
! touch "$1/it-can-be-written"`;
const MEND = `umount "$1"
e2fsck -p "$2" || [ $? -le 2 ]
mount -o loop,errors=remount-ro "$2" "$1"`;

/**
 * A folder that is a disk for programs started with {@link FailingDisk.within}.
 */
export class FailingDisk implements AsyncDisposable {
  readonly #dir: string;
  readonly #image: string;
  readonly #holder: ChildProcess;

  private constructor(dir: string, image: string, holder: ChildProcess) {
    this.#dir = dir;
    this.#image = image;
    this.#holder = holder;
  }

  /**
   * Mounts a disk with a folder's content over the folder.
   *
   * @param dir The folder.
   * @param image The file of the disk; created, and kept.
   */
  static async over(dir: string, image: string): Promise<FailingDisk> {
    const shell = ["sh", "-c", SCRIPT, "sh", dir, image];
    const holder = new ChildProcess({
      command: "unshare",
      args: ["--mount", ...shell],
    });
    await holder.waitForLine(/^mounted$/);
    return new FailingDisk(dir, image, holder);
  }

  /** Prefix of the commands of programs that see the disk. */
  get within(): readonly string[] {
    return ["nsenter", "--target", `${this.#holder.pid}`, "--mount", "--"];
  }

  /** Makes it read-only, also for open files. */
  async fail(): Promise<void> {
    await this.#run(FAIL);
  }

  /** Checks and remounts it; no file of it may be open. */
  async mend(): Promise<void> {
    await this.#run(MEND);
  }

  async #run(command: string): Promise<void> {
    const [first = "", ...rest] = this.within;
    const { success, stderr } = await new Deno.Command(first, {
      args: [
        ...[...rest, "sh", "-ec", command, "sh"],
        ...[this.#dir, this.#image],
      ],
    }).output();
    if (!success) {
      throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}
