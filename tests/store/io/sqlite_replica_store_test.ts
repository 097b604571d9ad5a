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
  report,
  reports,
} from "../../support/values/stored_changes.ts";
import { BanBlock, splitIntoBlocks } from "../../../lib/ban/ban_block.ts";
import { replay } from "../../support/values/replayed_bans.ts";
import { seqOf, storeWhole } from "../../support/values/stored_replicas.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const MARK = { epoch: "ab".repeat(16) as Epoch, seq: 0 };
const BLOCK_BANS = 100;

/** Bans in blocks, and changes after them. */

function fill(path: string): void {
  using store = SqliteReplicaStore.open(path);
  const bans = [...replay(reports(1_000), new Map()).values()];
  store.begin({ ...MARK, seq: 1_000 });
  for (const { bans: some } of splitIntoBlocks(bans, BLOCK_BANS)) {
    store.stage(BanBlock.of(some), 0);
  }
  store.commit();
  store.append(reports(1_000, 1_001));
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
  "of another number": (path) => {
    using database = new DatabaseSync(path);
    database.exec("UPDATE copies SET seq = seq - 1");
    return Promise.resolve(/a row of copies is not as it was written/);
  },
  "without a change": (path) => {
    using database = new DatabaseSync(path);
    database.exec("DELETE FROM changes WHERE seq = 1500");
    return Promise.resolve(/a row of changes is not as it was written/);
  },
  "without its last block": (path) => {
    using database = new DatabaseSync(path);
    database.exec("DELETE FROM blocks WHERE id = (SELECT max(id) FROM blocks)");
    return Promise.resolve(/a row of blocks is not as it was written/);
  },
  "changed by hand in a change": (path) => {
    using database = new DatabaseSync(path);
    database.exec("UPDATE changes SET node = 'web-9' WHERE seq = 1700");
    return Promise.resolve(/a row of changes is not as it was written/);
  },
  "changed by hand in a block": (path) => {
    using database = new DatabaseSync(path);
    database.exec(`UPDATE blocks SET bytes = (SELECT bytes FROM blocks
      ORDER BY id DESC LIMIT 1) WHERE id = (SELECT min(id) FROM blocks)`);
    return Promise.resolve(/a row of blocks is not as it was written/);
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
      storeWhole(store, MARK, []);
      store.append([report(1, banKeyAt(1))]);
    }
    strictEqual(await fileHash(`${path}.damaged`), before);
    using store = SqliteReplicaStore.open(path);
    strictEqual(store.quarantine, undefined);
    strictEqual(seqOf(store.load()), 1);
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
    throws(() => store.append(next), {
      name: "RuntimeError",
      message: "cannot keep bans: database is locked",
    });
    throws(() => store.begin(MARK), RuntimeError);
  } finally {
    holder.close();
  }
  store.append(next);
  strictEqual(seqOf(store.load()), 2_005);
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

function pagesOf(path: string): number {
  using reader = new DatabaseSync(path, { readOnly: true });
  return Number(reader.prepare("PRAGMA page_count").get()?.["page_count"]);
}

Deno.test("SqliteReplicaStore does not grow with what was written anew", async () => {
  await using dir = await TempDir.create();
  const path = replicaPath(dir.path());
  using store = SqliteReplicaStore.open(path);
  const sizes: number[] = [];
  for (let seq = 0; seq < 40_000; seq += 2_000) {
    storeWhole(store, { ...MARK, seq }, []);
    store.append(reports(2_000, seq + 1));
    sizes.push(pagesOf(path));
  }
  const [most, last] = [Math.max(...sizes.slice(4, 10)), sizes.at(-1) ?? 0];
  ok(last <= most, `${sizes}`);
});
