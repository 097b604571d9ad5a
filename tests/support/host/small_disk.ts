/**
 * Programs on a disk of a test's own. Needs the part `mountns` of
 * `real_parts.ts`.
 *
 * @module
 */

/** Mounts a disk over a folder, fills it from another, and becomes a program. */
const SCRIPT = `set -e
dir=$1
from=$2
options=$3
shift 3
mount -t tmpfs -o size=1m tmpfs "$dir"
[ -z "$from" ] || cp -p "$from"/* "$dir"
[ -z "$options" ] || mount -o "remount,$options" "$dir"
exec "$@"`;

/** What a program may find. */
export interface SmallDisk {
  /** Where the disk of 1 MiB is; an empty folder. */
  readonly dir: string;
  /** The folder whose files are on it. */
  readonly from?: string;
  /** How it is mounted, as `mount` has it: `ro`. */
  readonly options?: string;
}

/**
 * Runs a script on a disk of its own.
 *
 * @param disk Gone when the script has ended.
 * @param script In `tests/support/store/programs/`.
 * @param args Its arguments.
 * @returns The JSON it printed.
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
