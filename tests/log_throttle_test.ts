import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { LogThrottle } from "../lib/log_throttle.ts";
import { ManualClock } from "./support/manual_clock.ts";
import { MemoryLog } from "./support/memory_log.ts";

const KEPT_BACK = "more of the same was not logged";

function throttled(options: { burst?: number; periodMs?: number } = {}) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  return { log, clock, throttle: new LogThrottle(log, clock, options) };
}

Deno.test("LogThrottle lets a burst through as it is, and keeps the rest back", () => {
  const { log, throttle } = throttled({ burst: 2 });
  throttle.record("warning", "bad", { number: 1 });
  throttle.record("error", "worse");
  throttle.record("warning", "bad", { number: 3 });
  deepStrictEqual(log.records, [
    { severity: "warning", event: "bad", fields: { number: 1 } },
    { severity: "error", event: "worse", fields: {} },
  ]);
});

Deno.test("LogThrottle lets ten records through in ten seconds unless told otherwise", async () => {
  const { log, clock, throttle } = throttled();
  for (let count = 0; count < 11; count++) throttle.record("warning", "bad");
  await clock.advance(9_999);
  throttle.record("warning", "bad");
  deepStrictEqual(log.events, Array(10).fill("bad"));
  await clock.advance(1);
  throttle.record("warning", "bad");
  deepStrictEqual(log.events.slice(10), [KEPT_BACK, "bad"]);
  deepStrictEqual(log.records[10]?.fields, { records: 2 });
});

Deno.test("LogThrottle says nothing of a period in which it kept nothing back", async () => {
  const { log, clock, throttle } = throttled({ burst: 1, periodMs: 100 });
  throttle.record("warning", "bad");
  await clock.advance(100);
  throttle.record("warning", "bad");
  deepStrictEqual(log.events, ["bad", "bad"]);
});

Deno.test("LogThrottle.flush() says how many records were kept back, once", () => {
  const { log, throttle } = throttled({ burst: 1 });
  throttle.flush();
  for (let count = 0; count < 4; count++) throttle.record("warning", "bad");
  throttle.flush();
  throttle.flush();
  deepStrictEqual(log.records.slice(1), [
    { severity: "warning", event: KEPT_BACK, fields: { records: 3 } },
  ]);
});

Deno.test("LogThrottle accounts for every record, whenever they come", async () => {
  const pauses = fc.array(fc.nat(150), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      pauses,
      fc.integer({ min: 1, max: 4 }),
      async (pauseMs, burst) => {
        const { log, clock, throttle } = throttled({ burst, periodMs: 100 });
        for (const ms of pauseMs) {
          await clock.advance(ms);
          throttle.record("warning", "bad");
        }
        throttle.flush();
        const keptBack = log.records
          .filter(({ event }) => event === KEPT_BACK)
          .map(({ fields }) => Number(fields["records"]));
        const passed = log.records.length - keptBack.length;
        deepStrictEqual(
          keptBack.reduce((sum, count) => sum + count, passed),
          pauseMs.length,
        );
      },
    ),
    { numRuns: 30 },
  );
});
