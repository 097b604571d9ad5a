/**
 * The publisher's store: CPU and bytes written per event as the number of bans
 * grows, and the start with many bans, compared with bare SQLite.
 *
 * @module
 */

import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type { Change } from "../lib/ban/ban.ts";
import type { StoreEntry } from "../lib/ban/ban_store.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../lib/store/io/sqlite_ban_store.ts";
import {
  banKey,
  eventName,
  NOW_MS,
  report,
} from "../tests/support/values/stored_changes.ts";
import type { Outcome } from "./figure.ts";
import { median, printTable } from "./figures.ts";
import { IS_SHORT, sized } from "./size.ts";

const RUNS = sized(3, 1);
const BATCH = 1_000;
/** Number of events measured at each number of bans. */
const EVENTS = sized(100_000, 2_000);
const SIZES = [
  sized(10_000, 2_000),
  sized(100_000, 10_000),
  sized(1_000_000, 20_000),
];
/** Batch size for filling, which is not measured. */
const FILL_BATCH = 5_000;
/**
 * Changes between two checks whether a snapshot is due: those of one second in
 * a full burst.
 */
const SETTLE_EVENTS = 20_000;
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 4096`;

/** The cost of an event. */
export interface EventCost {
  /** CPU, user and system, in microseconds. */
  readonly cpuMicros: number;
  /** Bytes written to disk, until everything is in the database's file. */
  readonly writtenBytes: number;
}

/**
 * The costs of the store and of a bare append-only table with the same fields.
 */
export interface StoreFigures {
  readonly bans: number;
  readonly ours: EventCost;
  readonly bare: EventCost;
  /** Bytes of a row of that table in its file. */
  readonly rowBytes: number;
  /**
   * CPU of opening the store and of reading that table's rows, in microseconds
   * per ban.
   */
  readonly startMicros: number;
  readonly readMicros: number;
  /** Time to open the store, in seconds. */
  readonly startSeconds: number;
}

/** A report of a random address with an event id, as a monitor sends it. */
function entryAt(seq: number): StoreEntry {
  const octets = crypto.getRandomValues(new Uint8Array(4));
  const change = report(seq, banKey(octets.join(".")), {
    origin: `web-${seq % 7}`,
    expiresMs: NOW_MS * 2 + seq,
  });
  // Fingerprint and log position.
  const digits = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const id = `${digits}-0-${seq.toString(36)}-027ces61qmayfk`;
  return { event: eventName(id, change.origin), change };
}

function entries(firstSeq: number, count: number): StoreEntry[] {
  return Array.from({ length: count }, (_, index) => entryAt(firstSeq + index));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Bytes that this process has written to disk. */
function writtenBytes(): number {
  const text = Deno.readTextFileSync("/proc/self/io");
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
}

/** Measures CPU and writes. */
class Meter {
  #cpu = 0;
  #written = 0;

  async spend(work: () => unknown): Promise<void> {
    const [cpu, written] = [cpuMicros(), writtenBytes()];
    await work();
    this.#cpu += cpuMicros() - cpu;
    this.#written += writtenBytes() - written;
  }

  each(count: number): EventCost {
    return {
      cpuMicros: this.#cpu / count,
      writtenBytes: this.#written / count,
    };
  }
}

/** Does all pending upkeep, as a publisher does between events. */
async function settle(store: SqliteBanStore): Promise<void> {
  while (await store.settle());
}

/** Checkpoints the write-ahead log, so that all writes are counted. */
function writeBack(path: string): void {
  using database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

async function fillStore(store: SqliteBanStore, bans: number): Promise<void> {
  while (store.table.size < bans) {
    await store.append(
      entries(store.seq + 1, Math.min(FILL_BATCH, bans - store.table.size)),
      NOW_MS,
    );
  }
  await settle(store);
}

async function measureStore(
  path: string,
  batches: readonly (readonly StoreEntry[])[],
): Promise<EventCost> {
  const meter = new Meter();
  using store = SqliteBanStore.open({ path });
  let unsettled = 0;
  for (const batch of batches) {
    await meter.spend(() => store.append(batch, NOW_MS));
    unsettled += batch.length;
    if (unsettled < SETTLE_EVENTS) continue;
    unsettled = 0;
    await meter.spend(() => settle(store));
  }
  await meter.spend(() => settle(store));
  await meter.spend(() => writeBack(path));
  return meter.each(batches.flat().length);
}

/** A table without an index, with one row per event. */
class BareTable implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    this.#database.exec(`${PRAGMAS};
      CREATE TABLE changes (seq INTEGER PRIMARY KEY, at_ms REAL, kind TEXT,
        jail TEXT, address TEXT, node TEXT, expires_ms REAL,
        is_pending INTEGER, source TEXT, event TEXT) STRICT`);
  }

  async append(
    batches: readonly (readonly StoreEntry[])[],
  ): Promise<EventCost> {
    const meter = new Meter();
    const insert = this.#database.prepare(
      "INSERT INTO changes VALUES (?, ?, 'report', ?, ?, ?, ?, ?, ?, ?)",
    );
    for (const batch of batches) {
      await meter.spend(() => {
        this.#database.exec("BEGIN IMMEDIATE");
        for (const { change, event } of batch) {
          insert.run(...bareRow(change as ReportChange, event));
        }
        this.#database.exec("COMMIT");
      });
    }
    await meter.spend(() => writeBack(this.#path));
    return meter.each(batches.flat().length);
  }

  /** @returns CPU of reading all rows, in microseconds per row. */
  read(): number {
    const cpu = cpuMicros();
    const page = this.#database.prepare(
      "SELECT * FROM changes WHERE seq > ? ORDER BY seq LIMIT 2000",
    );
    let rows = 0;
    let last = 0;
    while (true) {
      const some = page.all(last);
      if (some.length === 0) return (cpuMicros() - cpu) / rows;
      rows += some.length;
      last = Number(some.at(-1)?.["seq"]);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

type ReportChange = Change & { readonly kind: "report" };

function bareRow(
  { seq, atMs, jail, address, origin, expiresMs, isPending }: ReportChange,
  event: StoreEntry["event"],
) {
  const { origin: source = null, id = null } = event ?? {};
  return [
    ...[seq, atMs, jail, address, origin, expiresMs, Number(isPending)],
    ...[source, id],
  ];
}

async function measureAt(bans: number): Promise<StoreFigures> {
  return await inFolder(async (folder) => {
    const path = banStorePath(folder);
    let seq = 0;
    {
      using store = SqliteBanStore.open({ path, durability: "process" });
      await fillStore(store, bans);
      seq = store.seq;
    }
    const startCpu = cpuMicros();
    const startMs = performance.now();
    SqliteBanStore.open({ path })[Symbol.dispose]();
    const startMicros = (cpuMicros() - startCpu) / bans;
    const startSeconds = (performance.now() - startMs) / 1_000;
    const ours: EventCost[] = [];
    const bare: EventCost[] = [];
    const barePath = `${folder}/bare.sqlite3`;
    let readMicros = 0;
    {
      using table = new BareTable(barePath);
      for (let run = 0; run < RUNS; run++) {
        const batches = batchesFrom(seq + 1 + run * EVENTS);
        ours.push(await measureStore(path, batches));
        bare.push(await table.append(batches));
      }
      readMicros = table.read();
    }
    const { size } = await Deno.stat(barePath);
    return {
      bans,
      ours: medianCost(ours),
      bare: medianCost(bare),
      rowBytes: size / (RUNS * EVENTS),
      startMicros,
      readMicros,
      startSeconds,
    };
  });
}

function batchesFrom(firstSeq: number): StoreEntry[][] {
  return Array.from(
    { length: EVENTS / BATCH },
    (_, index) => entries(firstSeq + index * BATCH, BATCH),
  );
}

function medianCost(costs: readonly EventCost[]): EventCost {
  return {
    cpuMicros: median(costs.map((each) => each.cpuMicros)),
    writtenBytes: median(costs.map((each) => each.writtenBytes)),
  };
}

/** Measures at each number of bans. */
export async function measureBanStore(): Promise<readonly StoreFigures[]> {
  const figures: StoreFigures[] = [];
  for (const bans of SIZES) figures.push(await measureAt(bans));
  return figures;
}

/** Measures and prints. */
export async function benchBanStore(): Promise<readonly Outcome[]> {
  const figures = await measureBanStore();
  const first = figures[0]?.ours.cpuMicros ?? NaN;
  printTable(
    `an event of the publisher's store, ${EVENTS} at random in batches of ${BATCH} (median of ${RUNS} runs)`,
    figures.map(({ bans, ours, bare, rowBytes }) => [
      `${bans} bans`,
      `${ours.cpuMicros.toFixed(1)} us CPU, ${
        (ours.cpuMicros / bare.cpuMicros).toFixed(1)
      } times a bare row (${bare.cpuMicros.toFixed(1)}; goal: 3)`,
      `${(ours.cpuMicros / first).toFixed(2)} times the first (goal: 1.3)`,
      `${Math.round(ours.writtenBytes)} B written, ${
        (ours.writtenBytes / rowBytes).toFixed(1)
      } times its row (goal: 4)`,
    ]),
  );
  printTable(
    "its start",
    figures.map(({ bans, startMicros, readMicros, startSeconds }) => [
      `${bans} bans`,
      `${startSeconds.toFixed(2)} s, ${startMicros.toFixed(1)} us CPU a ban`,
      `${(startMicros / readMicros).toFixed(1)} times a bare read (goal: 2)`,
    ]),
  );
  return outcomesOf(figures);
}

/**
 * The figures with goals, for the largest number of bans: with few bans a start
 * mostly costs the same as with none.
 */
function outcomesOf(figures: readonly StoreFigures[]): readonly Outcome[] {
  const [first, last] = [figures[0], figures.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { bans, ours, bare, rowBytes, startMicros, readMicros } = last;
  const cpu = { ours: ours.cpuMicros, unit: "us of CPU" };
  return [
    {
      what: `store, an event at ${bans} bans`,
      ...cpu,
      limit: bare.cpuMicros,
      limitIs: "a bare row",
      goal: 3,
    },
    {
      what: `store, an event at ${bans} bans beside ${first.bans}`,
      ...cpu,
      limit: first.ours.cpuMicros,
      limitIs: `at ${first.bans}`,
      goal: 1.3,
    },
    {
      what: `store, written for an event at ${bans} bans`,
      ours: ours.writtenBytes,
      limit: rowBytes,
      limitIs: "its row",
      unit: "bytes",
      goal: 4,
    },
    IS_SHORT
      ? { what: "store, start, a ban", why: "it takes 1,000,000 bans" }
      : {
        what: `store, start with ${bans} bans, a ban`,
        ours: startMicros,
        limit: readMicros,
        limitIs: "a bare read",
        unit: "us of CPU",
        goal: 2,
      },
  ];
}

if (import.meta.main) await benchBanStore();
