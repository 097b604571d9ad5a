import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SharedTurns } from "../../lib/async/shared_turns.ts";

/** Time that passes while something works or waits. */
class WorkClock {
  nowMs = 0;
  readonly pauses: number[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  delay(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.nowMs += ms;
    return Promise.resolve();
  }
}

const { signal } = new AbortController();

Deno.test("long work of several takes turns, each short, with as long a pause after it", async () => {
  const clock = new WorkClock();
  const turns = new SharedTurns({ clock, turnMs: 4 });
  const order: string[] = [];
  const longest: number[] = [];
  await Promise.all(["a", "b", "c"].map(async (name) => {
    for (let left = 10; left > 0;) {
      await turns.take(signal, (isOver) => {
        const startMs = clock.nowMs;
        order.push(name);
        do {
          clock.nowMs += 1;
          left--;
        } while (left > 0 && !isOver());
        longest.push(clock.nowMs - startMs);
      });
    }
  }));
  ok(longest.every((ms) => ms <= 4), longest.join());
  deepStrictEqual(clock.pauses, longest);
  strictEqual(order.slice(0, 3).join(""), "abc");
});

Deno.test("work that fails, or that nobody waits for any more, gives its turn back", async () => {
  const turns = new SharedTurns({ clock: new WorkClock() });
  await rejects(
    turns.take(signal, () => {
      throw new Error("broken");
    }),
    /broken/,
  );
  const gone = new AbortController();
  gone.abort("gone");
  await rejects(turns.take(gone.signal, () => 1), (why) => why === "gone");
  strictEqual(await turns.take(signal, () => 2), 2);
});
