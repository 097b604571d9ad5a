import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Complaints } from "../../lib/log/trouble_log.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

function parts() {
  const log = new MemoryLog();
  const clock = new ManualClock();
  const complaints = new Complaints({
    log,
    clock,
    trouble: "it failed",
    over: "it works",
    fields: { action: "a" },
  });
  return { log, clock, complaints };
}

Deno.test("Complaints tells each reason once, until the trouble is over", () => {
  const { log, complaints } = parts();
  for (let round = 0; round < 1_000; round++) {
    complaints.tell("no socket", { bans: round });
    complaints.tell("no jail");
  }
  complaints.end();
  complaints.end();
  complaints.tell("no jail");
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

Deno.test("Complaints says nothing of trouble that never was", () => {
  const { log, complaints } = parts();
  complaints.end();
  complaints.flush();
  deepStrictEqual(log.records, []);
});

Deno.test("Complaints floods no log with reasons that are all different, and remembers no end of them", async () => {
  const { log, clock, complaints } = parts();
  for (let round = 0; round < 10_000; round++) complaints.tell(`no ${round}`);
  complaints.flush();
  ok(log.records.length <= 20, `${log.records.length}`);
  strictEqual(log.events.at(-1), "more of the same was not logged");
  await clock.advance(60_000);
  complaints.tell("no 9999");
  deepStrictEqual(log.records.at(-1)?.fields, {
    action: "a",
    reason: "no 9999",
  });
});
