import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { BAN_STORE_BEHAVIOURS } from "./ban_store_contract.ts";
import { IMPORT_BEHAVIOURS } from "./ban_store_imports.ts";
import { RECEIPT_BEHAVIOURS } from "./ban_store_receipts.ts";
import { RECORD_BEHAVIOURS } from "./ban_store_records.ts";
import { storeHoldsWhatChangesLeadTo } from "./store_properties.ts";

const BEHAVIOURS = {
  ...BAN_STORE_BEHAVIOURS,
  ...RECEIPT_BEHAVIOURS,
  ...RECORD_BEHAVIOURS,
  ...IMPORT_BEHAVIOURS,
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

Deno.test("SqliteBanStore's bans are those that its changes lead to, whatever happened, was forgotten, and whenever it was opened again", () =>
  storeHoldsWhatChangesLeadTo(10));
