import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import { SnapshotWriter } from "../../lib/engine/snapshot_writer.ts";
import { SqliteBanStore } from "../../lib/store/io/sqlite_ban_store.ts";
import { fetchIfNeeded, imagesOf } from "../../roles/program/shared_image.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  MemoryLogServer,
  MemorySharedLog,
} from "../support/memory/memory_shared_log.ts";
import { MemorySnapshots } from "../support/memory/memory_snapshots.ts";
import { banKeyAt, NOW_MS, report } from "../support/values/stored_changes.ts";

const { signal } = new AbortController();
const EPOCH = "00112233445566778899aabbccddeeff" as Epoch;
const RECORDS = 5;

function openCopy(path: string): SqliteBanStore {
  return SqliteBanStore.open({ path, durability: "process", isCopy: true });
}

/** A host's copy that has so many records of the log. */
async function fill(path: string, records: number): Promise<void> {
  using copy = openCopy(path);
  copy.follow(EPOCH, { index: 0, id: "base" });
  for (let index = 1; index <= records; index++) {
    const entries = [{
      event: undefined,
      change: report(index, banKeyAt(index)),
    }];
    const mark = { index, id: `r${index}` };
    await copy.apply(mark, () => copy.append(entries, NOW_MS));
  }
}

/** A log of five records, and a snapshot after the last, of a real store. */
async function begun(dir: TempDir) {
  const server = new MemoryLogServer();
  server.base = { epoch: EPOCH, id: "base", seq: 0 };
  server.records = Array.from({ length: RECORDS }, (_, at) => ({
    ...{ index: at + 1, id: `r${at + 1}` },
    previous: at === 0 ? "base" : `r${at}`,
    step: new Uint8Array(),
  }));
  const snapshots = new MemorySnapshots();
  const [path, clock, records] = [
    dir.path("first.sqlite3"),
    new ManualClock(),
    new MemoryLog(),
  ];
  await fill(path, RECORDS);
  using copy = openCopy(path);
  const writer = new SnapshotWriter({
    ...{ snapshots, copy, clock, records, takeImage: imagesOf(path) },
    ...{ newId: () => "id", chance: () => 0, role: () => "standby" },
    needsFirst: () => true,
  });
  // It is in use meanwhile.
  ok(await writer.writeIfDue(signal));
  const fetch = async (to: string) => {
    const log = new MemorySharedLog(server);
    const all = { log, snapshots, path: to, records, clock };
    await fetchIfNeeded(all, signal);
  };
  return { server, snapshots, clock, changes: copy.since(0, 9), fetch };
}

/** What a host has. */
function contentsOf(path: string) {
  using copy = openCopy(path);
  return { epoch: copy.epoch, applied: copy.applied, all: copy.since(0, 9) };
}

Deno.test("a host with nothing begins with the last snapshot, in the log's epoch and where it was taken", async () => {
  await using dir = await TempDir.create();
  const { changes, fetch } = await begun(dir);
  const path = dir.path("second.sqlite3");
  await fetch(path);
  const expected = { epoch: EPOCH, applied: { index: 5, id: "r5" } };
  deepStrictEqual(contentsOf(path), { ...expected, all: changes });
  // A store that was made and never used is nothing, too.
  const empty = dir.path("third.sqlite3");
  openCopy(empty)[Symbol.dispose]();
  await fetch(empty);
  deepStrictEqual(contentsOf(empty), { ...expected, all: changes });
  // Nothing of it is left beside.
  const names = (await Array.fromAsync(Deno.readDir(dir.path())))
    .map(({ name }) => name);
  deepStrictEqual(names.filter((name) => /image|fetched/.test(name)), []);
});

Deno.test("a host with nothing waits for the first snapshot of a log that begins with bans, for a while", async () => {
  await using dir = await TempDir.create();
  const { server, snapshots, clock, changes, fetch } = await begun(dir);
  server.base = { epoch: EPOCH, id: "base", seq: 3 };
  const written = await snapshots.last();
  snapshots.last = () => Promise.resolve({ ...written, last: undefined });
  const path = dir.path("second.sqlite3");
  const fetching = fetch(path);
  await clock.advance(2_000);
  snapshots.last = () => Promise.resolve(written);
  await clock.advance(2_000);
  await fetching;
  deepStrictEqual(contentsOf(path).all, changes);

  // Whoever follows the log says so if none comes.
  snapshots.last = () => Promise.resolve({ ...written, last: undefined });
  const late = fetch(dir.path("third.sqlite3"));
  await clock.advance(60_000);
  await late;
  // A log that begins with nothing needs none.
  server.base = { epoch: EPOCH, id: "base", seq: 0 };
  await fetch(dir.path("fourth.sqlite3"));
});

Deno.test("a host takes it only where the log does not reach back to what it has; its old store is kept beside", async () => {
  await using dir = await TempDir.create();
  const { server, changes, fetch } = await begun(dir);
  const path = dir.path("second.sqlite3");
  await fill(path, 2);
  await fetch(path);
  strictEqual(contentsOf(path).applied?.index, 2);
  server.records = server.records.slice(RECORDS - 1);
  await fetch(path);
  deepStrictEqual(contentsOf(path).all, changes);
  strictEqual(contentsOf(`${path}.before`).applied?.index, 2);
});

Deno.test("a store with bans of its own stays, and is refused by who follows the log", async () => {
  await using dir = await TempDir.create();
  const { fetch } = await begun(dir);
  const path = dir.path("alone.sqlite3");
  {
    using store = SqliteBanStore.open({ path });
    await store.append(
      [{ event: undefined, change: report(1, banKeyAt(1)) }],
      NOW_MS,
    );
  }
  const before = contentsOf(path);
  await fetch(path);
  deepStrictEqual(contentsOf(path), before);
});
