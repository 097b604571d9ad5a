/**
 * Calls on files of a local disk that need no thread of their own.
 *
 * A call of Deno's that does not hold the event loop goes to another thread and
 * back: some 0.2 ms, for a `stat` that takes a microsecond. Where the disk is of
 * this host, a call is made at once instead, as long as the loop has turned a
 * moment ago. A file system of the network may not answer for minutes: its
 * calls all go the long way.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/statfs.2.html | statfs(2)}
 * @module
 */

import { statfs } from "node:fs/promises";

/** The event loop is held for so long at most, in milliseconds, and for one call more. */
const MAX_TURN_MS = 5;
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

/** Counts how long the event loop has been held, for the files of one log. */
export class BriefCalls {
  readonly #nowMs: () => number;
  /** When the loop last turned. */
  #turnedMs = -Infinity;

  /** @param nowMs A clock that is never set. @default {the runtime's} */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The loop has turned: others had their turn. */
  noteTurn(): void {
    this.#turnedMs = this.#nowMs();
  }

  /**
   * Makes a call, at once where that may be.
   *
   * @typeParam T What it gives.
   * @param isLocal Whether it concerns a disk of this host.
   * @param atOnce The call that holds the loop.
   * @param later The same that does not.
   */
  async make<T>(
    isLocal: boolean,
    atOnce: () => T,
    later: () => Promise<T>,
  ): Promise<T> {
    if (isLocal && this.#nowMs() - this.#turnedMs < MAX_TURN_MS) {
      return atOnce();
    }
    try {
      return await later();
    } finally {
      this.noteTurn();
    }
  }
}
