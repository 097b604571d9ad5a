import { deepStrictEqual, strictEqual } from "node:assert/strict";
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
