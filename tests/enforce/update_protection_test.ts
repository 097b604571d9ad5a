import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import type { ActionReceipt } from "../../lib/enforce/enforcer.ts";
import { banEvent } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const STRICT = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

function bench() {
  const receipts: ActionReceipt[] = [];
  const log = new MemoryLog();
  const rules = { policy: STRICT };
  const protection = new UpdateProtection({
    policy: () => rules.policy,
    receipts: { add: (receipt) => receipts.push(receipt) },
    clock: new ManualClock(),
    log,
  });
  return { receipts, log, rules, protection };
}

Deno.test("UpdateProtection refuses for each action, and logs and counts that once", () => {
  const { protection, receipts, log } = bench();
  const updates = [
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Ban|127.0.0.1",
    "web-2|sshd|Unban|127.0.0.1",
  ].map(banEvent);
  const [first, , last] = updates;
  for (const action of ["nftables", "exec"]) {
    deepStrictEqual(protection.allowed(updates, action), [first, last]);
  }
  deepStrictEqual(
    receipts.map(({ address, action, outcome, detail }) =>
      `${address} ${action} ${outcome} ${detail}`
    ),
    [
      "127.0.0.1 nftables refused loopback: 127.0.0.0/8",
      "127.0.0.1 exec refused loopback: 127.0.0.0/8",
    ],
  );
  deepStrictEqual(log.events, ["refused a protected address"]);
  deepStrictEqual(protection.counters, { refused: 1 });
});

Deno.test("UpdateProtection judges an update again by other rules", () => {
  const { protection, rules } = bench();
  const updates = [banEvent("web-2|sshd|Ban|192.0.2.0/24")];
  deepStrictEqual(protection.allowed(updates, "log"), updates);
  rules.policy = { ...STRICT, minPrefix4Bits: 32 };
  deepStrictEqual(protection.allowed(updates, "nftables"), []);
  rules.policy = STRICT;
  deepStrictEqual(protection.allowed(updates, "exec"), updates);
});

Deno.test("UpdateProtection logs a handful of refusals, and at the end how many more there were", () => {
  const { protection, log } = bench();
  for (let count = 0; count < 50; count++) {
    protection.allowed([banEvent("web-2|sshd|Ban|127.0.0.1")], "log");
  }
  protection.flush();
  strictEqual(log.events.length, 11);
  deepStrictEqual(log.records.at(-1)?.fields, {
    of: "refused a protected address",
    records: 40,
  });
  strictEqual(protection.counters.refused, 50);
});
