import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Change } from "../../../lib/ban/ban.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { UnusableStoreError } from "../../../lib/sqlite/store_errors.ts";
import { emptyDatabase } from "../../support/store/empty_database.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { quota, replay } from "../../support/values/replayed_bans.ts";
import {
  banKeyAt,
  NOW_MS,
  report,
  unnamed,
  withdraw,
} from "../../support/values/stored_changes.ts";

/** A snapshot of few bans takes many steps, and a log of few rows many pages. */
const PACE = { partBans: 3, minChanges: 10, pageRows: 7 };

/** Any change of one of a few bans, by its number. */
function changeOf(seq: number, chance: number): Change {
  const key = banKeyAt(chance % 23);
  const origin = `web-${chance % 3}`;
  return chance % 4 === 0
    ? withdraw(seq, key, origin)
    : report(seq, key, { origin });
}

function bansOf(store: { readonly table: SqliteBanStore["table"] }) {
  return quota(store.table.bans(), NOW_MS);
}

Deno.test("a table is what its changes lead to, whatever changed while its snapshot was written, and wherever that was cut off", () => {
  const anySteps = fc.array(fc.nat({ max: 1_000 }), {
    minLength: 20,
    maxLength: 200,
  });
  fc.assert(
    fc.property(anySteps, fc.boolean(), (steps, prunes) => {
      using database = emptyDatabase();
      const store = new BanDatabase(database, PACE);
      const changes: Change[] = [];
      for (const chance of steps) {
        const change = changeOf(store.seq + 1, chance);
        changes.push(change);
        store.append([unnamed(change)], NOW_MS);
        if (chance % 3 !== 0) store.settle();
        if (prunes && chance % 50 === 0) store.prune(change.atMs - 5, NOW_MS);
        if (chance % 20 !== 0) continue;
        const again = new BanDatabase(database, PACE);
        deepStrictEqual(
          bansOf(again),
          quota(replay(changes, new Map()).values(), NOW_MS),
        );
        strictEqual(again.seq, store.seq);
        strictEqual(again.damage, undefined);
      }
    }),
    { numRuns: 60 },
  );
});

/** A store with two snapshots of 30 bans, and changes after them. */
async function filled(path: string, prunes: boolean): Promise<void> {
  using store = SqliteBanStore.open({ path, pace: PACE });
  for (const [count, bans] of [[30, 30], [60, 30], [7, 37]] as const) {
    const changes = Array.from({ length: count }, (_, index) => {
      const seq = store.seq + 1 + index;
      return report(seq, banKeyAt(bans - seq % Math.min(count, 30)));
    });
    await store.append(changes.map(unnamed), NOW_MS);
    while (await store.settle());
    while (prunes && await store.prune(NOW_MS + 10, NOW_MS));
  }
}

function partsOf(path: string): readonly number[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare("SELECT id FROM snapshot_parts ORDER BY id").all()
    .map(({ id }) => Number(id));
}

function run(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

/** Damages of the last snapshot. */
const DAMAGES: Readonly<Record<string, string>> = {
  "a bit of a part is another": `
    UPDATE snapshot_parts SET bans = CAST(
      substr(bans, 1, 40) || x'55' || substr(bans, 42) AS BLOB
    ) WHERE id = (SELECT max(id) FROM snapshot_parts)`,
  "a part is missing": `
    DELETE FROM snapshot_parts WHERE id = (SELECT max(id) FROM snapshot_parts)`,
  "its row is another": `
    UPDATE snapshots SET from_seq = from_seq + 1
    WHERE id = (SELECT max(id) FROM snapshots)`,
};

for (const [what, sql] of Object.entries(DAMAGES)) {
  Deno.test(`SqliteBanStore does without its last snapshot if ${what}, as long as it has one before or all of its log`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    await filled(path, false);
    strictEqual(partsOf(path).length, 20);
    run(path, sql);
    {
      using store = SqliteBanStore.open({ path, pace: PACE });
      strictEqual(bansOf(store).length, 37);
      ok(what === "its row is another" || /part \d+/.test(store.damage ?? ""));
      // The next one takes its place.
      const changes = Array.from(
        { length: 60 },
        (_, index) => report(store.seq + 1 + index, banKeyAt(1 + index % 30)),
      );
      await store.append(changes.map(unnamed), NOW_MS);
      while (await store.settle());
    }
    {
      using store = SqliteBanStore.open({ path, pace: PACE });
      strictEqual(store.damage, undefined);
      strictEqual(bansOf(store).length, 37);
    }
    run(path, "DELETE FROM snapshots; DELETE FROM snapshot_parts");
    using store = SqliteBanStore.open({ path, pace: PACE });
    strictEqual(bansOf(store).length, 37);
    while (await store.settle());
    strictEqual(partsOf(path).length, 13);
  });

  Deno.test(`SqliteBanStore does without its last snapshot if ${what}, though its log is pruned`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    await filled(path, true);
    {
      using store = SqliteBanStore.open({ path, pace: PACE });
      ok(store.keptSince > 0);
    }
    run(path, sql);
    using store = SqliteBanStore.open({ path, pace: PACE });
    strictEqual(bansOf(store).length, 37);
  });

  Deno.test(`SqliteBanStore is refused if ${what} of its snapshots, and its log is pruned`, async () => {
    await using dir = await TempDir.create();
    const path = banStorePath(dir.path());
    await filled(path, true);
    run(path, sql);
    run(
      path,
      "DELETE FROM snapshots WHERE id < (SELECT max(id) FROM snapshots)",
    );
    let failure: unknown;
    try {
      SqliteBanStore.open({ path, pace: PACE })[Symbol.dispose]();
    } catch (error) {
      failure = error;
    }
    ok(failure instanceof UnusableStoreError, String(failure));
    match(failure.message, /part \d+ of a snapshot|no snapshot of its bans/);
    match(failure.hint ?? "", /The store is damaged/);
  });
}

Deno.test("BanDatabase prunes nothing that only a snapshot has whose commit failed", () => {
  using database = emptyDatabase();
  let fails = false;
  const failing = new Proxy(database, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name !== "exec") {
        return typeof member === "function" ? member.bind(target) : member;
      }
      return (sql: string) => {
        if (fails && /^\s*COMMIT/i.test(sql)) {
          throw Object.assign(new Error("disk is full"), {
            code: "ERR_SQLITE_ERROR",
            errcode: 13,
          });
        }
        target.exec(sql);
      };
    },
  });
  const store = new BanDatabase(failing, { partBans: 100, minChanges: 10 });
  const changes = Array.from(
    { length: 20 },
    (_, at) => report(at + 1, banKeyAt(at)),
  );
  store.append(changes.map(unnamed), NOW_MS);
  fails = true;
  try {
    store.settle();
  } catch (error) {
    ok(error instanceof RuntimeError, String(error));
  }
  fails = false;
  for (let step = 0; step < 20; step++) store.prune(NOW_MS + 10, NOW_MS);
  const again = new BanDatabase(database, PACE);
  strictEqual(bansOf(again).length, 20);
});

Deno.test("BanDatabase prunes past a row that a clock which was ahead has dated", () => {
  using database = emptyDatabase();
  const store = new BanDatabase(database, PACE);
  const ahead = { ...report(5, banKeyAt(5)), atMs: NOW_MS + 1e12 };
  const changes = Array.from(
    { length: 40 },
    (_, at) => at === 4 ? ahead : report(at + 1, banKeyAt(at)),
  );
  store.append(changes.map(unnamed), NOW_MS);
  while (store.settle());
  for (let step = 0; step < 200; step++) {
    store.prune(NOW_MS + 1_000, NOW_MS + 1_000);
  }
  strictEqual(store.keptSince, 40);
});

Deno.test("SqliteBanStore writes a snapshot after as many changes as there are bans, and keeps two of them", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  using store = SqliteBanStore.open({ path, pace: PACE });
  const steps: number[] = [];
  for (let round = 0; round < 60; round++) {
    const changes = Array.from(
      { length: 10 },
      (_, index) =>
        report(store.seq + 1 + index, banKeyAt((round * 10 + index) % 100)),
    );
    await store.append(changes.map(unnamed), NOW_MS);
    let count = 0;
    while (await store.settle()) count++;
    steps.push(count);
  }
  // Of 100 bans 34 parts are written, and those of an older one deleted.
  const written = steps.slice(20).filter((count) => count > 30);
  strictEqual(written.length, 4);
  strictEqual(partsOf(path).length, 68);
});
