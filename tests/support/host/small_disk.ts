/**
 * Runs programs on a small disk. Needs the part `mountns` of `real_parts.ts`.
 *
 * @module
 */

/** Mounts a disk over a folder, copies files to it, and executes a program. */
const SCRIPT = `set -e
dir=$1
from=$2
options=$3
shift 3
mount -t tmpfs -o size=1m tmpfs "$dir"
[ -z "$from" ] || cp -p "$from"/* "$dir"
[ -z "$options" ] || mount -o "remount,$options" "$dir"
exec "$@"`;

/** Options for {@link runOnSmallDisk}. */
export interface SmallDisk {
  /** Mount point of the disk of 1 MiB; an empty folder. */
  readonly dir: string;
  /** The folder to copy files from. */
  readonly from?: string;
  /** Options for `mount`, such as `ro`. */
  readonly options?: string;
}

/**
 * Runs a script on a small disk.
 *
 * @param disk The disk, which is removed when the script has ended.
 * @param script A file in `tests/support/store/programs/`.
 * @param args Its arguments.
 * @returns The printed JSON.
 */
export async function runOnSmallDisk<T>(
  { dir, from = "", options = "" }: SmallDisk,
  script: string,
  ...args: string[]
): Promise<T> {
  const path = decodeURIComponent(
    new URL(`../store/programs/${script}`, import.meta.url).pathname,
  );
  const deno = [Deno.execPath(), "run", "--no-prompt", "-A", path, ...args];
  const shell = ["/bin/sh", "-c", SCRIPT, "sh", dir, from, options, ...deno];
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--mount", ...shell],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}
