import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ActionQueue } from "../../lib/subscriber/action_queue.ts";
import { UpdateFilter } from "../../lib/subscriber/update_filter.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { banEvent } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryAction } from "../support/memory/memory_action.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const NEVER = new AbortController().signal;
const NEWS = [
  banEvent("web-2|sshd|Ban|192.0.2.1"),
  banEvent("web-2|sshd|Ban|127.0.0.1"),
  banEvent("web-2|sshd|Unban|127.0.0.1"),
];

async function taken(dryRun: boolean) {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const action = new MemoryAction();
  const receipts = new ReceiptQueue();
  const queue = new ActionQueue({ actions: [action], clock, log });
  const filter = new UpdateFilter({
    ...{ queue, receipts, clock, log, dryRun },
    actionNames: ["nftables", "exec"],
    protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
  });
  await queue.runWith(NEVER, [(signal) => filter.filter(NEWS, signal)]);
  return { action, receipts, log, filter };
}

Deno.test("UpdateFilter refuses what this host protects, and tells the rule for each action", async () => {
  const { action, receipts, filter } = await taken(false);
  deepStrictEqual(action.calls.flat(), [
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Unban|127.0.0.1",
  ]);
  deepStrictEqual(
    receipts.dequeue(9).map(({ address, action, outcome, detail }) =>
      `${address} ${action} ${outcome} ${detail}`
    ),
    [
      "127.0.0.1 nftables refused loopback",
      "127.0.0.1 exec refused loopback",
    ],
  );
  deepStrictEqual(filter.counters, { received: 3, refused: 1 });
});

Deno.test("UpdateFilter does nothing on a dry run, and tells nobody but the log", async () => {
  const { action, receipts, log } = await taken(true);
  deepStrictEqual(action.calls, []);
  strictEqual(receipts.size, 0);
  deepStrictEqual(log.events, [
    "refused a protected address",
    "would act on ban",
    "would act on unban",
  ]);
});
