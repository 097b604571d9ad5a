import { ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Epoch } from "../../../lib/base/ids.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  replicaPath,
  SqliteReplicaStore,
} from "../../../lib/store/io/sqlite_replica_store.ts";
import { fileHash } from "../../support/host/file_hash.ts";
import {
  banKeyAt,
  NOW_MS,
  report,
  reports,
} from "../../support/values/stored_changes.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const EMPTY = { epoch: "ab".repeat(16) as Epoch, seq: 0, bans: [] };

function fill(path: string): void {
  using store = SqliteReplicaStore.open(path);
  store.replace(EMPTY);
  store.append(reports(2_000), NOW_MS);
}

/** Damages of a file, and what is said of them. */
const DAMAGES: Readonly<Record<string, (path: string) => Promise<RegExp>>> = {
  "cut in half": async (path) => {
    const { size } = await Deno.stat(path);
    await Deno.truncate(path, size / 2);
    return /malformed/;
  },
  "empty": async (path) => {
    await Deno.truncate(path, 0);
    return /it is empty/;
  },
  "no database": async (path) => {
    await Deno.writeTextFile(path, "no database".repeat(1_000));
    return /not a database/;
  },
  "of a newer program": (path) => {
    using database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    return Promise.resolve(/its version is 99/);
  },
  "without its last number": (path) => {
    using database = new DatabaseSync(path);
    database.exec("UPDATE meta SET seq = seq - 1");
    return Promise.resolve(/a row of meta is not as it was written/);
  },
  "changed by hand": (path) => {
    using database = new DatabaseSync(path);
    database.exec("UPDATE reports SET origin = 'web-9' WHERE ban = 1000");
    return Promise.resolve(/a row of reports is not as it was written/);
  },
};

for (const [damage, inflict] of Object.entries(DAMAGES)) {
  Deno.test(`SqliteReplicaStore puts a file aside that is ${damage}, and starts empty`, async () => {
    await using dir = await TempDir.create();
    const path = replicaPath(dir.path());
    fill(path);
    await dir.write("replica.sqlite3.damaged", "of the last time");
    const message = await inflict(path);
    const before = await fileHash(path);
    {
      using store = SqliteReplicaStore.open(path);
      strictEqual(store.load(), undefined);
      strictEqual(store.quarantine?.path, `${path}.damaged`);
      ok(
        message.test(store.quarantine?.reason ?? ""),
        store.quarantine?.reason,
      );
      store.replace(EMPTY);
      store.append([report(1, banKeyAt(1))], NOW_MS);
    }
    strictEqual(await fileHash(`${path}.damaged`), before);
    using store = SqliteReplicaStore.open(path);
    strictEqual(store.quarantine, undefined);
    strictEqual(store.load()?.seq, 1);
    strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  });
}

Deno.test("SqliteReplicaStore refuses while another holds its file, and keeps all of a batch after that", async () => {
  await using dir = await TempDir.create();
  const path = replicaPath(dir.path());
  fill(path);
  using store = SqliteReplicaStore.open(path);
  const holder = new DatabaseSync(path);
  const next = reports(5, 2_001);
  try {
    holder.exec("BEGIN EXCLUSIVE");
    throws(() => store.append(next, NOW_MS), {
      name: "RuntimeError",
      message: "cannot keep bans: database is locked",
    });
    throws(() => store.replace(EMPTY), RuntimeError);
  } finally {
    holder.close();
  }
  store.append(next, NOW_MS);
  strictEqual(store.load()?.seq, 2_005);
});

Deno.test("SqliteReplicaStore lets no second one in as long as it is open", async () => {
  await using dir = await TempDir.create();
  const path = replicaPath(dir.path());
  {
    using _store = SqliteReplicaStore.open(path);
    throws(() => SqliteReplicaStore.open(path), {
      message: `another program has ${path}`,
      hint: /running already/,
    });
  }
  SqliteReplicaStore.open(path)[Symbol.dispose]();
});

Deno.test("SqliteReplicaStore begins anew with a write-ahead log that is without its file", async () => {
  await using dir = await TempDir.create();
  const path = replicaPath(dir.path());
  await dir.write("replica.sqlite3-wal", "of a file that was removed");
  using store = SqliteReplicaStore.open(path);
  strictEqual(store.load(), undefined);
  ok(/-wal is without its file/.test(store.quarantine?.reason ?? ""));
});

Deno.test("SqliteReplicaStore does not grow with reports that are over", async () => {
  await using dir = await TempDir.create();
  const path = replicaPath(dir.path());
  using store = SqliteReplicaStore.open(path);
  store.replace(EMPTY);
  for (let seq = 1; seq <= 3_000; seq++) {
    const expiresMs = NOW_MS + seq + 50;
    store.append([report(seq, banKeyAt(seq), { expiresMs })], NOW_MS + seq);
  }
  strictEqual(store.load()?.bans.length, 50);
});
