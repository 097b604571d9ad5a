import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { Watchdog } from "../../lib/async/watchdog.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

/** A watchdog of one second, watched until it expires or the test ends. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly watchdog = new Watchdog(this.clock);
  readonly stop = new AbortController();
  expiredAtMs: number | undefined;
  readonly watching: Promise<void> = this.#watch();

  async #watch(): Promise<void> {
    try {
      await this.watchdog.expired(1_000, this.stop.signal);
      this.expiredAtMs = this.clock.monotonicMs();
    } catch (error) {
      if (error !== this.stop.signal.reason) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.watching;
  }
}

Deno.test("Watchdog.expired() resolves when the time since the last feed() is over, not before", async () => {
  await using bench = new Bench();
  bench.watchdog.feed();
  await bench.clock.advance(900);
  bench.watchdog.feed();
  await bench.clock.advance(999);
  strictEqual(bench.expiredAtMs, undefined);
  await bench.clock.advance(1);
  strictEqual(bench.expiredAtMs, 1_900);
});

Deno.test("Watchdog.expired() waits without end before the first feed() and after stop()", async () => {
  await using bench = new Bench();
  await bench.clock.advance(10_000);
  strictEqual(bench.expiredAtMs, undefined);
  strictEqual(bench.clock.delays, 0);
  bench.watchdog.feed();
  await bench.clock.advance(500);
  bench.watchdog.stop();
  await bench.clock.advance(10_000);
  strictEqual(bench.expiredAtMs, undefined);
  bench.watchdog.feed();
  await bench.clock.advance(2_000);
  strictEqual(bench.expiredAtMs, 21_500);
});

Deno.test("Watchdog.expired() resolves at once when the time was over before it is asked", async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock);
  watchdog.feed();
  await clock.advance(1_000);
  const { signal } = new AbortController();
  strictEqual(await watchdog.expired(1_000, signal), undefined);
});

Deno.test("Watchdog.expired() may be asked with another time, of the same feed()", async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock);
  watchdog.feed();
  const { signal } = new AbortController();
  const ends: number[] = [];
  const waits = [300, 700].map(async (timeoutMs) => {
    await watchdog.expired(timeoutMs, signal);
    ends.push(clock.monotonicMs());
  });
  await clock.advance(1_000);
  await Promise.all(waits);
  deepStrictEqual(ends, [300, 700]);
});

Deno.test("Watchdog.expired() rejects with the reason on abort, fed or stopped", async () => {
  for (const isFed of [true, false]) {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    if (isFed) watchdog.feed();
    const stop = new AbortController();
    const waiting = rejects(
      watchdog.expired(1_000, stop.signal),
      (reason) => reason === "enough",
    );
    await settled();
    stop.abort("enough");
    await waiting;
    strictEqual(clock.delays, 0);
  }
});
