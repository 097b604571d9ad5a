/**
 * The publisher's store: changes kept, and the start with many bans, with
 * bare SQLite beside it.
 *
 * @module
 */

import type { Durability } from "../lib/ban/ban_store.ts";
import { DatabaseSync } from "node:sqlite";
import {
  banStorePath,
  SqliteBanStore,
} from "../lib/store/io/sqlite_ban_store.ts";
import type { StoreEntry } from "../lib/ban/ban_store.ts";
import {
  banKeyAt,
  eventName,
  NOW_MS,
  report,
} from "../tests/support/values/stored_changes.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const RUNS = sized(3, 1);
const BATCH = 500;
const SINGLES = sized(1_000, 50);
const BATCHED = sized(50_000, 2_000);
const BANS = sized(1_000_000, 20_000);
const SINCE = sized(100_000, 2_000);
const START_GOAL_SECONDS = 3;
/** So many are put in at once where that is not what is measured. */
const FILL_BATCH = 5_000;
const DURABILITIES: readonly Durability[] = ["power", "process"];
const PRAGMAS: Readonly<Record<Durability, string>> = {
  power: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
  process: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
};

/** A new report, with an event of its own, as a monitor sends them. */
function entryAt(seq: number): StoreEntry {
  // As random as the digests that names are made of.
  const id = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const change = report(seq, banKeyAt(seq), { expiresMs: NOW_MS * 2 + seq });
  return { event: eventName(id), change };
}

function entries(firstSeq: number, count: number): StoreEntry[] {
  return Array.from({ length: count }, (_, index) => entryAt(firstSeq + index));
}

async function seconds(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function batchesOf(count: number, size: number): StoreEntry[][] {
  return Array.from(
    { length: count / size },
    (_, index) => entries(1 + index * size, size),
  );
}

/** @returns Changes kept in a second. */
function measureStore(
  durability: Durability,
  batches: readonly StoreEntry[][],
): Promise<number> {
  return inFolder(async (folder) => {
    using store = SqliteBanStore.open({
      path: banStorePath(folder),
      durability,
    });
    const took = await seconds(async () => {
      for (const batch of batches) await store.append(batch, NOW_MS);
    });
    return store.seq / took;
  });
}

/** One row a change, in a table without an index. @returns Rows in a second. */
function measureBare(
  durability: Durability,
  batches: readonly StoreEntry[][],
): Promise<number> {
  return inFolder(async (folder) => {
    using database = new DatabaseSync(`${folder}/bare.sqlite3`);
    database.exec(`${PRAGMAS[durability]};
      CREATE TABLE changes (seq INTEGER PRIMARY KEY, at_ms REAL, kind TEXT,
        jail TEXT, address TEXT, node TEXT, expires_ms REAL) STRICT`);
    const insert = database.prepare(
      "INSERT INTO changes VALUES (?, ?, 'report', ?, ?, 'web-1', ?)",
    );
    let rows = 0;
    const took = await seconds(() => {
      for (const batch of batches) {
        database.exec("BEGIN IMMEDIATE");
        for (const { change } of batch) {
          if (change?.kind !== "report") continue;
          const { seq, atMs, jail, address, expiresMs } = change;
          insert.run(seq, atMs, jail, address, expiresMs);
          rows++;
        }
        database.exec("COMMIT");
      }
    });
    return rows / took;
  });
}

async function benchAppends(): Promise<void> {
  const rows: string[][] = [];
  for (const durability of DURABILITIES) {
    for (const [count, size] of [[SINGLES, 1], [BATCHED, BATCH]] as const) {
      const stored: number[] = [];
      const bare: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const batches = batchesOf(count, size);
        stored.push(await measureStore(durability, batches));
        bare.push(await measureBare(durability, batches));
      }
      const [ours, plain] = [median(stored), median(bare)];
      rows.push([
        `${durability}, ${size === 1 ? "one by one" : `in batches of ${size}`}`,
        `${Math.round(ours)} changes/s`,
        `bare SQLite ${Math.round(plain)} rows/s`,
        `${(plain / ours).toFixed(1)} times as many`,
      ]);
    }
  }
  printTable(`changes kept by the publisher (median of ${RUNS} runs)`, rows);
}

async function fill(path: string): Promise<number> {
  using store = SqliteBanStore.open({ path, durability: "process" });
  return await seconds(async () => {
    while (store.seq < BANS) {
      await store.append(entries(store.seq + 1, FILL_BATCH), NOW_MS);
    }
  });
}

/** What a start took, in seconds. */
interface Start {
  readonly open: number;
  readonly bans: number;
  readonly since: number;
}

async function start(path: string): Promise<Start> {
  const startMs = performance.now();
  using store = SqliteBanStore.open({ path });
  const open = (performance.now() - startMs) / 1_000;
  let count = 0;
  const bans = await seconds(() => {
    for (const _ban of store.bans(NOW_MS)) count++;
  });
  if (count !== BANS) throw new Error(`${count} bans stand`);
  const since = await seconds(() => store.since(BANS / 2, SINCE));
  return { open, bans, since };
}

/** Leaves a write-ahead log behind, as a publisher that is killed does. */
async function startAfterKill(path: string): Promise<Start> {
  await Deno.writeFile(`${path}-wal`, new Uint8Array());
  return await start(path);
}

async function benchStart(): Promise<void> {
  await inFolder(async (folder) => {
    const path = banStorePath(folder);
    const filled = await fill(path);
    const { size } = await Deno.stat(path);
    const runs: Start[] = [];
    const killed: Start[] = [];
    for (let run = 0; run < RUNS; run++) {
      runs.push(await start(path));
      killed.push(await startAfterKill(path));
    }
    const middle = (of: readonly Start[], part: keyof Start) =>
      median(of.map((each) => each[part]));
    const total = median(runs.map(({ open, bans }) => open + bans));
    const afterKill = median(killed.map(({ open, bans }) => open + bans));
    const verdict = total < START_GOAL_SECONDS ? "reached" : "missed";
    printTable(`a store with ${BANS} bans (median of ${RUNS} runs)`, [
      ["filled", `${filled.toFixed(1)} s`],
      ["file", `${Math.round(size / 2 ** 20)} MiB`],
      ["opened", `${middle(runs, "open").toFixed(2)} s`],
      ["opened after a kill", `${middle(killed, "open").toFixed(2)} s`],
      ["bans read", `${middle(runs, "bans").toFixed(2)} s`],
      [
        "opened and read",
        `${total.toFixed(2)} s`,
        `goal: under ${START_GOAL_SECONDS} s, ${verdict}`,
      ],
      ["the same after a kill", `${afterKill.toFixed(2)} s`],
      [`${SINCE} changes read`, `${middle(runs, "since").toFixed(2)} s`],
    ]);
  });
}

/** Measures and prints. */
export async function benchBanStore(): Promise<void> {
  await benchAppends();
  await benchStart();
}

if (import.meta.main) await benchBanStore();
