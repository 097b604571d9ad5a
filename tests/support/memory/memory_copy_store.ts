import type { CopyStore, RecordMark } from "../../../lib/ban/ban_store.ts";
import type { Epoch } from "../../../lib/base/ids.ts";
import { MemoryBanStore } from "./memory_ban_store.ts";

/** A publisher's store in memory that follows a shared log. */
export class MemoryCopyStore extends MemoryBanStore implements CopyStore {
  applied: RecordMark | undefined;

  follow(epoch: Epoch, mark: RecordMark): void {
    if (epoch !== this.epoch && this.seq > 0) throw new RangeError("its own");
    this.epoch = epoch;
    this.applied = mark;
  }

  async apply<T>(mark: RecordMark, work: () => Promise<T>): Promise<T> {
    const result = await work();
    this.applied = mark;
    return result;
  }
}
