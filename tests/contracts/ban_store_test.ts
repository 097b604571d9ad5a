import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { quota, replay } from "../support/values/replayed_bans.ts";
import { anyBatches, unnamed } from "../support/values/stored_changes.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import {
  BAN_STORE_BEHAVIOURS,
  bansOf,
  pruneAll,
} from "./ban_store_contract.ts";
import { RECEIPT_BEHAVIOURS } from "./ban_store_receipts.ts";
import { RECORD_BEHAVIOURS } from "./ban_store_records.ts";

const BEHAVIOURS = {
  ...BAN_STORE_BEHAVIOURS,
  ...RECEIPT_BEHAVIOURS,
  ...RECORD_BEHAVIOURS,
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryBanStore ${behaviour}`, async () => {
    const store = new MemoryBanStore();
    await show({ store, reopen: () => store });
  });

  Deno.test(`SqliteBanStore ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    let store = SqliteBanStore.open({ path });
    try {
      await show({
        store,
        reopen: () => {
          store[Symbol.dispose]();
          store = SqliteBanStore.open({ path, durability: "process" });
          return store;
        },
      });
    } finally {
      store[Symbol.dispose]();
    }
  });
}

Deno.test("SqliteBanStore's bans are those that its changes lead to, whatever happened, was forgotten, and whenever it was opened again", async () => {
  await using dir = await TempDir.create();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      anyBatches,
      fc.integer({ min: 0, max: 60_000 }),
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
    { numRuns: 100 },
  );
});
