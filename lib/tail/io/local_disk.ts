/**
 * Distinguishes local disks from network file systems.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/statfs.2.html | statfs(2)}
 * @module
 */

import { statfs } from "node:fs/promises";

/** Types that `statfs` reports for local file systems. */
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
 * Whether all paths are known to be on local disks.
 *
 * @param paths Absolute paths; links are followed.
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
