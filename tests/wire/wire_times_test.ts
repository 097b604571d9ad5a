import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { bansOf, columnsOf } from "../../lib/ban/ban_columns.ts";
import {
  blockBan,
  blockColumns,
  endMs,
  localChange,
  remainingMs,
  wireChange,
} from "../../lib/wire/wire_times.ts";
import { banBy, lifted, reported, withdrawn } from "../support/values/bans.ts";
import { address } from "../support/values/core_values.ts";

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

Deno.test("blockBan() has whole milliseconds that end no ban early, and leaves out what is over", () => {
  const ban = banBy({ web1: 10_000.25, web2: Infinity, web3: 6_000 });
  const timed = {
    ...ban,
    reports: ban.reports.map((report) => ({
      ...report,
      firstMs: 5_000.75,
      lastMs: 7_000,
    })),
  };
  deepStrictEqual(blockBan(timed, 6_000.5), {
    ...ban,
    reports: [
      { origin: "web1", firstMs: 5_000, lastMs: 6_000, expiresMs: 10_001 },
      { origin: "web2", firstMs: 5_000, lastMs: 6_000, expiresMs: Infinity },
    ],
  });
  strictEqual(blockBan(banBy({ web1: 6_000 }), 6_000), undefined);
});

Deno.test("blockBan() has for ever what ends in more than a hundred years", () => {
  const hundredYearsMs = 3_155_760_000_000;
  const [within, beyond] = [hundredYearsMs + 6_000, hundredYearsMs + 6_001];
  const ban = blockBan(banBy({ web1: within, web2: beyond }), 6_000);
  deepStrictEqual(
    ban?.reports.map(({ expiresMs }) => expiresMs),
    [within, Infinity],
  );
});

Deno.test("blockColumns() has of bans what blockBan() has of each, whether some are over or none is", () => {
  const bans = [
    banBy({ web1: 10_000.25, web2: Infinity }, { seq: 7, isPending: true }),
    banBy({ web3: 6_000 }),
    banBy({ web3: 6_000, web4: 3_155_760_006_001 }),
    banBy({ web1: 6_000.5 }),
  ].map((ban, at) => ({ ...ban, address: address(`192.0.2.${at}`) }));
  for (const nowMs of [5_000.5, 6_000, 7_000.25, Number.MAX_SAFE_INTEGER]) {
    deepStrictEqual(
      [...bansOf(blockColumns(columnsOf(bans), nowMs))],
      bans.flatMap((ban) => blockBan(ban, nowMs) ?? []),
    );
  }
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
