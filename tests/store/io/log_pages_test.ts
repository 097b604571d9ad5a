import {
  deepStrictEqual,
  match,
  ok,
  strictEqual,
  throws,
} from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { StoreEntry } from "../../../lib/ban/ban_store.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import { UnusableStoreError } from "../../../lib/sqlite/store_errors.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import type { SnapshotPace } from "../../../lib/store/snapshots.ts";
import { emptyDatabase } from "../../support/store/empty_database.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { quota } from "../../support/values/replayed_bans.ts";
import {
  banKey,
  banKeyAt,
  eventName,
  lift,
  NOW_MS,
  report,
  withdraw,
} from "../../support/values/stored_changes.ts";

const PAGE_ROWS = 5;
/** No snapshot is due: all is read of the log. */
const PACE = { partBans: 3, minChanges: Infinity, pageRows: PAGE_ROWS };
const KEYS = [
  ...["192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8:1::/48"],
  ...["::", "198.51.100.255"],
].map((text, at) => banKey(text, at % 2 === 0 ? "sshd" : "nginx-http-auth"));

const anyEntry = fc.record({
  kind: fc.constantFrom("report", "report", "pending", "withdraw", "lift", ""),
  key: fc.constantFrom(...KEYS),
  origin: fc.constantFrom("web-1", "web-2", "web-3"),
  lastsMs: fc.constantFrom(0.25, 500, Infinity),
  hasEvent: fc.boolean(),
});
type Drawn = typeof anyEntry extends fc.Arbitrary<infer T> ? T : never;

/** Entries that follow a number; their events are named after the count of all. */
function entriesOf(
  drawn: readonly Drawn[],
  before: number,
  count: number,
): StoreEntry[] {
  let seq = before;
  return drawn.map(({ kind, key, origin, lastsMs, hasEvent }, at) => {
    const name = eventName(`event-${count + at}`, origin);
    if (kind === "") return { event: name, change: undefined };
    const event = hasEvent ? name : undefined;
    seq++;
    if (kind === "withdraw") {
      return { event, change: withdraw(seq, key, origin) };
    }
    if (kind === "lift") return { event, change: lift(seq, key) };
    const expiresMs = NOW_MS + seq + lastsMs;
    const isPending = kind === "pending";
    const change = { ...report(seq, key, { origin, expiresMs }), isPending };
    return { event, change };
  });
}

/** All that can be asked of a store. */
function contents(store: BanDatabase, entries: readonly StoreEntry[]) {
  return {
    seq: store.seq,
    bans: quota(store.table.bans(), -Infinity),
    known: entries.flatMap(({ event }) => event ? [store.hasEvent(event)] : []),
    past: KEYS.map((key) => store.history(key, Infinity)),
  };
}

Deno.test("a store is the same by its pages as by its rows, whatever is appended, undone and pruned", () => {
  const batch = fc.record({
    drawn: fc.array(anyEntry, { maxLength: 12 }),
    isUndone: fc.boolean(),
    prunes: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
    using database = emptyDatabase();
    const store = new BanDatabase(database, { ...PACE, minChanges: 20 });
    const all: StoreEntry[] = [];
    for (const { drawn, isUndone, prunes } of batches) {
      const entries = entriesOf(drawn, store.seq, all.length);
      if (isUndone) {
        const [again = { event: eventName("odd"), change: undefined }] =
          entries;
        const bad = {
          event: again.event ?? eventName("odd"),
          change: undefined,
        };
        let failure: unknown;
        try {
          store.append([...entries, bad, bad], NOW_MS);
        } catch (error) {
          failure = error;
        }
        ok(failure instanceof RangeError, String(failure));
      }
      store.append(entries, NOW_MS);
      all.push(...entries);
      while (prunes && store.settle());
      if (prunes) store.prune(NOW_MS + store.seq - 5, NOW_MS);
    }
    const expected = contents(store, all);
    const byPages = new BanDatabase(database, PACE);
    deepStrictEqual(contents(byPages, all), expected);
    strictEqual(byPages.damage, undefined);
    database.exec("DELETE FROM log_pages");
    deepStrictEqual(contents(new BanDatabase(database, PACE), all), expected);
  }));
});

function pagesOf(path: string): readonly (readonly number[])[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare("SELECT first, rows FROM log_pages ORDER BY first")
    .all().map(({ first, rows }) => [Number(first), Number(rows)]);
}

/** A store of 23 rows: four pages, and three rows after them. */
async function fill(path: string): Promise<readonly StoreEntry[]> {
  using store = SqliteBanStore.open({ path, pace: PACE });
  const entries = Array.from({ length: 23 }, (_, at) => ({
    event: eventName(`event-${at}`),
    change: report(at + 1, banKeyAt(at % 19)),
  }));
  for (const entry of entries) await store.append([entry], NOW_MS);
  return entries;
}

const SECOND = "first = (SELECT min(first) FROM log_pages) + 5";
const DAMAGES: Readonly<Record<string, string>> = {
  "is missing": `DELETE FROM log_pages WHERE ${SECOND}`,
  "has another hash": `
    UPDATE log_pages SET hashes = CAST(
      x'55' || substr(hashes, 2) AS BLOB) WHERE ${SECOND}`,
  "has another change": `
    UPDATE log_pages SET changes = CAST(
      substr(changes, 1, 90) || x'55' || substr(changes, 92) AS BLOB)
    WHERE ${SECOND}`,
  "has more rows than there are": `
    UPDATE log_pages SET rows = 1000 WHERE ${SECOND}`,
  "is of another number": `UPDATE log_pages SET seq = 3 WHERE ${SECOND}`,
  "stands elsewhere": `UPDATE log_pages SET first = 1000 WHERE ${SECOND}`,
  ...Object.fromEntries(
    ["first", "rows", "seq", "sum", "changes_sum"].map((column) => [
      `has a number too large to be read as its ${column}`,
      `UPDATE log_pages SET ${column} = 9007199254740993 WHERE ${SECOND}`,
    ]),
  ),
};

for (const [what, sql] of Object.entries(DAMAGES)) {
  Deno.test(`SqliteBanStore reads the rows of a page that ${what}, and writes it anew`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    const entries = await fill(path);
    const pages = [[1, 5], [6, 5], [11, 5], [16, 5]];
    deepStrictEqual(pagesOf(path), pages);
    {
      using database = new DatabaseSync(path);
      database.exec(sql);
    }
    {
      using store = SqliteBanStore.open({ path, pace: PACE });
      strictEqual([...store.table.bans()].length, 19);
      for (const { event } of entries) {
        ok(event && store.hasEvent(event.origin, event.id));
      }
      match(store.damage ?? "", /^a page of the log, from row 6 on/);
      while (await store.settle());
    }
    deepStrictEqual(pagesOf(path).slice(0, 4), pages);
    using store = SqliteBanStore.open({ path, pace: PACE });
    strictEqual(store.damage, undefined);
    strictEqual([...store.table.bans()].length, 19);
  });
}

for (
  const [where, sql] of [
    ["that is in no page yet", "DELETE FROM log WHERE position = 22"],
    [
      "whose page is missing",
      "DELETE FROM log WHERE position = 8; DELETE FROM log_pages WHERE first = 6",
    ],
    ["that is the last of its page", "DELETE FROM log WHERE position = 10"],
  ] as const
) {
  Deno.test(`SqliteBanStore refuses a log without a row ${where}`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    await fill(path);
    {
      using database = new DatabaseSync(path);
      database.exec(sql);
    }
    throws(
      () => SqliteBanStore.open({ path, pace: PACE }),
      (error: unknown) => {
        ok(error instanceof UnusableStoreError, String(error));
        match(error.message, /missing|not as it was written/);
        return true;
      },
    );
  });
}

/** A database of so many rows, a millisecond after each other. */
function filled(pace: SnapshotPace): {
  readonly database: DatabaseSync;
  readonly store: BanDatabase;
} {
  const database = emptyDatabase();
  const store = new BanDatabase(database, pace);
  for (let at = 0; at < 23; at++) {
    const change = report(at + 1, banKeyAt(at % 19));
    const event = eventName(`event-${at}`);
    store.append([{ event, change }], NOW_MS + at + 1);
  }
  while (store.settle());
  return { database, store };
}

function firstPages(database: DatabaseSync): readonly number[] {
  return database.prepare("SELECT first FROM log_pages ORDER BY first").all()
    .map(({ first }) => Number(first));
}

const SNAPSHOTS = { ...PACE, minChanges: 2 };

Deno.test("a damaged page that was cut by pruning is gone once its rows are in another", () => {
  const { database, store } = filled(SNAPSHOTS);
  using _ = database;
  while (store.prune(NOW_MS + 8, NOW_MS + 100) || store.settle());
  strictEqual(firstPages(database)[0], 6);
  for (const damage of ["rows = 1000000", "sum = sum + 1"]) {
    database.exec(`UPDATE log_pages SET ${damage} WHERE first < 11`);
    const again = new BanDatabase(database, SNAPSHOTS);
    match(again.damage ?? "", /a page of the log, from row 8 on/);
    while (again.settle());
    deepStrictEqual(firstPages(database), [8, 11, 16]);
    strictEqual(new BanDatabase(database, SNAPSHOTS).damage, undefined);
  }
});

Deno.test("a page that can't be written is written later", () => {
  using database = filled(PACE).database;
  database.exec(`DELETE FROM log_pages WHERE first = 6;
    CREATE TEMP TRIGGER full BEFORE INSERT ON main.log_pages
    BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
  const store = new BanDatabase(database, PACE);
  throws(() => store.settle(), /database or disk is full/);
  database.exec("DROP TRIGGER full");
  while (store.settle());
  deepStrictEqual(firstPages(database), [1, 6, 11, 16]);
});

Deno.test("no page is left of rows that were all pruned: the next ones have their positions", () => {
  using database = filled(SNAPSHOTS).database;
  database.exec("DELETE FROM log_pages WHERE first < 16");
  const store = new BanDatabase(database, SNAPSHOTS);
  const laterMs = NOW_MS + 1_000_000;
  while (store.prune(laterMs, laterMs + 1) || store.settle());
  deepStrictEqual(firstPages(database), []);
  const names = Array.from({ length: 40 }, (_, at) => eventName(`new-${at}`));
  const next = new BanDatabase(database, SNAPSHOTS);
  for (const event of names) {
    next.append([{ event, change: undefined }], laterMs);
  }
  const again = new BanDatabase(database, SNAPSHOTS);
  strictEqual(again.damage, undefined);
  ok(names.every((event) => again.hasEvent(event)));
});

Deno.test("a page that takes the place of one that is refused stays", () => {
  using database = filled(PACE).database;
  database.exec("UPDATE log_pages SET first = 21, rows = 4 WHERE first = 6");
  const store = new BanDatabase(database, PACE);
  for (let at = 23; at < 26; at++) {
    const change = report(at + 1, banKeyAt(at % 19));
    store.append([{ event: eventName(`event-${at}`), change }], NOW_MS);
  }
  while (store.settle());
  deepStrictEqual(firstPages(database), [1, 6, 11, 16, 21]);
  strictEqual(new BanDatabase(database, PACE).damage, undefined);
});
