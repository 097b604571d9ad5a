import { areLocal } from "../../../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../../../lib/tail/io/log_folder.ts";
import { FolderEvents } from "../../../lib/tail/io/folder_events.ts";
import { LogFollower } from "../../../lib/tail/log_follower.ts";
import type { LogPosition } from "../../../lib/tail/ports.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** Collects the lines from a follower of a real file in the background. */
export class FollowedLines implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly log = new MemoryLog();
  /** Number of files known to be lost. */
  gaps = 0;
  /** End of the last batch. */
  position: LogPosition | undefined;
  readonly #folder: DiskLogFolder;
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;

  private constructor(path: string, lookEveryMs: number) {
    this.#folder = new DiskLogFolder(path, this.log, {
      lookEveryMs,
      areLocal,
      watch: FolderEvents.open,
    });
  }

  /** @param lookEveryMs Interval between looks that no event causes. */
  static async begin(
    path: string,
    from?: LogPosition,
    lookEveryMs = 10,
  ): Promise<FollowedLines> {
    const followed = new FollowedLines(path, lookEveryMs);
    try {
      const follower = await LogFollower.begin({
        folder: followed.#folder,
        from,
        log: followed.log,
      });
      followed.#following = followed.#collect(follower);
      return followed;
    } catch (error) {
      await followed[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #collect(follower: LogFollower): Promise<void> {
    await using lines = follower;
    for await (const { bytes, end } of lines.batches(this.#stop.signal)) {
      this.gaps = lines.gaps;
      const text = new TextDecoder().decode(bytes);
      this.lines.push(...text.split("\n").slice(0, -1));
      this.position = end;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
    await this.#folder[Symbol.asyncDispose]();
  }
}
