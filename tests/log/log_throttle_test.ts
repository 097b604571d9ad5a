import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  LogThrottle,
  type LogThrottleOptions,
} from "../../lib/log/log_throttle.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const KEPT_BACK = "more of the same was not logged";

function throttled(options: LogThrottleOptions = {}) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  return { log, clock, throttle: new LogThrottle(log, clock, options) };
}

Deno.test("LogThrottle lets a burst through as it is, and keeps the rest back", () => {
  const { log, throttle } = throttled({ burst: 2 });
  throttle.record("warning", "bad", { number: 1 });
  throttle.record("error", "bad");
  throttle.record("warning", "bad", { number: 3 });
  deepStrictEqual(log.records, [
    { severity: "warning", event: "bad", fields: { number: 1 } },
    { severity: "error", event: "bad", fields: {} },
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
  deepStrictEqual(log.records[10]?.fields, { of: "bad", records: 2 });
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
    {
      severity: "warning",
      event: KEPT_BACK,
      fields: { of: "bad", records: 3 },
    },
  ]);
});

Deno.test("LogThrottle lets a flood of one kind hide no other, however the kinds are told apart", () => {
  const { log, throttle } = throttled({
    burst: 2,
    kindOf: ({ reason }) => String(reason),
  });
  for (let count = 0; count < 100; count++) {
    throttle.record("warning", "refused", { reason: "fields" });
  }
  throttle.record("warning", "refused", { reason: "protected" });
  throttle.record("warning", "odd");
  deepStrictEqual(
    log.records.map(({ event, fields }) => [event, fields["reason"]]),
    [["refused", "fields"], ["refused", "fields"], ["refused", "protected"], [
      "odd",
      undefined,
    ]],
  );
});

Deno.test("LogThrottle tells no more than 32 kinds apart, so that a flood of kinds is bounded", () => {
  const { log, throttle } = throttled({
    burst: 1,
    kindOf: ({ reason }) => String(reason),
  });
  for (let reason = 0; reason < 1_000; reason++) {
    throttle.record("warning", "bad", { reason });
  }
  deepStrictEqual(log.records.length, 33);
  throttle.flush();
  deepStrictEqual(log.records.at(-1)?.fields, { of: "others", records: 967 });
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
