import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  endMs,
  hostBan,
  localChange,
  remainingMs,
  wireBan,
  wireChange,
} from "../../lib/wire/wire_times.ts";
import { banBy, lifted, reported, withdrawn } from "../support/values/bans.ts";

Deno.test("remainingMs() and endMs() carry a time from one clock to another", () => {
  const cases: readonly [expiresMs: number, left: number | null][] = [
    [Infinity, null],
    [10_000, 4_000],
    [6_000.25, 1],
    [6_000, 0],
    [1_000, 0],
    [6_000 + 3_155_760_000_000, 3_155_760_000_000],
    [6_001 + 3_155_760_000_000, null],
  ];
  for (const [expiresMs, left] of cases) {
    strictEqual(remainingMs(expiresMs, 6_000), left);
  }
  strictEqual(endMs(null, 1), Infinity);
  strictEqual(endMs(4_000, 100), 4_100);
});

Deno.test("a ban ends as much later there as its clock is ahead", () => {
  const ban = banBy({ web1: 10_000, web2: Infinity }, { seq: 7 });
  const there = hostBan(wireBan(ban, 6_000), 106_000);
  deepStrictEqual(there, {
    ...ban,
    reports: [
      { origin: "web1", firstMs: 100_000, lastMs: 100_000, expiresMs: 110_000 },
      {
        origin: "web2",
        firstMs: 100_000,
        lastMs: 100_000,
        expiresMs: Infinity,
      },
    ],
  });
});

Deno.test("a change is the same there, in that host's time", () => {
  const changes = [
    reported(1, "web1", { atMs: 5_000, expiresMs: 10_000 }),
    reported(2, "web1", { atMs: 5_000, isPending: true }),
    withdrawn(3),
    lifted(4),
  ];
  for (const change of changes) {
    const there = localChange(wireChange(change, 6_000), 6_000);
    deepStrictEqual(there, change);
  }
});

Deno.test("what a clock that was set back calls the future is now", () => {
  const ahead = reported(1, "web1", { atMs: 9_000 });
  strictEqual(wireChange(ahead, 6_000).agoMs, 0);
});
