import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Ban, Change } from "../../lib/ban/ban.ts";
import { BanBlock } from "../../lib/ban/ban_block.ts";
import type { ReplicaMark } from "../../lib/ban/ban_store.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ReplicaDisk } from "../../lib/subscriber/replica_disk.ts";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { banBy, reported } from "../support/values/bans.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { bansIn, seqOf } from "../support/values/stored_replicas.ts";
import { MemoryReplicaStore } from "../support/memory/memory_replica_store.ts";

const EPOCH = "e".repeat(32) as Epoch;
const HOUR_MS = 3_600_000;
const MANY = 5;

/** A disk, and a clock that a test sets. */
class Bench {
  wallMs = 1_000_000;
  monotonicMs = 0;
  readonly store = new MemoryReplicaStore();
  readonly log = new MemoryLog();
  readonly disk = this.open();

  /** The disk of a program that is started now. */
  open(): ReplicaDisk {
    const clock = new SteadyClock({
      nowMs: () => this.wallMs,
      monotonicMs: () => this.monotonicMs,
      delay: () => Promise.resolve(),
    });
    const { store, log } = this;
    return new ReplicaDisk({
      store,
      clock,
      log,
      manyChanges: MANY,
      maxBans: 2,
    });
  }

  /** Has a change stored. */
  append(change: Change): void {
    this.disk.note([change]);
    this.disk.flush();
  }

  pass(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
  }

  get ends(): (number | undefined)[] {
    return bansIn(this.store.load()).map(({ reports }) =>
      reports[0]?.expiresMs
    );
  }
}

const MARK = { epoch: EPOCH, seq: 1 };

/** Stores the whole, step by step. */
function keepWhole(disk: ReplicaDisk, mark: ReplicaMark, bans: Ban[]): void {
  let more = disk.beginWhole(mark, bans);
  while (more) more = disk.storeNext();
}

Deno.test("ReplicaDisk keeps the whole, and what follows it", () => {
  const { disk, store } = new Bench();
  strictEqual(disk.load(), undefined);
  keepWhole(disk, MARK, [banBy({ web1: Infinity })]);
  disk.note([reported(2, "web1", { last: 2 })]);
  strictEqual(seqOf(store.load()), 1);
  disk.flush();
  strictEqual(seqOf(store.load()), 2);
  strictEqual(bansIn(disk.load()).length, 2);
  strictEqual(disk.isDue(2), false);
});

Deno.test("ReplicaDisk keeps a copy that comes in parts, in the system's time", () => {
  const bench = new Bench();
  const { disk, store } = bench;
  const part = (last: number, isFirst: boolean) => ({
    mark: MARK,
    isFirst,
    block: BanBlock.of([banBy({ web1: 5_000 }, { last })]),
    byMs: 100,
  });
  disk.keepPart(part(1, true));
  bench.wallMs += 10;
  disk.keepPart(part(2, false));
  strictEqual(store.load(), undefined);
  disk.keepReplaced();
  deepStrictEqual(bench.ends, [5_100, 5_100]);
  disk.keepPart(part(3, true));
  deepStrictEqual(bench.ends, [5_100, 5_100]);
  disk.keepReplaced();
  deepStrictEqual(bench.ends, [5_110]);
});

Deno.test("ReplicaDisk stores the whole half a minute after something could not be stored, and says so once", () => {
  const bench = new Bench();
  const { disk, store, log } = bench;
  const bans = [banBy({ web1: Infinity })];
  keepWhole(disk, MARK, bans);
  store.failure = new RuntimeError("disk full", { hint: "" });
  bench.append(reported(2, "web1", { last: 2 }));
  bench.append(reported(3, "web1", { last: 3 }));
  strictEqual(disk.isWhole, false);
  bench.pass(29_999);
  strictEqual(disk.isDue(1), false);
  bench.pass(1);
  strictEqual(disk.isDue(1), true);
  store.failure = undefined;
  bench.append(reported(4, "web1", { last: 4 }));
  strictEqual(seqOf(store.load()), 1, "changes after a gap are not appended");
  keepWhole(disk, { ...MARK, seq: 4 }, bans);
  strictEqual(disk.isWhole, true);
  strictEqual(disk.isDue(1), false);
  bench.append(reported(5, "web1", { last: 5 }));
  strictEqual(seqOf(store.load()), 5);
  deepStrictEqual(log.events, [
    "the copy can't be kept on disk, and is tried again",
    "the copy is on disk again",
  ]);
});

Deno.test("ReplicaDisk stores nothing twice that a whole table has", () => {
  const { disk, store } = new Bench();
  keepWhole(disk, MARK, [banBy({ web1: Infinity })]);
  disk.note([reported(2, "web1", { last: 2 })]);
  keepWhole(disk, { ...MARK, seq: 2 }, [banBy({ web1: Infinity })]);
  disk.note([reported(3, "web1", { last: 3 })]);
  disk.close();
  deepStrictEqual(store.load()?.changes.map(({ seq }) => seq), [3]);
});

Deno.test("ReplicaDisk begins anew half a minute after a step of the whole could not be stored", () => {
  const bench = new Bench();
  const { disk, store } = bench;
  const bans = [1, 2, 3].map((last) => banBy({ web1: Infinity }, { last }));
  strictEqual(disk.beginWhole(MARK, bans), true);
  strictEqual(disk.storeNext(), true);
  store.failure = new RuntimeError("disk full", { hint: "" });
  strictEqual(disk.storeNext(), false);
  store.failure = undefined;
  bench.append(reported(2));
  disk.keepReplaced();
  strictEqual(store.load(), undefined);
  bench.pass(30_000);
  strictEqual(disk.isDue(3), true);
  keepWhole(disk, MARK, bans);
  strictEqual(bansIn(store.load()).length, 3);
});

Deno.test("ReplicaDisk forgets a copy of which no more parts come, and goes on with the one that it has", () => {
  const bench = new Bench();
  const { disk, store } = bench;
  keepWhole(disk, MARK, []);
  const block = BanBlock.of([banBy({ web1: 5_000 })]);
  disk.keepPart({
    ...{ mark: { ...MARK, seq: 9 }, isFirst: true, block, byMs: 0 },
  });
  bench.append(reported(2));
  strictEqual(seqOf(store.load()), 2);
  bench.wallMs += HOUR_MS;
  strictEqual(disk.isDue(1), true);
});

Deno.test("ReplicaDisk stores the whole once there are more changes than it may have, and changes meanwhile", () => {
  const bench = new Bench();
  const { disk, store } = bench;
  keepWhole(disk, { ...MARK, seq: 0 }, []);
  for (let seq = 1; seq <= MANY; seq++) bench.append(reported(seq));
  strictEqual(disk.isDue(0), false);
  bench.append(reported(MANY + 1));
  strictEqual(disk.isDue(MANY + 1), false, "there are as many bans");
  strictEqual(disk.isDue(0), true);
  const bans = [1, 2, 3].map((last) => banBy({ web1: Infinity }, { last }));
  disk.beginWhole({ ...MARK, seq: MANY + 1 }, bans);
  disk.storeNext();
  bench.append(reported(MANY + 2, "web1", { last: 9 }));
  strictEqual(seqOf(store.load()), MANY + 2);
  while (disk.storeNext());
  strictEqual(store.load()?.changes.length, 1);
  strictEqual(bansIn(store.load()).length, 4);
  strictEqual(disk.isDue(0), false);
});

Deno.test("ReplicaDisk lets bugs of a store out", () => {
  const bench = new Bench();
  keepWhole(bench.disk, MARK, []);
  let thrown: unknown;
  try {
    bench.append(reported(9));
  } catch (error) {
    thrown = error;
  }
  strictEqual(thrown instanceof RangeError, true);
});

Deno.test("ReplicaDisk keeps the system's time, also once that was set, so that a restart ends no ban early or late", () => {
  const bench = new Bench();
  const { disk } = bench;
  const endsMs = bench.wallMs + HOUR_MS;
  const bans = [banBy({ web1: endsMs })];
  keepWhole(disk, MARK, bans);
  deepStrictEqual(bench.ends, [endsMs]);
  bench.wallMs += 2 * HOUR_MS;
  strictEqual(disk.isDue(1), true);
  keepWhole(disk, MARK, bans);
  strictEqual(disk.isDue(1), false);
  deepStrictEqual(bench.ends, [endsMs + 2 * HOUR_MS]);
  bench.pass(HOUR_MS / 2);
  const [ban] = bansIn(bench.open().load());
  strictEqual(ban?.reports[0]?.expiresMs, bench.wallMs + HOUR_MS / 2);
});
