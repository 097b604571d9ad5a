/**
 * Tells disks of this host from file systems of the network.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/statfs.2.html | statfs(2)}
 * @module
 */

import { statfs } from "node:fs/promises";

/** What `statfs` says of file systems that wait for nobody else. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x5846_5342, // xfs
  0x9123_683e, // btrfs
  0xf2f5_2010, // f2fs
  0x2fc1_2fc1, // zfs
  0xca45_1a4e, // bcachefs
  0x3153_464a, // jfs
  0x5265_4973, // reiserfs
  0x0102_1994, // tmpfs
  0x8584_58f6, // ramfs
  0x794c_7630, // overlayfs, a container's
]);

/**
 * Whether paths are all on disks of this host, as far as is known.
 *
 * @param paths Absolute; what they lead to counts.
 */
export async function areLocal(paths: readonly string[]): Promise<boolean> {
  try {
    const found = await Promise.all(paths.map((path) => statfs(path)));
    return found.every(({ type }) => LOCAL_TYPES.has(type >>> 0));
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
