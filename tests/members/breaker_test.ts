import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type BreakerEffect,
  type BreakerEvent,
  type BreakerState,
  breakerStep,
  CLOSED,
} from "../../lib/members/breaker.ts";

const LIMIT = { count: 5, withinMs: 10_000 };

function run(
  ...events: readonly (readonly [nowMs: number, event: BreakerEvent])[]
): { state: BreakerState; effects: BreakerEffect[] } {
  let state = CLOSED;
  const effects: BreakerEffect[] = [];
  for (const [nowMs, event] of events) {
    const step = breakerStep(state, event, nowMs, LIMIT);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

function bad(count: number, why: "refused" | "protected" = "refused") {
  return { kind: "bad", why, count } as const;
}

Deno.test("A breaker opens with the last of so many bad ones within the time, and says so once", () => {
  const { state, effects } = run(
    [0, bad(4)],
    [9_000, bad(1, "protected")],
    [9_100, bad(50)],
  );
  deepStrictEqual(effects, [{ kind: "opened", reason: "protected", count: 5 }]);
  deepStrictEqual(state.open, { reason: "protected", count: 5 });
});

Deno.test("A breaker forgets what is older than the time", () => {
  strictEqual(run([0, bad(4)], [10_500, bad(1)]).state.open, undefined);
  strictEqual(run([0, bad(4)], [10_499, bad(0)]).state.open, undefined);
});

Deno.test("A breaker stays open however long nothing bad comes, until it is released, and counts from nothing then", () => {
  const { state, effects } = run(
    [0, bad(5)],
    [1_000_000, { kind: "release" }],
    [1_000_001, bad(4)],
    [1_000_002, { kind: "release" }],
  );
  deepStrictEqual(effects.map(({ kind }) => kind), ["opened", "released"]);
  deepStrictEqual(state, CLOSED);
});

Deno.test("A breaker is opened at once by a flood, also one that is open for less", () => {
  const trip = { kind: "trip", why: "flood" } as const;
  deepStrictEqual(run([0, trip], [1, trip]).effects, [
    { kind: "opened", reason: "flood", count: 0 },
  ]);
  deepStrictEqual(run([0, bad(5)], [1, trip]).state.open?.reason, "flood");
});

Deno.test("A breaker that is open has counted as many as it takes; one that is closed fewer; it remembers 21 slices at most", () => {
  const events = fc.array(
    fc.tuple(
      fc.nat(3_000),
      fc.oneof(
        { weight: 9, arbitrary: fc.nat(3).map((count) => bad(count)) },
        { weight: 1, arbitrary: fc.constant({ kind: "release" } as const) },
      ),
    ),
    { maxLength: 200 },
  );
  fc.assert(fc.property(events, (events) => {
    let state = CLOSED;
    let nowMs = 0;
    let since: (readonly [number, number])[] = [];
    for (const [afterMs, event] of events) {
      nowMs += afterMs;
      state = breakerStep(state, event, nowMs, LIMIT).state;
      ok(state.slices.length <= 21);
      if (event.kind === "release") since = [];
      else since.push([nowMs, event.count]);
      const within = since.filter(([atMs]) => atMs > nowMs - LIMIT.withinMs);
      const count = within.reduce((sum, [, count]) => sum + count, 0);
      if (count >= LIMIT.count) ok(state.open !== undefined);
      if (state.open !== undefined) {
        const all = since.reduce((sum, [, count]) => sum + count, 0);
        ok(all >= LIMIT.count);
      }
    }
  }));
});
