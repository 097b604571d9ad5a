import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { BatchWindow } from "../../lib/monitor/batch_window.ts";

const item = (key: string, n = 0) => ({ key, n });

function windowOf(...keys: string[]) {
  const window = new BatchWindow<{ key: string; n: number }>(100);
  keys.forEach((key, n) => window.push(item(key, n)));
  return window;
}

function numbers(
  taken: { readonly items: readonly { n: number }[] } | undefined,
): number[] | undefined {
  return taken?.items.map(({ n }) => n);
}

Deno.test("BatchWindow gives batches in order, each with its number", () => {
  const window = windowOf("a", "b", "c", "d", "e");
  deepStrictEqual(numbers(window.nextBatch(2)), [0, 1]);
  deepStrictEqual(window.nextBatch(2), {
    batch: 2,
    items: [item("c", 2), item("d", 3)],
  });
  deepStrictEqual(numbers(window.nextBatch(2)), [4]);
  strictEqual(window.nextBatch(2), undefined);
  strictEqual(window.inFlight, 3);
});

Deno.test("BatchWindow puts the same key twice in a batch, but not in two at once", () => {
  const window = windowOf("a", "a", "b", "a", "c");
  deepStrictEqual(numbers(window.nextBatch(2)), [0, 1]);
  deepStrictEqual(numbers(window.nextBatch(9)), [2]);
  strictEqual(window.nextBatch(9), undefined);
  window.acknowledge(2);
  strictEqual(window.nextBatch(9), undefined);
  window.acknowledge(1);
  deepStrictEqual(numbers(window.nextBatch(9)), [3, 4]);
});

Deno.test("BatchWindow counts as settled what has nothing unanswered before it", () => {
  const window = windowOf("a", "b", "c");
  for (let count = 0; count < 3; count++) window.nextBatch(1);
  window.acknowledge(3);
  strictEqual(window.settled, 0);
  window.acknowledge(1);
  strictEqual(window.settled, 1);
  window.acknowledge(2);
  strictEqual(window.settled, 3);
  strictEqual(window.size, 0);
});

Deno.test("BatchWindow.rewind() sends again what was not answered, in order, and that only", () => {
  const window = windowOf("a", "b", "c", "d");
  for (let count = 0; count < 3; count++) window.nextBatch(1);
  window.acknowledge(2);
  window.rewind();
  strictEqual(window.inFlight, 0);
  strictEqual(window.acknowledge(1), undefined);
  deepStrictEqual(window.nextBatch(9), {
    batch: 1,
    items: [item("a", 0), item("c", 2), item("d", 3)],
  });
});

Deno.test("BatchWindow.take() is done with what is over before it is sent", () => {
  const window = windowOf("a", "b", "c", "d");
  const isEven = ({ n }: { n: number }) => n % 2 === 0;
  deepStrictEqual(numbers(window.nextBatch(1, isEven)), [1]);
  strictEqual(window.settled, 1);
  deepStrictEqual(numbers(window.nextBatch(1, isEven)), [3]);
  window.acknowledge(1);
  strictEqual(window.settled, 3);
  window.rewind();
  strictEqual(window.nextBatch(9, () => true), undefined);
  strictEqual(window.settled, 4);
});

Deno.test("BatchWindow holds no more than its capacity", () => {
  const window = new BatchWindow<{ key: string }>(2);
  window.push({ key: "a" });
  window.push({ key: "b" });
  strictEqual(window.hasRoom, false);
  throws(() => window.push({ key: "c" }), RangeError);
  window.nextBatch(1);
  window.acknowledge(1);
  strictEqual(window.hasRoom, true);
  for (const capacity of [0, -1, 1.5, NaN]) {
    throws(() => new BatchWindow(capacity), RangeError);
  }
});
