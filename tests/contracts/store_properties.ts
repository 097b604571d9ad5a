/**
 * What holds of stores whatever changes they are given: a few in the tests that
 * every change runs, many in those that take long.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Epoch } from "../../lib/base/ids.ts";
import { SqliteBanStore } from "../../lib/store/io/sqlite_ban_store.ts";
import { SqliteReplicaStore } from "../../lib/store/io/sqlite_replica_store.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { quota, replay } from "../support/values/replayed_bans.ts";
import { anyBatches, unnamed } from "../support/values/stored_changes.ts";
import { bansIn, storeWhole } from "../support/values/stored_replicas.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { bansOf, pruneAll } from "./ban_store_contract.ts";

const EPOCH = "ab".repeat(16) as Epoch;
const ANY_NOW_MS = fc.integer({ min: 0, max: 60_000 });

/** A publisher's bans are those that its changes lead to. @param runs How many stores. */
export async function storeHoldsWhatChangesLeadTo(runs: number): Promise<void> {
  await using dir = await TempDir.create();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      anyBatches,
      ANY_NOW_MS,
      fc.boolean(),
      async (batches, nowMs, prunes) => {
        const path = dir.path(`${++run}.sqlite3`);
        const twin = new MemoryBanStore();
        for (const changes of batches) {
          using store = SqliteBanStore.open({ path, durability: "process" });
          for (const each of [store, twin]) {
            await each.append(changes.map(unnamed), nowMs);
          }
          if (prunes) await pruneAll(store, nowMs, 0);
        }
        const all = replay(batches.flat(), new Map());
        using store = SqliteBanStore.open({ path, durability: "process" });
        deepStrictEqual(bansOf(store, nowMs), quota(all.values(), nowMs));
        deepStrictEqual(bansOf(twin, nowMs), bansOf(store, nowMs));
        if (!prunes) deepStrictEqual(store.since(0, 100), batches.flat());
      },
    ),
    { numRuns: runs },
  );
}

/** A copy's bans are those that its changes lead to. @param runs How many stores. */
export async function copyHoldsWhatChangesLeadTo(runs: number): Promise<void> {
  await using dir = await TempDir.create();
  let run = 0;
  fc.assert(
    fc.property(anyBatches, ANY_NOW_MS, (batches, nowMs) => {
      const path = dir.path(`${++run}.sqlite3`);
      {
        using store = SqliteReplicaStore.open(path);
        storeWhole(store, { epoch: EPOCH, seq: 0 }, []);
      }
      for (const changes of batches) {
        using store = SqliteReplicaStore.open(path);
        store.append(changes);
      }
      const all = replay(batches.flat(), new Map());
      using store = SqliteReplicaStore.open(path);
      deepStrictEqual(
        quota(bansIn(store.load()), nowMs),
        quota(all.values(), nowMs),
      );
    }),
    { numRuns: runs },
  );
}
