import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { EventWindow } from "../../lib/monitor/event_window.ts";

const item = (key: string, n = 0) => ({ key, n });

function windowOf(...keys: string[]) {
  const window = new EventWindow<{ key: string; n: number }>({
    capacity: 100,
    keyOf: ({ key }) => key,
  });
  keys.forEach((key, n) => window.push(item(key, n)));
  return window;
}

function numbers(
  taken: { readonly items: readonly { n: number }[] } | undefined,
): number[] | undefined {
  return taken?.items.map(({ n }) => n);
}

Deno.test("EventWindow gives batches in order, each with its number", () => {
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

Deno.test("EventWindow puts the same key twice in a batch, but not in two at once", () => {
  const window = windowOf("a", "a", "b", "a", "c");
  deepStrictEqual(numbers(window.nextBatch(2)), [0, 1]);
  deepStrictEqual(numbers(window.nextBatch(9)), [2]);
  strictEqual(window.nextBatch(9), undefined);
  window.acknowledge(2);
  strictEqual(window.nextBatch(9), undefined);
  window.acknowledge(1);
  deepStrictEqual(numbers(window.nextBatch(9)), [3, 4]);
});

Deno.test("EventWindow counts as settled what has nothing unanswered before it", () => {
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

Deno.test("EventWindow.rewind() sends again what was not answered, in order, and that only", () => {
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

Deno.test("EventWindow.take() is done with what is over before it is sent", () => {
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

Deno.test("EventWindow holds no more than its capacity", () => {
  const window = new EventWindow<{ key: string }>({ capacity: 2 });
  window.push({ key: "a" });
  window.push({ key: "b" });
  strictEqual(window.hasRoom, false);
  throws(() => window.push({ key: "c" }), RangeError);
  window.nextBatch(1);
  window.acknowledge(1);
  strictEqual(window.hasRoom, true);
});

Deno.test("EventWindow can't be made for less than one item, or for part of one", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    throws(() => new EventWindow({ capacity }), {
      name: "RangeError",
      message: new RegExp(`current value is ${capacity}$`),
    });
  }
});

/** A window without keys, sent one by one: what protocol 1 has. */
function requestWindow<T>(capacity: number) {
  const window = new EventWindow<T>({ capacity });
  return {
    window,
    /** Takes the next request. */
    send: () => window.nextBatch(1)?.items[0],
    /** Is done with the oldest on its way. */
    acknowledgeOldest: () => {
      const { oldestInFlight } = window;
      return oldestInFlight && window.acknowledge(oldestInFlight.batch)?.[0];
    },
  };
}

Deno.test("EventWindow without keys sends one by one in the order of their coming, each once, equal ones too", () => {
  const { window, send } = requestWindow<string>(3);
  strictEqual(send(), undefined);
  for (const request of ["a", "b", "a"]) window.push(request);
  deepStrictEqual([send(), send(), send()], ["a", "b", "a"]);
  strictEqual(send(), undefined);
  strictEqual(window.inFlight, 3);
});

Deno.test("EventWindow.oldestInFlight is the batch that was sent first; being done with it makes room", () => {
  const { window, send, acknowledgeOldest } = requestWindow<string>(2);
  window.push("a");
  window.push("b");
  strictEqual(window.hasRoom, false);
  strictEqual(window.oldestInFlight, undefined);
  send();
  send();
  deepStrictEqual(window.oldestInFlight, { batch: 1, items: ["a"] });
  strictEqual(acknowledgeOldest(), "a");
  deepStrictEqual(window.oldestInFlight, { batch: 2, items: ["b"] });
  strictEqual(window.hasRoom, true);
  deepStrictEqual([window.size, window.inFlight], [1, 1]);
});

Deno.test("EventWindow.rewind() sends again one by one, in order, what was not answered", () => {
  const { window, send, acknowledgeOldest } = requestWindow<string>(3);
  for (const request of ["a", "b", "c"]) window.push(request);
  send();
  send();
  acknowledgeOldest();
  window.rewind();
  strictEqual(window.oldestInFlight, undefined);
  deepStrictEqual([send(), send()], ["b", "c"]);
});

Deno.test("EventWindow knows no batch that is not on its way", () => {
  const { window } = requestWindow<string>(1);
  strictEqual(window.acknowledge(1), undefined);
  window.push("a");
  throws(() => window.push("b"), RangeError);
  strictEqual(window.acknowledge(1), undefined);
  strictEqual(window.itemsOf(1), undefined);
  strictEqual(window.size, 1);
});

Deno.test("EventWindow without keys settles all in order, and keeps what is unsettled, whatever happens to it", () => {
  const CAPACITY = 5;
  const steps = fc.array(
    fc.constantFrom("push", "take", "settle", "rewind"),
    { maxLength: 200 },
  );
  fc.assert(fc.property(steps, (names) => {
    const { window, send, acknowledgeOldest } = requestWindow<number>(
      CAPACITY,
    );
    let pushed = 0;
    let sent = 0;
    let settled = 0;
    for (const name of names) {
      if (name === "push" && window.hasRoom) window.push(pushed++);
      if (name === "take" && send() !== undefined) sent++;
      if (name === "settle" && window.inFlight > 0) {
        strictEqual(acknowledgeOldest(), settled++);
      }
      if (name === "rewind") {
        window.rewind();
        sent = settled;
      }
      strictEqual(window.size, pushed - settled);
      strictEqual(window.inFlight, sent - settled);
      strictEqual(window.hasRoom, pushed - settled < CAPACITY);
      const oldest = sent > settled ? settled : undefined;
      strictEqual(window.oldestInFlight?.items[0], oldest);
      strictEqual(window.settled, settled);
    }
  }));
});
