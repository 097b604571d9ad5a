import { strictEqual } from "node:assert/strict";
import { InForceTeller } from "../../lib/subscriber/in_force_teller.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { address, jail } from "../support/values/core_values.ts";

const PART = 2_000;
const ALL = 50_000;

Deno.test("InForceTeller waits for a publisher that takes nothing for a minute, and drops no receipt", async () => {
  const clock = new ManualClock();
  const receipts = new ReceiptQueue();
  const action = {
    *tellInForce() {
      for (let at = 0; at < ALL; at++) {
        receipts.add({
          jail: jail("sshd"),
          address: address(`198.18.${at >> 8}.${at & 255}`),
          action: "nftables",
          detail: "",
          outcome: "applied",
          atMs: 0,
        });
        if (at % PART === PART - 1) yield;
      }
    },
    tellUntold: () => false,
  };
  const teller = new InForceTeller({ actions: [action], receipts, clock });
  const ending = new AbortController();
  const ended = teller.run(ending.signal);
  teller.tell();
  for (let second = 0; second < 60; second++) await clock.advance(1_000);
  strictEqual(receipts.size, 3 * PART);

  let taken = 0;
  for (let second = 0; second < 60; second++) {
    taken += receipts.dequeue(PART).length;
    receipts.acknowledge();
    await clock.advance(1_000);
  }
  strictEqual(taken, ALL);
  strictEqual(receipts.dropped, 0);

  teller.tell();
  await settled();
  strictEqual(receipts.size, PART);
  ending.abort(new Error("over"));
  await ended;
});
