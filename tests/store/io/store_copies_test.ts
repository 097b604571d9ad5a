import {
  deepStrictEqual,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Ban } from "../../../lib/ban/ban.ts";
import type { StoredImport } from "../../../lib/ban/import_records.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  importOrigin,
  parseImportName,
} from "../../../lib/base/operator_name.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import {
  replicaPath,
  SqliteReplicaStore,
} from "../../../lib/store/io/sqlite_replica_store.ts";
import { copyStore, returnStore } from "../../../lib/store/io/store_copies.ts";
import { fileHash } from "../../support/host/file_hash.ts";
import { storeWhole } from "../../support/values/stored_replicas.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import {
  banKeyAt,
  NOW_MS,
  report,
  reports,
} from "../../support/values/stored_changes.ts";

const entriesOf = (count: number) =>
  reports(count).map((change) => ({ event: undefined, change }));

function bansOf(store: Iterable<Ban>): string[] {
  return [...store].map((ban) => JSON.stringify(ban)).sort();
}

async function filled(path: string, count: number): Promise<SqliteBanStore> {
  const store = SqliteBanStore.open({ path });
  await store.append(entriesOf(count), NOW_MS);
  return store;
}

Deno.test("a store is copied as it is at a moment, while it is written to, and is put back in an epoch of its own", async () => {
  await using dir = await TempDir.create();
  const [path, copy] = [banStorePath(dir.path()), dir.path("copy.sqlite3")];
  const store = await filled(path, 500);
  deepStrictEqual(await copyStore(path, copy, NOW_MS), { bans: 500, seq: 500 });
  const { mode } = await Deno.stat(copy);
  strictEqual((mode ?? 0) & 0o777, 0o600);
  const before = { epoch: store.epoch, bans: bansOf(store.table.bans()) };
  await store.append(
    [{ event: undefined, change: report(501, banKeyAt(501)) }],
    NOW_MS,
  );
  await rejects(
    () => returnStore({ from: copy, kind: "store", path, nowMs: NOW_MS }),
    /another program has/,
  );
  store[Symbol.dispose]();

  const returned = await returnStore({
    ...{ from: copy, kind: "store", path, nowMs: NOW_MS },
  });
  deepStrictEqual(returned, {
    ...{ bans: 500, seq: 500, before: `${path}.before` },
  });
  using again = SqliteBanStore.open({ path });
  notStrictEqual(again.epoch, before.epoch);
  deepStrictEqual(bansOf(again.table.bans()), before.bans);
  strictEqual(again.seq, 500);
  strictEqual(again.lostChanges, 0);
  // Its history is that of the copy.
  strictEqual(again.since(0, 1_000).length, 500);
  using kept = SqliteBanStore.open({ path: `${path}.before` });
  strictEqual(kept.seq, 501);
});

Deno.test("a store is made of a subscriber's copy: its bans, and their reports; those that are over are left out", async () => {
  await using dir = await TempDir.create();
  const from = replicaPath(dir.path());
  using store = await filled(dir.path("hub.sqlite3"), 300);
  const bans = bansOf(store.table.bans());
  const copy = SqliteReplicaStore.open(from);
  const mark = { epoch: store.epoch, seq: 300 };
  storeWhole(copy, mark, [...store.table.bans()]);
  const over = { ...report(301, banKeyAt(301)), expiresMs: NOW_MS };
  copy.append([over]);
  copy[Symbol.dispose]();

  const path = banStorePath(dir.path());
  deepStrictEqual(
    await returnStore({ from, kind: "replica", path, nowMs: NOW_MS }),
    {
      ...{ bans: 300, seq: 301, before: undefined },
    },
  );
  using made = SqliteBanStore.open({ path });
  notStrictEqual(made.epoch, store.epoch);
  deepStrictEqual(bansOf(made.table.bans()), bans);
  // Nobody knows what was before: who asks gets the whole table.
  deepStrictEqual([made.seq, made.keptSince], [301, 301]);
  await made.append(
    [{ event: undefined, change: report(302, banKeyAt(302)) }],
    NOW_MS,
  );
});

Deno.test("what a store is made of is checked first: nothing is changed where it is damaged", async () => {
  await using dir = await TempDir.create();
  const [path, copy] = [banStorePath(dir.path()), dir.path("copy.sqlite3")];
  (await filled(path, 200))[Symbol.dispose]();
  await copyStore(path, copy, NOW_MS);
  {
    using database = new DatabaseSync(copy);
    database.exec("UPDATE log SET address = '192.0.2.99' WHERE position = 100");
  }
  const hash = await fileHash(path);
  for (const from of [copy, dir.path("nothing"), dir.path()]) {
    await rejects(
      () => returnStore({ from, kind: "store", path, nowMs: NOW_MS }),
      RuntimeError,
      from,
    );
    strictEqual(await fileHash(path), hash);
    const entries = await Array.fromAsync(Deno.readDir(dir.path()));
    deepStrictEqual(entries.filter(({ name }) => name.includes(".new")), []);
  }
  // The one is no copy of the other's kind.
  await rejects(
    () => returnStore({ from: path, kind: "replica", path, nowMs: NOW_MS }),
    /none of this program's/,
  );
  using whole = SqliteBanStore.open({ path });
  strictEqual(bansOf(whole.table.bans()).length, 200);
});

Deno.test("imports come back with a store, and their bans with a subscriber's copy, too", async () => {
  await using dir = await TempDir.create();
  const [path, copy] = [banStorePath(dir.path()), dir.path("copy.sqlite3")];
  const name = parseImportName("drop");
  ok(name);
  const origin = importOrigin(name);
  const change = { ...report(1, banKeyAt(1)), origin };
  const { address } = change;
  const drop: StoredImport = {
    ...{ name, list: 1, entries: 1, atMs: NOW_MS },
    ...{ endsMs: Infinity, state: "settled" },
  };
  {
    using store = SqliteBanStore.open({ path });
    await store.append([{ event: undefined, change }], NOW_MS);
    await store.imports.stage(1, [{ address, sinceMs: NOW_MS }]);
    await store.imports.take(drop);
    await copyStore(path, copy, NOW_MS);
  }
  await returnStore({ from: copy, kind: "store", path, nowMs: NOW_MS });
  using again = SqliteBanStore.open({ path });
  deepStrictEqual(again.imports.all(), [drop]);
  strictEqual(again.imports.sinceMs(1, address), NOW_MS);
  const [ban] = again.table.bans();
  ok(ban);
  strictEqual(ban.reports[0]?.origin, origin);

  const from = replicaPath(dir.path());
  {
    using replica = SqliteReplicaStore.open(from);
    storeWhole(replica, { epoch: again.epoch, seq: 1 }, [ban]);
  }
  const other = dir.path("other.sqlite3");
  await returnStore({ from, kind: "replica", path: other, nowMs: NOW_MS });
  using made = SqliteBanStore.open({ path: other });
  deepStrictEqual(made.imports.all(), []);
  deepStrictEqual(bansOf(made.table.bans()), bansOf(again.table.bans()));
});
