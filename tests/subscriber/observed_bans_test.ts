import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { DesiredReports } from "../../lib/enforce/desired_reports.ts";
import { ObservedBans } from "../../lib/subscriber/observed_bans.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import { banEvent, host } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
const { signal } = new AbortController();

class Bench {
  readonly log = new MemoryLog();
  readonly receipts = new ReceiptQueue();
  readonly clock = new ManualClock();
  readonly steady = new SteadyClock(this.clock);
  readonly protection = new UpdateProtection({
    policy: () => POLICY,
    receipts: this.receipts,
    clock: this.steady,
    log: this.log,
  });
  readonly observed = new ObservedBans({
    actionNames: ["log", "script"],
    desired: new DesiredReports({
      hostName: host("db1"),
      jailMap: [],
      banTimeMs: 60_000,
    }),
    protection: this.protection,
    clock: this.steady,
    log: this.log,
  });
}

Deno.test("ObservedBans says what would be acted on and what is refused, and tells nobody but the log", async () => {
  const { observed, log, receipts, protection } = new Bench();
  const updates = [
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Ban|127.0.0.1",
    "web-2|sshd|Unban|127.0.0.1",
  ].map(banEvent);
  await observed.put(updates, signal);
  const fields = {
    ...{ node: "web-2", jail: "sshd", actions: "log,script" },
    change: undefined,
  };
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

Deno.test("ObservedBans counts bans as an action would have them in force: each once, until it is lifted or over", async () => {
  const { observed, clock } = new Bench();
  const stop = new AbortController();
  const running = observed.run(stop.signal).catch(() => {});
  observed.begin(
    ["web-1|sshd|Ban|192.0.2.9", "web-1|sshd|Ban|10.0.0.1"].map(banEvent),
  );
  deepStrictEqual(observed.state, {
    ...{ wanted: 1, banned: 0, lifted: 0, refused: 0 },
  });
  observed.take([
    "web-1|sshd|Ban|192.0.2.1",
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Ban|192.0.2.2",
    "web-2|sshd|Ban|127.0.0.1",
    "web-2|sshd|Unban|192.0.2.1",
    "web-2|sshd|Unban|192.0.2.7",
  ].map(banEvent));
  deepStrictEqual(observed.state, {
    ...{ wanted: 3, banned: 2, lifted: 0, refused: 1 },
  });
  observed.take(["web-1|sshd|Unban|192.0.2.1"].map(banEvent));
  deepStrictEqual(observed.state, {
    ...{ wanted: 2, banned: 2, lifted: 1, refused: 1 },
  });
  await settled();
  await clock.advance(61_000);
  deepStrictEqual(observed.state, {
    ...{ wanted: 0, banned: 2, lifted: 3, refused: 1 },
  });
  stop.abort();
  await running;
});
