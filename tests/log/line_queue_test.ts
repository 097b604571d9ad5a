import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { LineQueue, type LineQueueOptions } from "../../lib/log/line_queue.ts";
import type { OutputLine } from "../../lib/log/line_sink.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const never = () => new AbortController().signal;

function lineOf(text: string): OutputLine {
  return { severity: "info", atMs: 0, text };
}

/** A queue before a place that fails or waits when a test says so. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  /** The texts that arrived, in order. */
  readonly written: string[] = [];
  /** Each attempt: when, and how many lines. */
  readonly attempts: [atMs: number, lines: number][] = [];
  readonly troubleLog: string[] = [];
  readonly queue: LineQueue;
  /** What deliveries are rejected with. */
  failure: Error | undefined;
  /** Whether deliveries wait for {@link Bench.resume}. */
  paused = false;
  readonly #resumed = new Condition();

  constructor(options: Partial<LineQueueOptions> = {}) {
    this.queue = new LineQueue({
      target: "the place",
      deliver: (lines) => this.#deliver(lines),
      clock: this.clock,
      complain: (sentence) => this.troubleLog.push(sentence),
      ...options,
    });
  }

  write(...texts: string[]): void {
    for (const text of texts) this.queue.write(lineOf(text));
  }

  resume(): void {
    this.paused = false;
    this.#resumed.notify();
  }

  async #deliver(lines: readonly OutputLine[]): Promise<void> {
    this.attempts.push([this.clock.monotonicMs(), lines.length]);
    if (this.paused) await this.#resumed.wait(never());
    if (this.failure !== undefined) throw this.failure;
    this.written.push(...lines.map(({ text }) => text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.failure = undefined;
    this.resume();
    await this.clock.advance(20_000);
    await this.queue[Symbol.asyncDispose]();
  }
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, index) => `line ${index}`);

Deno.test("LineQueue writes lines in order, so many at once", async () => {
  await using bench = new Bench({ maxLinesAtOnce: 4 });
  bench.write(...texts(10));
  await bench.queue.flush(never());
  deepStrictEqual(bench.written, texts(10));
  deepStrictEqual(bench.attempts.map(([, lines]) => lines), [1, 4, 4, 1]);
  deepStrictEqual(bench.troubleLog, []);
});

Deno.test("LineQueue drops the oldest lines when it is full, counts them, and flush() reports them once", async () => {
  await using bench = new Bench({ maxLines: 3 });
  bench.paused = true;
  bench.write(...texts(6));
  strictEqual(bench.queue.dropped, 2);
  bench.resume();
  await rejects(bench.queue.flush(never()), {
    name: "RuntimeError",
    message: "the place does not take lines: 2 are lost",
  });
  deepStrictEqual(bench.written, ["line 0", "line 3", "line 4", "line 5"]);
  deepStrictEqual(bench.troubleLog, [
    "the place does not keep up, and the oldest lines are dropped",
    "the place takes lines again; 2 were lost",
  ]);
  bench.write("one more");
  await bench.queue.flush(never());
});

Deno.test("LineQueue.flush() reports a line that is lost while it waits", async () => {
  await using bench = new Bench({ maxLines: 2 });
  bench.paused = true;
  bench.write(...texts(2));
  const flushed = rejects(bench.queue.flush(never()), /1 are lost/);
  bench.write("newer", "newest");
  bench.resume();
  await flushed;
  deepStrictEqual(bench.written, ["line 0", "newer", "newest"]);
});

Deno.test("LineQueue tries again with a growing pause, up to ten seconds, and begins anew after a success", async () => {
  await using bench = new Bench();
  bench.failure = new RuntimeError("no room");
  bench.write("line");
  await bench.clock.advance(42_700);
  const pauses = () =>
    bench.attempts.slice(1).map(([atMs], index) =>
      atMs - (bench.attempts[index]?.[0] ?? 0)
    );
  deepStrictEqual(
    pauses(),
    [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000],
  );
  bench.failure = undefined;
  await bench.clock.advance(10_000);
  deepStrictEqual(bench.written, ["line"]);
  bench.attempts.length = 0;
  bench.failure = new RuntimeError("no room");
  bench.write("another");
  await bench.clock.advance(300);
  deepStrictEqual(pauses(), [100, 200]);
});

Deno.test("LineQueue begins its pauses anew when some of what waits gets through", async () => {
  const clock = new ManualClock();
  const attemptsAtMs: number[] = [];
  const queue = new LineQueue({
    target: "the place",
    clock,
    complain: () => {},
    maxLinesAtOnce: 1,
    deliver: () => {
      attemptsAtMs.push(clock.monotonicMs());
      return [3, 6, 7].includes(attemptsAtMs.length)
        ? Promise.resolve()
        : Promise.reject(new RuntimeError("no room"));
    },
  });
  for (const text of texts(3)) queue.write(lineOf(text));
  await clock.advance(10_000);
  deepStrictEqual(attemptsAtMs, [0, 100, 300, 300, 400, 600, 600]);
});

Deno.test("LineQueue holds no more than its bound when lines come back undelivered", async () => {
  await using bench = new Bench({ maxLines: 3 });
  bench.paused = true;
  bench.write(...texts(4));
  strictEqual(bench.queue.dropped, 0);
  bench.failure = new RuntimeError("no room");
  bench.resume();
  await settled();
  strictEqual(bench.queue.dropped, 1);
});

Deno.test("LineQueue tells trouble once and its end once, however often it fails", async () => {
  await using bench = new Bench({ maxLines: 3 });
  for (let episode = 0; episode < 2; episode++) {
    bench.failure = new RuntimeError("no room on the disk");
    bench.write("line 0");
    await settled();
    bench.write(...texts(5).slice(1));
    await bench.clock.advance(30_000);
    bench.failure = undefined;
    await bench.clock.advance(10_000);
  }
  deepStrictEqual(bench.troubleLog, [
    "no room on the disk",
    "the place takes lines again; 2 were lost",
    "no room on the disk",
    "the place takes lines again; 2 were lost",
  ]);
  deepStrictEqual(bench.written.slice(0, 3), ["line 2", "line 3", "line 4"]);
  await rejects(bench.queue.flush(never()), /4 are lost/);
});

Deno.test("LineQueue.flush() gives up after its time, and the lines are still written", async () => {
  await using bench = new Bench();
  bench.failure = new RuntimeError("no room");
  bench.write(...texts(3));
  const flushed = rejects(bench.queue.flush(never()), {
    name: "RuntimeError",
    message: "the place does not take lines: 3 wait",
  });
  await bench.clock.advance(1_000);
  await flushed;
  bench.failure = undefined;
  await bench.clock.advance(1_000);
  deepStrictEqual(bench.written, texts(3));
  await bench.queue.flush(never());
});

Deno.test("LineQueue.flush() waits for the lines taken so far, not for later ones", async () => {
  await using bench = new Bench({ maxLinesAtOnce: 1 });
  let flushedAt = -1;
  bench.write("first");
  const flushed = bench.queue.flush(never()).then(() =>
    flushedAt = bench.written.length
  );
  bench.paused = true;
  bench.write("second");
  await flushed;
  strictEqual(flushedAt, 1);
});

Deno.test("LineQueue.flush() ends at once when aborted, or when nothing waits", async () => {
  await using bench = new Bench();
  await bench.queue.flush(AbortSignal.abort());
  bench.paused = true;
  bench.write("line");
  const stop = new AbortController();
  const reason = new Error("stopped");
  const flushed = rejects(bench.queue.flush(stop.signal), reason);
  stop.abort(reason);
  await flushed;
  strictEqual(bench.clock.delays, 0);
});

Deno.test("LineQueue writes what waits when it is disposed of, and takes no more", async () => {
  const bench = new Bench();
  bench.write(...texts(3));
  await bench.queue[Symbol.asyncDispose]();
  deepStrictEqual(bench.written, texts(3));
  bench.write("too late");
  await settled();
  strictEqual(bench.written.length, 3);
  strictEqual(bench.queue.dropped, 1);
  deepStrictEqual(bench.troubleLog, []);
});

Deno.test("LineQueue says and counts what it could not write before it was disposed of", async () => {
  for (const paused of [false, true]) {
    const bench = new Bench();
    bench.paused = paused;
    bench.failure = new RuntimeError("no room");
    bench.write(...texts(3));
    await settled();
    const disposed = bench.queue[Symbol.asyncDispose]();
    await bench.clock.advance(1_000);
    await disposed;
    bench.resume();
    await settled();
    strictEqual(bench.queue.dropped, 3);
    strictEqual(bench.clock.delays, 0);
    strictEqual(
      bench.troubleLog.at(-1),
      "the place does not take lines: 3 wait; giving up",
    );
  }
});

Deno.test("LineQueue accounts for every line, and keeps the order, whatever fails", async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ write: fc.nat(6) }),
      fc.constantFrom("fail", "mend", "pause", "resume", "wait"),
    ),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const taken: string[] = [];
      const bench = new Bench({ maxLines: 4, maxLinesAtOnce: 3 });
      for (const step of steps) {
        if (step === "fail") bench.failure = new RuntimeError("no room");
        else if (step === "mend") bench.failure = undefined;
        else if (step === "pause") bench.paused = true;
        else if (step === "resume") bench.resume();
        else if (step === "wait") await bench.clock.advance(5_000);
        else {
          for (let count = 0; count < step.write; count++) {
            const text = `line ${taken.length}`;
            taken.push(text);
            bench.write(text);
          }
        }
      }
      await bench[Symbol.asyncDispose]();
      const left = taken.filter((text) => bench.written.includes(text));
      deepStrictEqual(bench.written, left);
      strictEqual(bench.written.length + bench.queue.dropped, taken.length);
      ok(bench.troubleLog.length % 2 === 0, "each trouble ends");
    }),
    { numRuns: 40 },
  );
});

Deno.test("LineQueue.failed() rejects with a bug of its delivery, and with the reason on abort", async () => {
  const queue = new LineQueue({
    target: "the place",
    deliver: () => Promise.reject(new TypeError("a bug")),
    clock: new ManualClock(),
    complain: () => {},
  });
  const stop = new AbortController();
  const aborted = rejects(
    queue.failed(stop.signal),
    (reason) => reason === "enough",
  );
  stop.abort("enough");
  await aborted;
  const failed = rejects(queue.failed(never()), /a bug/);
  queue.write(lineOf("lost"));
  await failed;
  strictEqual(queue.waiting, 1);
});

Deno.test("LineQueue throws a bug of its delivery at disposal where nobody waits for it", async () => {
  const clock = new ManualClock();
  const queue = new LineQueue({
    target: "the place",
    deliver: () => Promise.reject(new TypeError("a bug")),
    clock,
    complain: () => {},
  });
  queue.write(lineOf("lost"));
  const disposed = rejects(
    (async () => await queue[Symbol.asyncDispose]())(),
    /a bug/,
  );
  await clock.advance(500);
  await disposed;
});
