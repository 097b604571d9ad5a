/**
 * What every publisher's store keeps of imports.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { BanStore } from "../../lib/ban/ban_store.ts";
import type {
  ListedAddress,
  StoredImport,
} from "../../lib/ban/import_records.ts";
import { parseImportName } from "../../lib/base/operator_name.ts";
import { address } from "../support/values/core_values.ts";
import { NOW_MS } from "../support/values/stored_changes.ts";
import type { KeptStore } from "./ban_store_contract.ts";

function imported(
  nameText: string,
  others: Partial<StoredImport> = {},
): StoredImport {
  const name = parseImportName(nameText);
  ok(name);
  return {
    ...{ name, list: 1, entries: 0, atMs: NOW_MS + 0.5 },
    ...{ endsMs: Infinity, state: "taken", ...others },
  };
}

function listed(...texts: readonly string[]): readonly ListedAddress[] {
  return texts.map((text, at) => ({
    address: address(text),
    sinceMs: NOW_MS + at,
  }));
}

function entriesOf({ imports }: BanStore, list: number) {
  return imports.entries(list, undefined, 100);
}

/** What every store keeps of imports. */
export const IMPORT_BEHAVIOURS: Readonly<
  Record<string, (kept: KeptStore) => Promise<void>>
> = {
  "keeps a list in parts, and takes it in one step": async (
    { store, reopen },
  ) => {
    const { imports } = store;
    const list = imports.newList();
    await imports.stage(list, listed("192.0.2.1", "198.51.100.0/24"));
    await imports.stage(list, listed("2001:db8::/48"));
    deepStrictEqual(imports.all(), []);
    const drop = imported("drop", { list, entries: 3 });
    await imports.take(drop);
    for (const open of [() => store, reopen]) {
      const kept = open();
      deepStrictEqual(kept.imports.all(), [drop]);
      deepStrictEqual(entriesOf(kept, list), [
        { address: address("192.0.2.1"), sinceMs: NOW_MS },
        { address: address("198.51.100.0/24"), sinceMs: NOW_MS + 1 },
        { address: address("2001:db8::/48"), sinceMs: NOW_MS },
      ]);
    }
  },

  "gives the entries of a list in pages, and when one came": async (
    { store: { imports } },
  ) => {
    const all = listed("192.0.2.1", "192.0.2.2", "192.0.2.3");
    await imports.stage(7, all);
    await imports.stage(8, listed("192.0.2.9"));
    const first = imports.entries(7, undefined, 2);
    deepStrictEqual(first, all.slice(0, 2));
    deepStrictEqual(imports.entries(7, first[1]?.address, 2), all.slice(2));
    strictEqual(imports.sinceMs(7, address("192.0.2.3")), NOW_MS + 2);
    strictEqual(imports.sinceMs(7, address("192.0.2.9")), undefined);
  },

  "has one import of a name, and forgets it": async ({ store, reopen }) => {
    const { imports } = store;
    await imports.take(imported("b", { list: 2, state: "settled" }));
    await imports.take(imported("a"));
    const later = imported("b", { list: 3, entries: 9, state: "leaving" });
    await imports.take(later);
    deepStrictEqual(imports.all(), [imported("a"), later]);
    await imports.forget(later.name);
    deepStrictEqual(reopen().imports.all(), [imported("a")]);
  },

  "sweeps away lists that no import wants, and gives their numbers to nobody before":
    async ({ store, reopen }) => {
      const { imports } = store;
      await imports.stage(imports.newList(), listed("192.0.2.1"));
      await imports.take(imported("a", { list: 1, entries: 1 }));
      strictEqual(imports.newList(), 2);
      await imports.stage(2, listed("192.0.2.1", "192.0.2.2", "192.0.2.3"));
      strictEqual(reopen().imports.newList(), 3);
      const kept = reopen();
      ok(await kept.imports.sweep(2));
      strictEqual(entriesOf(kept, 2).length, 1);
      ok(await kept.imports.sweep(2));
      ok(!await kept.imports.sweep(2));
      deepStrictEqual(entriesOf(kept, 2), []);
      strictEqual(entriesOf(kept, 1).length, 1);
      strictEqual(kept.imports.newList(), 2);
    },
};
