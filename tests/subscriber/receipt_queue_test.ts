import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type ActionReceipt,
  ReceiptQueue,
} from "../../lib/subscriber/receipt_queue.ts";
import { key } from "../support/values/bans.ts";

function receipt(
  last: number,
  outcome: ActionReceipt["outcome"] = "applied",
  action = "nftables",
): ActionReceipt {
  return { ...key(last), action, outcome, detail: "", atMs: last };
}

function told(receipts: readonly ActionReceipt[]): string[] {
  return receipts.map(({ address, action, outcome }) =>
    `${address.split(".")[3]} ${action} ${outcome}`
  );
}

Deno.test("ReceiptQueue gives the last receipt of each ban and action, oldest first", () => {
  const queue = new ReceiptQueue();
  queue.add(receipt(1, "failed"));
  queue.add(receipt(2));
  queue.add(receipt(1));
  queue.add(receipt(1, "applied", "exec"));
  deepStrictEqual(told(queue.dequeue(2)), [
    "2 nftables applied",
    "1 nftables applied",
  ]);
  strictEqual(queue.size, 3);
  queue.acknowledge();
  deepStrictEqual(told(queue.dequeue(9)), ["1 exec applied"]);
});

Deno.test("ReceiptQueue sends again what nobody knows of, unless there is something newer", () => {
  const queue = new ReceiptQueue();
  queue.add(receipt(1, "failed"));
  queue.add(receipt(2));
  queue.dequeue(9);
  strictEqual(queue.isInFlight, true);
  queue.add(receipt(1));
  queue.requeue();
  strictEqual(queue.isInFlight, false);
  deepStrictEqual(told(queue.dequeue(9)), [
    "1 nftables applied",
    "2 nftables applied",
  ]);
});

Deno.test("ReceiptQueue drops the oldest above its bound, and counts it", () => {
  const queue = new ReceiptQueue({ maxWaiting: 2 });
  for (const last of [1, 2, 3]) queue.add(receipt(last));
  deepStrictEqual(told(queue.dequeue(9)), [
    "2 nftables applied",
    "3 nftables applied",
  ]);
  strictEqual(queue.dropped, 1);
});

/** A queue as it is described, without a thought of time: a list that is searched. */
class ListedReceipts {
  waiting: ActionReceipt[] = [];
  inFlight: readonly ActionReceipt[] = [];

  add(receipt: ActionReceipt, max: number): void {
    this.waiting = this.waiting.filter((other) => !isOfSame(receipt, other));
    this.waiting.push(receipt);
    if (this.waiting.length > max) this.waiting.shift();
  }

  dequeue(max: number): readonly ActionReceipt[] {
    return this.inFlight = this.waiting.splice(0, max);
  }

  requeue(): void {
    const newest = this.inFlight.map((sent) =>
      this.waiting.find((other) => isOfSame(sent, other)) ?? sent
    );
    const others = this.waiting.filter((each) => !newest.includes(each));
    this.waiting = [...newest, ...others];
    this.inFlight = [];
  }
}

function isOfSame(one: ActionReceipt, other: ActionReceipt): boolean {
  return one.action === other.action && one.address === other.address;
}

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ last: fc.integer({ min: 1, max: 9 }) }) },
  fc.constant("acknowledge" as const),
  fc.constant("requeue" as const),
);

Deno.test("ReceiptQueue does as a list that is searched, whatever comes when", () => {
  const steps = fc.array(STEP, { maxLength: 80 });
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 8 }), (all, max) => {
    const [queue, list] = [
      new ReceiptQueue({ maxWaiting: max }),
      new ListedReceipts(),
    ];
    for (const step of all) {
      if (typeof step === "object") {
        const action = step.last % 2 === 0 ? "exec" : "nftables";
        const one = receipt(step.last, "applied", action);
        queue.add(one);
        list.add(one, max);
      } else if (!queue.isInFlight) {
        deepStrictEqual(queue.dequeue(3), list.dequeue(3));
      } else if (step === "acknowledge") {
        queue.acknowledge();
        list.inFlight = [];
      } else {
        queue.requeue();
        list.requeue();
      }
      strictEqual(queue.size, list.waiting.length + list.inFlight.length);
    }
  }));
});

Deno.test("ReceiptQueue keeps no trace of what is out of date, however often a ban changes", () => {
  const queue = new ReceiptQueue();
  for (let round = 0; round < 10_000; round++) {
    for (const last of [1, 2, 3]) queue.add(receipt(last));
  }
  strictEqual(queue.size, 3);
  strictEqual(queue.dequeue(9).length, 3);
  queue.acknowledge();
  strictEqual(queue.dequeue(9).length, 0);
});
