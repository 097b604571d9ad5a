import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ThreadLoad, type ThreadTimes } from "../../lib/zmq/thread_load.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

/** A machine whose threads are as busy as they are told. */
class Bench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly #stop = new AbortController();
  readonly load: ThreadLoad;
  readonly #running: Promise<void>;
  times: ThreadTimes | undefined = { mainMs: 500, ioMs: 100 };

  constructor() {
    const { clock, log } = this;
    this.load = new ThreadLoad({ times: () => this.times, clock, log });
    this.#running = this.load.run(this.#stop.signal).catch(() => {});
  }

  /** Seconds in which they use so much of a core. */
  async pass(seconds: number, main: number, io: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.times = this.times && {
        mainMs: this.times.mainMs + main * 10,
        ioMs: this.times.ioMs + io * 10,
      };
      await this.clock.advance(1_000);
    }
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("ThreadLoad says how busy threads were in the last ten seconds", async () => {
  const bench = new Bench();
  strictEqual(bench.load.busy, undefined);
  await bench.pass(2, 20, 10);
  deepStrictEqual(bench.load.busy, { mainPercent: 20, ioPercent: 10 });
  await bench.pass(10, 0, 50);
  deepStrictEqual(bench.load.busy, { mainPercent: 0, ioPercent: 50 });
  await bench.end();
});

Deno.test("ThreadLoad logs once that a thread is the limit, and once that it is not any more", async () => {
  const bench = new Bench();
  await bench.pass(9, 5, 100);
  strictEqual(bench.log.records.length, 0);
  await bench.pass(5, 5, 100);
  await bench.pass(20, 5, 10);
  deepStrictEqual(bench.log.records.map(({ event }) => event), [
    "ZeroMQ's I/O thread is the limit: messages come later, or are missed",
    "ZeroMQ's I/O thread is no longer the limit",
  ]);
  strictEqual(bench.log.records[0]?.fields["percent"], 100);
  await bench.end();
});

Deno.test("ThreadLoad says nothing where the system tells nothing", async () => {
  const bench = new Bench();
  bench.times = undefined;
  await bench.pass(12, 0, 0);
  await bench.end();
  // It looked once before it was told that there is nothing.
  strictEqual(bench.load.busy, undefined);
});
