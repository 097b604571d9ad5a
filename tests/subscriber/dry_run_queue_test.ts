import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DryRunQueue } from "../../lib/subscriber/dry_run_queue.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import { banEvent } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

Deno.test("DryRunQueue says what would be acted on and what is refused, and tells nobody but the log", async () => {
  const log = new MemoryLog();
  const receipts = new ReceiptQueue();
  const protection = new UpdateProtection({
    policy: () => POLICY,
    receipts,
    clock: new ManualClock(),
    log,
  });
  const actionNames = ["log", "script"];
  const queue = new DryRunQueue({ actionNames, protection, log });
  const updates = [
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Ban|127.0.0.1",
    "web-2|sshd|Unban|127.0.0.1",
  ].map(banEvent);
  await queue.put(updates, new AbortController().signal);
  const fields = { node: "web-2", jail: "sshd", actions: "log,script" };
  deepStrictEqual(log.records, [
    {
      severity: "warning",
      event: "refused a protected address",
      fields: {
        node: "web-2",
        address: "127.0.0.1",
        rule: "loopback",
        because: "127.0.0.0/8",
      },
    },
    {
      severity: "notice",
      event: "would act on ban",
      fields: { ...fields, address: "192.0.2.1" },
    },
    {
      severity: "notice",
      event: "would act on unban",
      fields: { ...fields, address: "127.0.0.1" },
    },
  ]);
  strictEqual(receipts.size, 0);
  strictEqual(protection.counters.refused, 1);
});
