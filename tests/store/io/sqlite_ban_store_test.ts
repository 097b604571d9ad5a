import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BAN_STORE_SCHEMA } from "../../../lib/store/ban_store_schema.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { UnusableStoreError } from "../../../lib/sqlite/store_errors.ts";
import type { StoreSchema } from "../../../lib/sqlite/migrations.ts";
import { fileHash } from "../../support/host/file_hash.ts";
import {
  banKeyAt,
  NOW_MS,
  report,
  reports,
  unnamed,
} from "../../support/values/stored_changes.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

/** As the next version of the program might have it. */
const NEXT_SCHEMA: StoreSchema = {
  ...BAN_STORE_SCHEMA,
  migrations: [
    ...BAN_STORE_SCHEMA.migrations,
    "CREATE TABLE remarks (seq INTEGER PRIMARY KEY, text TEXT) STRICT",
  ],
};

const VERSION = BAN_STORE_SCHEMA.migrations.length;

function pragma(path: string, name: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

async function modesIn(dir: TempDir): Promise<Record<string, string>> {
  const modes: Record<string, string> = {};
  for await (const { name } of Deno.readDir(dir.path())) {
    const { mode } = await Deno.stat(dir.path(name));
    modes[name] = ((mode ?? 0) & 0o777).toString(8);
  }
  return modes;
}

Deno.test("SqliteBanStore lets nobody else read its files", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  using store = SqliteBanStore.open({ path });
  await store.append(reports(10).map(unnamed), NOW_MS);
  const { "publisher.sqlite3.lock": lock, ...modes } = await modesIn(dir);
  deepStrictEqual(modes, {
    "publisher.sqlite3": "600",
    "publisher.sqlite3-shm": "600",
    "publisher.sqlite3-wal": "600",
  });
  ok(lock !== undefined);
  const noted = await Deno.readTextFile(`${path}.lock`);
  ok(/^[0-9a-f]{32} 0{14}10\n$/.test(noted), noted);
});

Deno.test("SqliteBanStore leaves nothing beside its file but the lock when it is closed", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  {
    using store = SqliteBanStore.open({ path });
    await store.append(reports(10).map(unnamed), NOW_MS);
  }
  deepStrictEqual(Object.keys(await modesIn(dir)).sort(), [
    "publisher.sqlite3",
    "publisher.sqlite3.lock",
  ]);
});

Deno.test("SqliteBanStore makes each database an epoch of its own", async () => {
  await using dir = await TempDir.create();
  const epochs = ["a", "b", "c"].map((name) => {
    using store = SqliteBanStore.open({ path: dir.path(name) });
    return store.epoch;
  });
  strictEqual(new Set(epochs).size, 3);
});

Deno.test("SqliteBanStore forces each batch to the disk for power, and leaves that to the kernel for process", async () => {
  await using dir = await TempDir.create();
  for (const durability of ["power", "process"] as const) {
    const path = dir.path(durability);
    using store = SqliteBanStore.open({ path, durability });
    strictEqual(store.durability, durability);
    strictEqual(pragma(path, "journal_mode"), "wal");
  }
});

Deno.test("SqliteBanStore is made anew after its program was killed while it made it", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await dir.write("publisher.sqlite3.new", "half a database", 0o644);
  await dir.write("publisher.sqlite3.new-journal", "half a journal", 0o644);
  using store = SqliteBanStore.open({ path });
  await store.append(reports(3).map(unnamed), NOW_MS);
  strictEqual([...store.table.bans()].length, 3);
  strictEqual((await modesIn(dir))["publisher.sqlite3"], "600");
});

Deno.test("SqliteBanStore is read by others while it writes: they have what was there at a moment", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  using store = SqliteBanStore.open({ path });
  await store.append(reports(5_000).map(unnamed), NOW_MS);
  using reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN");
  const size = () => new BanDatabase(reader).table.size;
  strictEqual(size(), 5_000);
  for (let more = 1; more <= 10; more++) {
    await store.append(
      [unnamed(report(store.seq + 1, banKeyAt(9_000 + more)))],
      0,
    );
    while (await store.settle());
  }
  strictEqual(size(), 5_000);
  reader.exec("COMMIT");
  strictEqual(size(), 5_010);
});

Deno.test("SqliteBanStore of an older version becomes one of the next, and a copy of it remains", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  const changes = reports(1_000);
  let epoch: string;
  {
    using store = SqliteBanStore.open({ path });
    await store.append(changes.map(unnamed), NOW_MS);
    epoch = store.epoch;
  }
  await dir.write(
    `publisher.sqlite3.v${VERSION}`,
    "of an attempt that was killed",
  );
  {
    using store = SqliteBanStore.open({ path, schema: NEXT_SCHEMA });
    strictEqual(store.epoch, epoch);
    deepStrictEqual(store.since(0, Infinity), changes);
    await store.append([unnamed(report(1_001, banKeyAt(1)))], NOW_MS);
  }
  strictEqual(pragma(path, "user_version"), VERSION + 1);
  const copy = `${path}.v${VERSION}`;
  strictEqual(pragma(copy, "user_version"), VERSION);
  strictEqual((await modesIn(dir))[`publisher.sqlite3.v${VERSION}`], "600");
  using store = SqliteBanStore.open({ path: copy });
  strictEqual(store.epoch, epoch);
  deepStrictEqual(store.since(0, Infinity), changes);
});

Deno.test("SqliteBanStore stays as it was when a migration fails", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  {
    using store = SqliteBanStore.open({ path });
    await store.append(reports(10).map(unnamed), NOW_MS);
  }
  const migrations = [
    ...NEXT_SCHEMA.migrations,
    "DROP TABLE log; CREATE TABLE receipts (again TEXT)",
  ];
  const schema = { ...NEXT_SCHEMA, migrations };
  throws(() => SqliteBanStore.open({ path, schema }), /already exists/);
  strictEqual(pragma(path, "user_version"), VERSION);
  using store = SqliteBanStore.open({ path });
  strictEqual(store.since(0, Infinity).length, 10);
});

Deno.test("SqliteBanStore refuses a database of a newer program, and leaves it as it is", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  SqliteBanStore.open({ path, schema: NEXT_SCHEMA })[Symbol.dispose]();
  const before = await fileHash(path);
  throws(() => SqliteBanStore.open({ path }), (error: unknown) => {
    ok(error instanceof UnusableStoreError);
    strictEqual(error.reason, "newer");
    const versions = `version is ${
      VERSION + 1
    }, and this program knows up to ${VERSION}`;
    ok(error.message.endsWith(versions));
    ok(/newer version of this program/.test(error.hint ?? ""));
    return true;
  });
  strictEqual(await fileHash(path), before);
});

Deno.test("SqliteBanStore says when its folder is missing", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path("no"));
  throws(() => SqliteBanStore.open({ path }), {
    name: "RuntimeError",
    message: /^cannot open .*\/no\/publisher\.sqlite3: /,
    hint: /statedir/,
  });
});

for (const [what, bytes] of [["without", 0], ["with half of", 0.5]] as const) {
  Deno.test(`SqliteBanStore notices that it is ${what} the write-ahead log that a killed program left, and begins another epoch`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    const copy = banStorePath(dir.path("killed"));
    await Deno.mkdir(dir.path("killed"));
    let epoch = "";
    {
      using store = SqliteBanStore.open({ path });
      await store.append(reports(10).map(unnamed), NOW_MS);
      epoch = store.epoch;
      for (const end of ["", "-wal", ".lock"]) {
        await Deno.copyFile(`${path}${end}`, `${copy}${end}`);
      }
    }
    {
      // Nothing is missing: the epoch stays.
      using again = SqliteBanStore.open({ path });
      deepStrictEqual([again.lostChanges, again.epoch], [0, epoch]);
    }
    const { size } = await Deno.stat(`${copy}-wal`);
    await Deno.truncate(`${copy}-wal`, Math.floor(size * bytes));
    for (const expected of [10, 0]) {
      using store = SqliteBanStore.open({ path: copy });
      strictEqual(store.lostChanges, expected);
      ok(store.epoch !== epoch);
      strictEqual(store.seq, 0);
    }
  });
}
