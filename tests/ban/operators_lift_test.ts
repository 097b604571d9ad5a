import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { HubVerdict } from "../../lib/ban/decision_batch.ts";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import type { TableEvent } from "../../lib/ban/ban_decision.ts";
import { OPERATOR_ORIGIN } from "../../lib/base/operator_name.ts";
import { key, report } from "../support/values/bans.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const LIFT: TableEvent = { kind: "lift", ...key(), by: OPERATOR_ORIGIN };

function made(madeMs: number, origin = "web1"): TableEvent {
  const event = report(origin);
  return event.kind === "report" ? { ...event, madeMs } : event;
}

async function withHub(
  work: (
    say: (...events: readonly TableEvent[]) => Promise<readonly HubVerdict[]>,
    hub: BanHub,
    clock: ManualClock,
  ) => Promise<void>,
): Promise<void> {
  const [clock, store] = [new ManualClock(), new MemoryBanStore()];
  const log = new MemoryLog();
  const hub = new BanHub({ clock, log, store, onKept: () => {} });
  const stop = new AbortController();
  const running = hub.run(stop.signal).catch(() => {});
  await work(
    (...events) => hub.submit(events.map((event) => ({ event }))),
    hub,
    clock,
  );
  stop.abort();
  await running;
}

Deno.test("what an operator lifted is not brought back by a report that is said again, of any node; the next detection does", async () => {
  await withHub(async (say, { table }, clock) => {
    const beforeMs = clock.nowMs() - 60_000;
    deepStrictEqual(await say(made(beforeMs)), [1]);
    deepStrictEqual(await say(LIFT), [2]);
    deepStrictEqual(
      await say(made(beforeMs), made(clock.nowMs()), made(beforeMs, "web2")),
      ["known", "known", "known"],
    );
    strictEqual(table.size, 0);
    await clock.advance(1_000);
    deepStrictEqual(await say(made(clock.nowMs())), [3]);
    // It stands again, and what was said before it was lifted adds nothing.
    deepStrictEqual(await say(made(beforeMs, "web2")), ["known"]);
    deepStrictEqual(
      table.find(key())?.reports.map(({ origin }) => origin),
      ["web1"],
    );
  });
});

Deno.test("what is lifted and said again in one batch stays lifted, and a report of which nobody says when it was made counts", async () => {
  await withHub(async (say, { table }, clock) => {
    const beforeMs = clock.nowMs() - 60_000;
    deepStrictEqual(await say(made(beforeMs), LIFT, made(beforeMs)), [
      1,
      2,
      "known",
    ]);
    strictEqual(table.size, 0);
    deepStrictEqual(await say(report("web1")), [3]);
  });
});
