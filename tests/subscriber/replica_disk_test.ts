import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Change } from "../../lib/ban/ban.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ReplicaDisk } from "../../lib/subscriber/replica_disk.ts";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { banBy, reported } from "../support/values/bans.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemoryReplicaStore } from "../support/memory/memory_replica_store.ts";

const EPOCH = "e".repeat(32) as Epoch;
const HOUR_MS = 3_600_000;

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
    return new ReplicaDisk({ store: this.store, clock, log: this.log });
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
    return this.store.load()?.bans.map(({ reports }) =>
      reports[0]?.expiresMs
    ) ?? [];
  }
}

Deno.test("ReplicaDisk keeps the whole, and once it is flushed what follows it", () => {
  const { disk, store } = new Bench();
  strictEqual(disk.load(), undefined);
  disk.replace({ epoch: EPOCH, seq: 1, bans: [banBy({ web1: Infinity })] });
  disk.note([reported(2, "web1", { last: 2 })]);
  strictEqual(store.load()?.seq, 1);
  disk.flush();
  strictEqual(store.load()?.seq, 2);
  strictEqual(disk.load()?.bans.length, 2);
  strictEqual(disk.isDue, false);
});

Deno.test("ReplicaDisk stores the whole half a minute after something could not be stored, and says so once", () => {
  const bench = new Bench();
  const { disk, store, log } = bench;
  const bans = [banBy({ web1: Infinity })];
  disk.replace({ epoch: EPOCH, seq: 1, bans });
  store.failure = new RuntimeError("disk full", { hint: "" });
  bench.append(reported(2, "web1", { last: 2 }));
  bench.append(reported(3, "web1", { last: 3 }));
  strictEqual(disk.isWhole, false);
  bench.pass(29_999);
  strictEqual(disk.isDue, false);
  bench.pass(1);
  strictEqual(disk.isDue, true);
  store.failure = undefined;
  bench.append(reported(4, "web1", { last: 4 }));
  strictEqual(store.load()?.seq, 1, "changes after a gap are not appended");
  disk.replace({ epoch: EPOCH, seq: 4, bans });
  strictEqual(disk.isWhole, true);
  strictEqual(disk.isDue, false);
  deepStrictEqual(log.events, [
    "the copy can't be kept on disk, and is tried again",
    "the copy is on disk again",
  ]);
});

Deno.test("ReplicaDisk stores nothing twice that a whole table has", () => {
  const { disk, store } = new Bench();
  disk.replace({ epoch: EPOCH, seq: 1, bans: [banBy({ web1: Infinity })] });
  disk.note([reported(2, "web1", { last: 2 })]);
  disk.replace({ epoch: EPOCH, seq: 2, bans: [banBy({ web1: Infinity })] });
  disk.note([reported(3, "web1", { last: 3 })]);
  disk.close();
  strictEqual(store.load()?.seq, 3);
});

Deno.test("ReplicaDisk lets bugs of a store out", () => {
  const bench = new Bench();
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
  const whole = { epoch: EPOCH, seq: 1, bans: [banBy({ web1: endsMs })] };
  disk.replace(whole);
  deepStrictEqual(bench.ends, [endsMs]);
  bench.wallMs += 2 * HOUR_MS;
  strictEqual(disk.isDue, true);
  bench.append(reported(2, "web1", { last: 2 }));
  deepStrictEqual(bench.ends, [endsMs], "two times do not mix");
  disk.replace(whole);
  strictEqual(disk.isDue, false);
  deepStrictEqual(bench.ends, [endsMs + 2 * HOUR_MS]);
  bench.pass(HOUR_MS / 2);
  const [ban] = bench.open().load()?.bans ?? [];
  strictEqual(ban?.reports[0]?.expiresMs, bench.wallMs + HOUR_MS / 2);
});
