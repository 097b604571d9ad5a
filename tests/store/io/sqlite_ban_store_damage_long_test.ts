import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { UnusableStoreError } from "../../../lib/sqlite/store_errors.ts";
import { fileHash } from "../../support/host/file_hash.ts";
import { quota } from "../../support/values/replayed_bans.ts";
import {
  banKeyAt,
  eventName,
  NOW_MS,
  receipt,
  report,
  withdraw,
} from "../../support/values/stored_changes.ts";
import { report as tell } from "../../support/bench/tally.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const CHANGES = 1_500;
/** A snapshot has the bans of so many of them. */
const SNAPSHOT_CHANGES = 600;
const PACE = { partBans: 200, minChanges: 500 };
const FLIPS = 300;
const SEED = 20_261_125;

/** Makes a store with something in every table. */
async function fill(path: string): Promise<void> {
  using store = SqliteBanStore.open({ path, pace: PACE });
  const entries = Array.from({ length: CHANGES }, (_, index) => {
    const seq = index + 1;
    const key = banKeyAt(seq % 1_000);
    const expiresMs = seq % 3 === 0 ? NOW_MS + 60_000 + seq : Infinity;
    const change = seq % 11 === 0
      ? withdraw(seq, key)
      : report(seq, key, { expiresMs, origin: `web-${seq % 5}` });
    return { event: eventName(`event-${seq}`), change };
  });
  await store.append(entries.slice(0, SNAPSHOT_CHANGES), NOW_MS);
  while (await store.settle());
  await store.append(entries.slice(SNAPSHOT_CHANGES), NOW_MS);
  await store.keepTime({ aheadMs: 3_600_000, seenMs: NOW_MS });
  await store.keepReceipts(
    entries.map((_, index) => receipt(banKeyAt(index % 1_000))),
  );
}

/** All that a publisher starts from, as text. */
function contents(path: string): string {
  using store = SqliteBanStore.open({ path });
  const { epoch, seq, keptSince, time } = store;
  const bans = quota(store.table.bans(), NOW_MS);
  const changes = store.since(0, Infinity);
  return JSON.stringify([epoch, seq, keptSince, time, bans, changes]);
}

function isDamage(message: RegExp) {
  return (error: unknown) => {
    ok(error instanceof UnusableStoreError, String(error));
    strictEqual(error.reason, "damaged");
    ok(message.test(error.message), error.message);
    ok(/OPERATIONS\.md/.test(error.hint ?? ""));
    return true;
  };
}

/** Damages of a file, and what is said of them. */
const DAMAGES: Readonly<
  Record<string, (path: string) => Promise<RegExp>>
> = {
  "cut in half": async (path) => {
    const { size } = await Deno.stat(path);
    await Deno.truncate(path, size / 2 - 100);
    return /malformed|not a database/;
  },
  "cut to its first bytes": async (path) => {
    await Deno.truncate(path, 60);
    return /it is none of this program's$/;
  },
  "empty": async (path) => {
    await Deno.truncate(path, 0);
    return /it is empty$/;
  },
  "no database": async (path) => {
    await Deno.writeTextFile(path, "no database".repeat(1_000));
    return /not a database/;
  },
  "another program's database": async (path) => {
    await Deno.remove(path);
    using other = new DatabaseSync(path);
    other.exec("CREATE TABLE bans (jail TEXT); PRAGMA user_version = 1");
    return /it is none of this program's$/;
  },
  "overwritten in the middle": async (path) => {
    using file = await Deno.open(path, { write: true });
    const { size } = await file.stat();
    await file.seek(size / 2, Deno.SeekMode.Start);
    await file.write(new Uint8Array(8_192).fill(0xa5));
    return /it is damaged: |malformed/;
  },
};

for (const [damage, inflict] of Object.entries(DAMAGES)) {
  Deno.test(`SqliteBanStore refuses a file that is ${damage}, and leaves it as it is`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    await fill(path);
    const message = await inflict(path);
    const before = await fileHash(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      throws(() => SqliteBanStore.open({ path }), isDamage(message));
    }
    strictEqual(await fileHash(path), before);
  });
}

Deno.test("SqliteBanStore refuses a write-ahead log without its file, and leaves it as it is", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await dir.write("publisher.sqlite3-wal", "what a killed publisher left");
  throws(() => SqliteBanStore.open({ path }), isDamage(/-wal is without its/));
  strictEqual(
    await Deno.readTextFile(`${path}-wal`),
    "what a killed publisher left",
  );
});

Deno.test("SqliteBanStore leaves a damaged file as it is also after its program was killed", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await fill(path);
  const copy = banStorePath(dir.path("killed"));
  await Deno.mkdir(dir.path("killed"));
  {
    using store = SqliteBanStore.open({ path });
    const change = report(CHANGES + 1, banKeyAt(7));
    await store.append([{ event: undefined, change }], NOW_MS);
    await Deno.copyFile(`${path}-wal`, `${copy}-wal`);
  }
  await Deno.copyFile(path, copy);
  await DAMAGES["overwritten in the middle"]?.(copy);
  const before = [await fileHash(copy), await fileHash(`${copy}-wal`)];
  throws(() => SqliteBanStore.open({ path: copy }), UnusableStoreError);
  deepStrictEqual(
    [await fileHash(copy), await fileHash(`${copy}-wal`)],
    before,
  );
});

Deno.test(`SqliteBanStore with one bit flipped says so or has what it had, at ${FLIPS} places (case 25)`, async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await fill(path);
  const expected = contents(path);
  const good = await Deno.readFile(path);
  const flipped = banStorePath(dir.path("flipped"));
  await Deno.mkdir(dir.path("flipped"));
  const counts = { seed: SEED, bytes: good.length, refused: 0, same: 0 };
  let chance = SEED;
  for (let flip = 0; flip < FLIPS; flip++) {
    chance = Math.imul(chance, 48_271) >>> 0;
    const bytes = good.slice();
    const place = Math.floor(chance / 2 ** 32 * bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ 1 << (flip % 8);
    await Deno.writeFile(flipped, bytes);
    const before = await fileHash(flipped);
    try {
      strictEqual(contents(flipped), expected, `bit ${flip % 8} of ${place}`);
      counts.same++;
    } catch (error) {
      if (!(error instanceof UnusableStoreError)) throw error;
      counts.refused++;
    }
    strictEqual(await fileHash(flipped), before);
  }
  tell("one bit flipped", counts);
  ok(counts.refused > FLIPS / 3, `${counts.refused} refused`);
});

Deno.test("SqliteBanStore refuses a file in which a report ends before it did", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await fill(path);
  {
    using database = new DatabaseSync(path);
    database.exec(`
      UPDATE log SET expires_ms = 2 WHERE position = 700`);
  }
  throws(
    () => SqliteBanStore.open({ path }),
    isDamage(/a row of log is not as it was written$/),
  );
});

Deno.test("SqliteBanStore refuses every file whose header has a flipped bit, or has what it had", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  await fill(path);
  const expected = contents(path);
  const good = await Deno.readFile(path);
  const flipped = banStorePath(dir.path("flipped"));
  await Deno.mkdir(dir.path("flipped"));
  let refused = 0;
  for (let place = 0; place < 100; place++) {
    const bytes = good.slice();
    bytes[place] = (bytes[place] ?? 0) ^ 1 << (place % 8);
    await Deno.writeFile(flipped, bytes);
    try {
      strictEqual(contents(flipped), expected, `byte ${place}`);
    } catch (error) {
      if (!(error instanceof UnusableStoreError)) throw error;
      refused++;
    }
    for (const end of ["-wal", "-shm", "-journal"]) {
      await Deno.remove(`${flipped}${end}`).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
  ok(refused > 20, `${refused} refused`);
});
