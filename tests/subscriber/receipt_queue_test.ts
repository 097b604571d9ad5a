import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type ActionReceipt,
  ReceiptBox,
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

Deno.test("ReceiptBox gives the last receipt of each ban and action, oldest first", () => {
  const box = new ReceiptBox();
  box.note(receipt(1, "failed"));
  box.note(receipt(2));
  box.note(receipt(1));
  box.note(receipt(1, "applied", "exec"));
  deepStrictEqual(told(box.take(2)), [
    "2 nftables applied",
    "1 nftables applied",
  ]);
  strictEqual(box.size, 3);
  box.settle();
  deepStrictEqual(told(box.take(9)), ["1 exec applied"]);
});

Deno.test("ReceiptBox sends again what nobody knows of, unless there is something newer", () => {
  const box = new ReceiptBox();
  box.note(receipt(1, "failed"));
  box.note(receipt(2));
  box.take(9);
  strictEqual(box.isInFlight, true);
  box.note(receipt(1));
  box.putBack();
  strictEqual(box.isInFlight, false);
  deepStrictEqual(told(box.take(9)), [
    "1 nftables applied",
    "2 nftables applied",
  ]);
});

Deno.test("ReceiptBox drops the oldest above its bound, and counts it", () => {
  const box = new ReceiptBox({ maxWaiting: 2 });
  for (const last of [1, 2, 3]) box.note(receipt(last));
  deepStrictEqual(told(box.take(9)), [
    "2 nftables applied",
    "3 nftables applied",
  ]);
  strictEqual(box.dropped, 1);
});
