/**
 * Short functions for replicas in stores.
 *
 * @module
 */

import { type Ban, keyOf } from "../../../lib/ban/ban.ts";
import { BanBlock } from "../../../lib/ban/ban_block.ts";
import type {
  ReplicaMark,
  ReplicaStore,
  StoredReplica,
} from "../../../lib/ban/ban_store.ts";
import { replay } from "./replayed_bans.ts";

/** Stores a complete replica of one block. */
export function storeWhole(
  store: ReplicaStore,
  mark: ReplicaMark,
  bans: readonly Ban[],
): void {
  store.begin(mark);
  store.stage(BanBlock.of(bans), 0);
  store.commit();
}

/** The bans of a stored replica. */
export function bansIn(stored: StoredReplica | undefined): readonly Ban[] {
  const bans = new Map<string, Ban>();
  for (const ban of stored?.table.bans() ?? []) bans.set(keyOf(ban), ban);
  return [...replay(stored?.changes ?? [], bans).values()];
}

/** The sequence number of a stored replica. */
export function seqOf(stored: StoredReplica | undefined): number | undefined {
  return stored && stored.seq + stored.changes.length;
}
