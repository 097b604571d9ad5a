import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { KeptReceipts, StoredReceipt } from "../../lib/ban/ban_store.ts";
import { StoreLeftError } from "../../lib/ban/ban_store.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ReceiptIntake } from "../../lib/publisher/receipt_intake.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { host } from "../support/values/core_values.ts";
import { banKeyAt, receipt } from "../support/values/stored_changes.ts";

const FULL = new RuntimeError("disk full", { hint: "" });

/** An intake at work until it is disposed of. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  /** How many receipts were kept in each step. */
  readonly steps: number[] = [];
  failure: Error | undefined;
  /** How long a step takes, in milliseconds. */
  takesMs = 0;
  unknown = 0;
  readonly intake: ReceiptIntake;
  readonly stop = new AbortController();
  readonly running: Promise<unknown>;

  constructor(
    limits: { readonly maxWaiting?: number; readonly maxAtOnce?: number } = {},
  ) {
    const { clock, log, stop } = this;
    this.intake = new ReceiptIntake({
      store: { keepReceipts: (receipts) => this.#keep(receipts) },
      onReceiptsKept: () => {},
      clock,
      log,
      ...limits,
    });
    this.running = this.intake.run(stop.signal).catch((error) => error);
  }

  async #keep(receipts: readonly StoredReceipt[]): Promise<KeptReceipts> {
    if (this.takesMs > 0) {
      await this.clock.delay(this.takesMs, this.stop.signal);
    }
    if (this.failure !== undefined) throw this.failure;
    this.steps.push(receipts.length);
    return { kept: receipts.slice(this.unknown), unknown: this.unknown };
  }

  /** Hands some over. */
  take(count: number): Promise<string> {
    const receipts = Array.from(
      { length: count },
      (_, at) => receipt(banKeyAt(at)),
    );
    return this.intake.accept(receipts).then(
      () => "kept",
      (error: Error) => error.name,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

Deno.test("ReceiptIntake keeps what comes alone at once, and together what comes in the pause after it", async () => {
  await using bench = new Bench();
  strictEqual(await bench.take(10), "kept");
  const others = [bench.take(10), bench.take(5), bench.take(1)];
  await bench.clock.advance(19);
  deepStrictEqual(bench.steps, [10]);
  await bench.clock.advance(1);
  deepStrictEqual(bench.steps, [10, 16]);
  deepStrictEqual(await Promise.all(others), ["kept", "kept", "kept"]);
  deepStrictEqual(bench.intake.counters, { receipts: 26, receiptsUnknown: 0 });
});

Deno.test("ReceiptIntake pauses four times as long as a step took, half a second at most", async () => {
  for (const [takesMs, pausesMs] of [[30, 120], [400, 500]] as const) {
    await using bench = new Bench();
    bench.takesMs = takesMs;
    const first = bench.take(1);
    await bench.clock.advance(takesMs);
    strictEqual(await first, "kept");
    bench.takesMs = 0;
    const second = bench.take(1);
    await bench.clock.advance(pausesMs - 1);
    deepStrictEqual(bench.steps, [1]);
    await bench.clock.advance(1);
    strictEqual(await second, "kept");
  }
});

Deno.test("ReceiptIntake keeps so many in a step and no more, whole messages", async () => {
  await using bench = new Bench({ maxAtOnce: 100 });
  await bench.take(1);
  const taken = [60, 40, 1, 250, 99].map((count) => bench.take(count));
  await bench.clock.advance(100);
  await Promise.all(taken);
  deepStrictEqual(bench.steps, [1, 100, 1, 250, 99]);
});

Deno.test("ReceiptIntake takes nothing while too many wait, nor once it has stopped", async () => {
  await using bench = new Bench({ maxWaiting: 100 });
  await bench.take(1);
  const waiting = bench.take(99);
  strictEqual(await bench.take(2), "BusyError");
  strictEqual(await Promise.race([bench.take(1), settled()]), undefined);
  bench.stop.abort();
  await bench.running;
  strictEqual(await waiting, "BusyError");
});

Deno.test("ReceiptIntake acknowledges nothing once another publisher has the store, and complains of no disk", async () => {
  await using bench = new Bench();
  bench.failure = new StoreLeftError("hub2 has taken over");
  strictEqual(await bench.take(10), bench.failure.name);
  deepStrictEqual(bench.log.events, []);
});

Deno.test("ReceiptIntake acknowledges nothing that can't be kept, says so once, and goes on", async () => {
  await using bench = new Bench();
  bench.failure = FULL;
  strictEqual(await bench.take(10), "RuntimeError");
  const again = [bench.take(10), bench.take(1)];
  await bench.clock.advance(20);
  deepStrictEqual(await Promise.all(again), ["RuntimeError", "RuntimeError"]);
  bench.failure = undefined;
  const last = bench.take(3);
  await bench.clock.advance(20);
  strictEqual(await last, "kept");
  strictEqual(bench.intake.counters.receipts, 3);
  deepStrictEqual(bench.log.events, [
    "receipts can't be kept, and are not acknowledged",
    "receipts are kept again",
  ]);
});

Deno.test("ReceiptIntake counts receipts of bans that nobody knows apart", async () => {
  await using bench = new Bench();
  bench.unknown = 2;
  strictEqual(await bench.take(5), "kept");
  deepStrictEqual(bench.intake.counters, { receipts: 3, receiptsUnknown: 2 });
});

Deno.test("ReceiptIntake ends with a bug of its store, and does not hide it", async () => {
  await using bench = new Bench();
  bench.failure = new TypeError("a bug");
  const taken = bench.intake.accept([receipt(banKeyAt(1))]);
  await rejects(taken, TypeError);
  strictEqual(await bench.running, bench.failure);
});

Deno.test("ReceiptIntake keeps what a node says of as many actions as it may have, whatever it calls others", async () => {
  await using bench = new Bench();
  const said = (node: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      ...receipt(banKeyAt(1)),
      node: host(node),
      action: `exec${at}`,
    }));
  await bench.intake.accept([...said("web1", 500), ...said("web2", 3)]);
  const others = bench.intake.accept([
    ...said("WEB1", 500),
    ...said("web2", 9),
  ]);
  await bench.clock.advance(500);
  await others;
  deepStrictEqual(bench.steps, [8 + 3, 8 + 8]);
  const receiptsUnknown = 492 + 492 + 1;
  deepStrictEqual(bench.intake.counters, { receipts: 27, receiptsUnknown });
});
