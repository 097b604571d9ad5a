import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { TroubleLog } from "../../lib/log/trouble_log.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

function parts() {
  const log = new MemoryLog();
  const clock = new ManualClock();
  const troubleLog = new TroubleLog({
    log,
    clock,
    trouble: "it failed",
    over: "it works",
    fields: { action: "a" },
  });
  return { log, clock, troubleLog };
}

Deno.test("TroubleLog tells each reason once, until the trouble is over", () => {
  const { log, troubleLog } = parts();
  for (let round = 0; round < 1_000; round++) {
    troubleLog.report("no socket", { bans: round });
    troubleLog.report("no jail");
  }
  troubleLog.resolve();
  troubleLog.resolve();
  troubleLog.report("no jail");
  const action = "a";
  deepStrictEqual(log.records, [
    {
      severity: "error",
      event: "it failed",
      fields: { action, reason: "no socket", bans: 0 },
    },
    {
      severity: "error",
      event: "it failed",
      fields: { action, reason: "no jail" },
    },
    { severity: "notice", event: "it works", fields: { action } },
    {
      severity: "error",
      event: "it failed",
      fields: { action, reason: "no jail" },
    },
  ]);
});

Deno.test("TroubleLog says nothing of trouble that never was", () => {
  const { log, troubleLog } = parts();
  troubleLog.resolve();
  troubleLog.flush();
  deepStrictEqual(log.records, []);
});

Deno.test("TroubleLog floods no log with reasons that are all different, and remembers no end of them", async () => {
  const { log, clock, troubleLog } = parts();
  for (let round = 0; round < 10_000; round++) troubleLog.report(`no ${round}`);
  troubleLog.flush();
  ok(log.records.length <= 20, `${log.records.length}`);
  strictEqual(log.events.at(-1), "more of the same was not logged");
  await clock.advance(60_000);
  troubleLog.report("no 9999");
  deepStrictEqual(log.records.at(-1)?.fields, {
    action: "a",
    reason: "no 9999",
  });
});
