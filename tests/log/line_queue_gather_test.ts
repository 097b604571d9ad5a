import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LineQueue } from "../../lib/log/line_queue.ts";
import type { Severity } from "../../lib/log/log.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const GATHER_MS = 50;
const never = () => new AbortController().signal;

/** A queue that gathers, and what was delivered when. */
function gatheringQueue() {
  const clock = new ManualClock();
  const delivered: [atMs: number, ...texts: string[]][] = [];
  const queue = new LineQueue({
    target: "the place",
    deliver: (lines) => {
      const texts = lines.map(({ text }) => text);
      delivered.push([clock.monotonicMs(), ...texts]);
      return Promise.resolve();
    },
    clock,
    complain: () => {},
    maxLinesAtOnce: 3,
    gatherMs: GATHER_MS,
  });
  const write = (text: string, severity: Severity = "info") =>
    queue.write({ severity, atMs: 0, text });
  return { clock, delivered, queue, write };
}

Deno.test("LineQueue delivers the first line at once, and gathers those that follow soon", async () => {
  const { clock, delivered, write } = gatheringQueue();
  write("a");
  await clock.advance(10);
  write("b");
  await clock.advance(30);
  write("c");
  await clock.advance(20);
  write("d");
  await clock.advance(200);
  write("e");
  await settled();
  deepStrictEqual(delivered, [
    [0, "a"],
    [GATHER_MS, "b", "c"],
    [2 * GATHER_MS, "d"],
    [260, "e"],
  ]);
  strictEqual(clock.delays, 0);
});

Deno.test("LineQueue delivers at once what may be a program's last words, and the lines before", async () => {
  for (const severity of ["warning", "error", "critical"] as const) {
    const { clock, delivered, write } = gatheringQueue();
    write("a");
    await settled();
    write("b", "notice");
    await clock.advance(20);
    write("c", severity);
    await settled();
    write("d", severity);
    await settled();
    deepStrictEqual(delivered, [[0, "a"], [20, "b", "c"], [20, "d"]]);
    strictEqual(clock.delays, 0);
  }
});

Deno.test("LineQueue delivers a full call at once, and gathers the rest", async () => {
  const { clock, delivered, write } = gatheringQueue();
  write("a");
  await clock.advance(10);
  for (const text of ["b", "c", "d", "e"]) write(text);
  await settled();
  deepStrictEqual(delivered, [[0, "a"], [10, "b", "c", "d"], [10, "e"]]);
  write("f");
  await clock.advance(10);
  strictEqual(delivered.length, 3);
  write("g");
  write("h");
  await settled();
  deepStrictEqual(delivered.slice(3), [[20, "f", "g", "h"]]);
  strictEqual(clock.delays, 0);
});

Deno.test("LineQueue.flush() and probe() don't wait for further lines", async () => {
  const { clock, delivered, queue, write } = gatheringQueue();
  for (const text of ["a", "b"]) {
    write(text);
    await queue.flush(never());
  }
  write("c");
  await settled();
  await queue.probe(never());
  write("d");
  await settled();
  await queue.flush(never());
  deepStrictEqual(delivered, [[0, "a"], [0, "b"], [0, "c"], [0, "d"]]);
  strictEqual(clock.delays, 0);
});

Deno.test("LineQueue delivers what it gathers when it is disposed of", async () => {
  const { clock, delivered, queue, write } = gatheringQueue();
  write("a");
  await settled();
  write("b");
  await settled();
  strictEqual(delivered.length, 1);
  await queue[Symbol.asyncDispose]();
  deepStrictEqual(delivered, [[0, "a"], [0, "b"]]);
  strictEqual(clock.delays, 0);
});
