import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Backoff } from "../../lib/async/backoff.ts";

const pauses = (backoff: Backoff, count: number) =>
  Array.from({ length: count }, () => backoff.next());

Deno.test("Backoff.next() doubles the pause up to the longest, and stays there", () => {
  const backoff = new Backoff({ firstPauseMs: 100, maxPauseMs: 5_000 });
  deepStrictEqual(
    pauses(backoff, 8),
    [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
  );
});

Deno.test("Backoff.reset() begins with the first pause again", () => {
  const backoff = new Backoff({ firstPauseMs: 100, maxPauseMs: 5_000 });
  pauses(backoff, 20);
  backoff.reset();
  deepStrictEqual(pauses(backoff, 2), [100, 200]);
  backoff.reset();
  backoff.reset();
  strictEqual(backoff.next(), 100);
});

Deno.test("Backoff gives one pause always where the first is the longest", () => {
  const backoff = new Backoff({ firstPauseMs: 50, maxPauseMs: 50 });
  deepStrictEqual(pauses(backoff, 3), [50, 50, 50]);
});

Deno.test("Backoff stays finite however often it is asked", () => {
  const backoff = new Backoff({ firstPauseMs: 1, maxPauseMs: 60_000 });
  strictEqual(pauses(backoff, 5_000).at(-1), 60_000);
});
