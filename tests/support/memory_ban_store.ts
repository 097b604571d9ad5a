/**
 * A publisher's memory that lasts as long as the process.
 *
 * @module
 */

import { type Ban, type BanKey, type Change, keyOf } from "../../lib/ban.ts";
import { evolve, withoutOver } from "../../lib/ban_decision.ts";
import type { Epoch, EventId } from "../../lib/cluster_messages.ts";
import type {
  BanStore,
  StoredReceipt,
  StoreEntry,
} from "../../lib/cluster_ports.ts";
import type { HostName } from "../../lib/host_name.ts";

let stores = 0;

/** Keeps everything in maps. */
export class MemoryBanStore implements BanStore {
  readonly epoch = String(++stores).padStart(32, "0") as Epoch;
  keptSince = 0;
  failure: Error | undefined;
  #changes: Change[] = [];
  readonly #bans = new Map<string, Ban>();
  readonly #events = new Map<string, number>();
  readonly #receipts = new Map<string, StoredReceipt>();

  get seq(): number {
    return this.#changes.at(-1)?.seq ?? this.keptSince;
  }

  append(entries: readonly StoreEntry[], nowMs: number): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    for (const { event, change } of entries) {
      if (event !== undefined) {
        this.#events.set(`${event.origin}|${event.id}`, nowMs);
      }
      if (change === undefined) continue;
      this.#changes.push(change);
      const after = evolve(this.#bans.get(keyOf(change)), change);
      if (after === undefined) this.#bans.delete(keyOf(change));
      else this.#bans.set(keyOf(change), after);
    }
    return Promise.resolve();
  }

  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#events.has(`${origin}|${id}`);
  }

  bans(nowMs: number): Iterable<Ban> {
    return [...this.#bans.values()].flatMap((ban) =>
      withoutOver(ban, nowMs) ?? []
    );
  }

  since(seq: number, max: number): readonly Change[] {
    return this.#changes.filter((change) => change.seq > seq).slice(0, max);
  }

  history(key: BanKey, max: number): readonly Change[] {
    return this.#changes.filter((change) => keyOf(change) === keyOf(key))
      .slice(-max);
  }

  keepReceipts(receipts: readonly StoredReceipt[]): Promise<void> {
    for (const receipt of receipts) {
      this.#receipts.set(
        `${keyOf(receipt)}|${receipt.node}|${receipt.action}`,
        receipt,
      );
    }
    return Promise.resolve();
  }

  receipts(key: BanKey): readonly StoredReceipt[] {
    return [...this.#receipts.values()].filter((each) =>
      keyOf(each) === keyOf(key)
    );
  }

  prune(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
