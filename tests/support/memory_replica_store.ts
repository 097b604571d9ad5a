/**
 * A copy that lasts as long as the process.
 *
 * @module
 */

import { type Ban, type Change, keyOf } from "../../lib/ban.ts";
import { evolve } from "../../lib/ban_decision.ts";
import type { ReplicaStore, StoredReplica } from "../../lib/cluster_ports.ts";

/** Keeps a copy in a map. */
export class MemoryReplicaStore implements ReplicaStore {
  failure: Error | undefined;
  #stored: StoredReplica | undefined;

  load(): StoredReplica | undefined {
    return this.#stored;
  }

  append(changes: readonly Change[]): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#stored === undefined) throw new RangeError("no copy");
    const bans = new Map<string, Ban>(
      this.#stored.bans.map((ban) => [keyOf(ban), ban]),
    );
    let { seq } = this.#stored;
    for (const change of changes) {
      if (change.seq !== ++seq) throw new RangeError("a gap");
      const after = evolve(bans.get(keyOf(change)), change);
      if (after === undefined) bans.delete(keyOf(change));
      else bans.set(keyOf(change), after);
    }
    this.#stored = { ...this.#stored, seq, bans: [...bans.values()] };
  }

  replace(replica: StoredReplica): void {
    if (this.failure !== undefined) throw this.failure;
    this.#stored = replica;
  }
}
