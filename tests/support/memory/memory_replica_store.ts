import { type Change, keyOf } from "../../../lib/ban/ban.ts";
import type {
  ReplicaStore,
  StoredReplica,
} from "../../../lib/ban/ban_store.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import { replay } from "../values/replayed_bans.ts";

/** A subscriber's copy that is lost with the process; fails when a test says so. */
export class MemoryReplicaStore implements ReplicaStore {
  /** What all that would keep something is refused with. */
  failure: RuntimeError | undefined;
  #replica: StoredReplica | undefined;

  load(): StoredReplica | undefined {
    return this.#replica;
  }

  append(changes: readonly Change[], nowMs: number): void {
    if (this.failure !== undefined) throw this.failure;
    const replica = this.#replica;
    if (replica === undefined) throw new RangeError("there is no copy yet");
    changes.forEach(({ seq }, index) => {
      if (seq !== replica.seq + 1 + index) throw new RangeError(`seq ${seq}`);
    });
    const before = new Map(replica.bans.map((ban) => [keyOf(ban), ban]));
    const bans = [...replay(changes, before).values()].flatMap((ban) => {
      const reports = ban.reports.filter(({ expiresMs }) => expiresMs > nowMs);
      return reports.length === 0 ? [] : [{ ...ban, reports }];
    });
    this.#replica = { ...replica, seq: replica.seq + changes.length, bans };
  }

  replace(replica: StoredReplica): void {
    if (this.failure !== undefined) throw this.failure;
    this.#replica = { ...replica, bans: [...replica.bans] };
  }
}
