import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BatchQueue, type Submission } from "../../lib/async/batch_queue.ts";
import { settled } from "../support/memory/manual_clock.ts";

type Batch = readonly Submission<number, string>[];

/** A queue at work on batches that a test ends, one by one. */
class Bench implements AsyncDisposable {
  readonly queue: BatchQueue<number, string>;
  /** The items of each submission, by batch. */
  readonly batches: number[][][] = [];
  readonly stop = new AbortController();
  readonly running: Promise<unknown>;
  failure: Error | undefined;
  #finish = Promise.withResolvers<void>();

  constructor(maxWaiting = 5, maxBatch = 3) {
    this.queue = new BatchQueue({
      maxWaiting,
      maxBatch: () => maxBatch,
      rejection: (why) => new Error(`the queue is ${why}`),
    });
    this.running = this.queue.run(
      this.stop.signal,
      (batch) => this.#work(batch),
    ).catch((error) => error);
  }

  async #work(batch: Batch): Promise<void> {
    this.batches.push(batch.map(({ items }) => [...items]));
    await this.#finish.promise;
    this.#finish = Promise.withResolvers();
    if (this.failure !== undefined) throw this.failure;
    for (const { items, resolve } of batch) resolve(items.join());
  }

  async finishBatch(): Promise<void> {
    this.#finish.resolve();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    this.#finish.resolve();
    await this.running;
  }
}

Deno.test("BatchQueue works at once on what comes alone, and together on what comes meanwhile", async () => {
  await using bench = new Bench();
  const results = [bench.queue.submit([1])];
  await settled();
  results.push(bench.queue.submit([2]), bench.queue.submit([3, 4]));
  strictEqual(bench.queue.size, 3);
  await bench.finishBatch();
  strictEqual(bench.queue.size, 0);
  await bench.finishBatch();
  deepStrictEqual(bench.batches, [[[1]], [[2], [3, 4]]]);
  deepStrictEqual(await Promise.all(results), ["1", "2", "3,4"]);
});

Deno.test("BatchQueue cuts batches between submissions; one that is longer than a batch is one by itself", async () => {
  await using bench = new Bench(9, 3);
  const results = [[1, 2], [3, 4], [], [5, 6, 7, 8], [9]].map((items) =>
    bench.queue.submit(items)
  );
  for (let count = 0; count < 4; count++) await bench.finishBatch();
  await settled();
  deepStrictEqual(bench.batches, [
    [[1, 2]],
    [[3, 4], []],
    [[5, 6, 7, 8]],
    [[9]],
  ]);
  deepStrictEqual(await Promise.all(results), [
    "1,2",
    "3,4",
    "",
    "5,6,7,8",
    "9",
  ]);
});

Deno.test("BatchQueue.submit() takes all or none when it is full, and has room again for what is worked on", async () => {
  await using bench = new Bench(3);
  const first = bench.queue.submit([1]);
  await settled();
  const second = bench.queue.submit([2, 3, 4]);
  await rejects(bench.queue.submit([5]), /the queue is full/);
  strictEqual(bench.queue.size, 3);
  await bench.finishBatch();
  const third = bench.queue.submit([6, 7, 8]);
  await bench.finishBatch();
  await bench.finishBatch();
  deepStrictEqual(
    await Promise.all([first, second, third]),
    ["1", "2,3,4", "6,7,8"],
  );
});

Deno.test("BatchQueue.run() ends on abort with the reason, and rejects what waits and what comes later", async () => {
  await using bench = new Bench();
  const first = bench.queue.submit([1]);
  await settled();
  const waiting = rejects(bench.queue.submit([2]), /the queue is closed/);
  bench.stop.abort("enough");
  await bench.finishBatch();
  strictEqual(await first, "1");
  strictEqual(await bench.running, "enough");
  await waiting;
  strictEqual(bench.queue.size, 0);
  await rejects(bench.queue.submit([3]), /the queue is closed/);
});

Deno.test("BatchQueue.run() ends on abort while nothing waits", async () => {
  const bench = new Bench();
  await settled();
  bench.stop.abort("enough");
  strictEqual(await bench.running, "enough");
});

Deno.test("BatchQueue.run() fails with the work, whose batch is rejected with its error", async () => {
  await using bench = new Bench();
  bench.failure = new Error("broken");
  const failed = rejects(bench.queue.submit([1]), /broken/);
  await settled();
  const waiting = rejects(bench.queue.submit([2]), /the queue is closed/);
  await bench.finishBatch();
  strictEqual(await bench.running, bench.failure);
  await Promise.all([failed, waiting]);
});

Deno.test("BatchQueue works on all items once, in order, in batches within their bound, whatever is handed over", async () => {
  const MAX_BATCH = 4;
  const sizes = fc.array(fc.nat(6), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, async (counts) => {
      await using bench = new Bench(Infinity, MAX_BATCH);
      let next = 0;
      const handed = counts.map((length) =>
        Array.from({ length }, () => next++)
      );
      const results = handed.map((items) => bench.queue.submit(items));
      while (bench.batches.flat().length < handed.length) {
        await bench.finishBatch();
      }
      await bench.finishBatch();
      deepStrictEqual(bench.batches.flat(), handed);
      deepStrictEqual(await Promise.all(results), handed.map(String));
      for (const batch of bench.batches) {
        strictEqual(
          batch.length === 1 || batch.flat().length <= MAX_BATCH,
          true,
        );
      }
    }),
    { numRuns: 50 },
  );
});
