import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { FakeTime, TimeError } from "@std/testing/time";

Deno.test("FakeTime begins at its start and moves only when told to", () => {
  using time = new FakeTime("2026-11-23T20:38:55.123Z");
  strictEqual(Date.now(), Date.UTC(2026, 10, 23, 20, 38, 55, 123));
  strictEqual(time.start, time.now);
  time.tick(1_000);
  strictEqual(new Date().toISOString(), "2026-11-23T20:38:56.123Z");
});

Deno.test("FakeTime runs the timers due, in their order, and not those cleared", () => {
  using time = new FakeTime(0);
  const ran: string[] = [];
  setTimeout(() => ran.push(`late at ${Date.now()}`), 30);
  setTimeout(() => ran.push(`early at ${Date.now()}`), 10);
  clearTimeout(setTimeout(() => ran.push("cleared"), 5));
  const interval = setInterval(() => ran.push("again"), 15);
  time.tick(30);
  clearInterval(interval);
  time.tick(100);
  deepStrictEqual(ran, ["early at 10", "again", "late at 30", "again"]);
});

Deno.test("FakeTime.tickAsync() lets waiting code run before time moves", async () => {
  using time = new FakeTime(0);
  let doneAtMs = 0;
  const done = (async () => {
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    doneAtMs = Date.now();
  })();
  await time.tickAsync(50);
  await done;
  strictEqual(doneAtMs, 50);
});

Deno.test("FakeTime.nextAsync() goes to the next timer, and says when there is none", async () => {
  using time = new FakeTime(0);
  setTimeout(() => {}, 70);
  strictEqual(await time.nextAsync(), true);
  strictEqual(time.now, 70);
  strictEqual(await time.nextAsync(), false);
  strictEqual(time.now, 70);
});

Deno.test("FakeTime fakes AbortSignal.timeout()", () => {
  using time = new FakeTime();
  const signal = AbortSignal.timeout(1_000);
  time.tick(999);
  strictEqual(signal.aborted, false);
  time.tick(1);
  strictEqual(signal.reason.name, "TimeoutError");
});

Deno.test("FakeTime gives the real time back, and can't be made twice", () => {
  const realSetTimeout = globalThis.setTimeout;
  {
    using _time = new FakeTime(0);
    throws(() => new FakeTime(), TimeError);
    throws(() => new FakeTime("no time"), TimeError);
  }
  strictEqual(globalThis.setTimeout, realSetTimeout);
  strictEqual(Date.now() > 1_000_000, true);
  const time = new FakeTime();
  time.restore();
  throws(() => time.restore(), TimeError);
});

Deno.test("FakeTime can't be set back", () => {
  using time = new FakeTime(1_000);
  throws(() => time.now = 999);
});
