import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RetryQueue } from "../../lib/async/retry_queue.ts";

Deno.test("RetryQueue waits for nothing while it is empty", () => {
  const queue = new RetryQueue();
  strictEqual(queue.size, 0);
  strictEqual(queue.nextMs, undefined);
  deepStrictEqual(queue.takeDue(Infinity), []);
});

Deno.test("RetryQueue gives each key once, at its time, the earliest first", () => {
  const queue = new RetryQueue();
  queue.add("late", 3_000);
  queue.add("between", 2_000);
  queue.add("early", 1_000);
  queue.add("early too", 1_000);
  strictEqual(queue.size, 4);
  strictEqual(queue.nextMs, 1_000);
  deepStrictEqual(queue.takeDue(999), []);
  deepStrictEqual(queue.takeDue(2_000), ["early", "early too", "between"]);
  strictEqual(queue.size, 1);
  strictEqual(queue.nextMs, 3_000);
  deepStrictEqual(queue.takeDue(2_999.9), []);
  deepStrictEqual(queue.takeDue(1e9), ["late"]);
  strictEqual(queue.size, 0);
  strictEqual(queue.nextMs, undefined);
});

Deno.test("RetryQueue ends a pause a tenth of a second late at most, and never early", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000_000, max: 1_000_000_000 }),
      (eighths) => {
        const ms = eighths / 8;
        const queue = new RetryQueue();
        queue.add("a", ms);
        const { nextMs } = queue;
        ok(nextMs !== undefined && nextMs >= ms && nextMs < ms + 100);
        deepStrictEqual(queue.takeDue(nextMs), ["a"]);
      },
    ),
  );
});

Deno.test("RetryQueue takes a hundred thousand keys that wait for different times", () => {
  const queue = new RetryQueue();
  for (let index = 0; index < 100_000; index++) {
    queue.add(`${index}`, index * 3);
  }
  ok((queue.nextMs ?? Infinity) < 100);
  strictEqual(queue.takeDue(150_000).length, 50_001);
  strictEqual(queue.size, 49_999);
});
