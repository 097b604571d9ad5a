import { ok, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { deadline } from "../../support/host/deadline.ts";

const NEVER = new AbortController().signal;

Deno.test("SystemClock.nowMs() is the system's time", () => {
  const clock = new SystemClock();
  const before = Date.now();
  const now = clock.nowMs();
  ok(now >= before && now <= Date.now());
});

Deno.test("SystemClock.delay() takes as long as asked, by a time that never goes back", async () => {
  const clock = new SystemClock();
  const before = clock.monotonicMs();
  await clock.delay(20, NEVER);
  const elapsed = clock.monotonicMs() - before;
  ok(elapsed >= 19 && elapsed < deadline(2_000), String(elapsed));
});

Deno.test("SystemClock.delay() of less than nothing is over at once", async () => {
  await new SystemClock().delay(-1, NEVER);
});

Deno.test("SystemClock.delay() rejects with the signal's reason, also when it is aborted already", async () => {
  const clock = new SystemClock();
  const reason = new Error("enough");
  const stop = new AbortController();
  const waiting = rejects(clock.delay(60_000, stop.signal), reason);
  stop.abort(reason);
  await waiting;
  await rejects(clock.delay(0, stop.signal), reason);
});

Deno.test("SystemClock.delay() of more than a timer takes does not end at once", async () => {
  const stop = new AbortController();
  const long = new SystemClock().delay(2 ** 40, stop.signal).then(
    () => "over",
    () => "aborted",
  );
  await new SystemClock().delay(20, NEVER);
  stop.abort();
  strictEqual(await long, "aborted");
});

Deno.test("SystemClock.delay() leaves no listener on a signal that outlives it", async () => {
  const clock = new SystemClock();
  const stop = new AbortController();
  const { signal } = stop;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  await clock.delay(0, signal);
  strictEqual(listeners, 0);
  const aborted = rejects(clock.delay(60_000, signal));
  strictEqual(listeners, 1);
  stop.abort();
  await aborted;
  strictEqual(listeners, 0);
});
