import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Ban } from "../../lib/ban/ban.ts";
import {
  decide,
  evolve,
  MAX_REPORTS,
  type Quorum,
  type TableEvent,
  withoutExpired,
} from "../../lib/ban/ban_decision.ts";
import {
  banBy,
  lift,
  lifted,
  report,
  reported,
  withdraw,
  withdrawn,
} from "../support/values/bans.ts";

const NOW_MS = 10_000;

/** What is decided, in a word. */
function verdict(ban: Ban | undefined, event: TableEvent): string {
  const decision = decide(ban, event, NOW_MS);
  return decision.kind === "rejected" ? decision.reason : decision.kind;
}

Deno.test("decide() has an answer for every ban and every event", () => {
  const bans = {
    none: undefined,
    over: banBy({ web1: NOW_MS }),
    "another's": banBy({ web2: Infinity }),
    own: banBy({ web1: 60_000 }),
    "own and another's": banBy({ web1: 60_000, web2: Infinity }),
    "own is over": banBy({ web1: NOW_MS - 1, web2: Infinity }),
  };
  const events = {
    report: report("web1", 120_000),
    "report not later": report("web1", 60_999),
    "report over": report("web1", NOW_MS),
    withdraw: withdraw("web1"),
    lift: lift(),
  };
  const answers = Object.fromEntries(
    Object.entries(bans).map(([name, ban]) => [
      name,
      Object.values(events).map((event) => verdict(ban, event)).join(" "),
    ]),
  );
  deepStrictEqual(answers, {
    none: "change change over no_ban no_ban",
    over: "change change over no_ban no_ban",
    "another's": "change change over no_report change",
    own: "change known over change change",
    "own and another's": "change known over change change",
    "own is over": "change change over no_report change",
  });
});

Deno.test("decide() refuses numbers that are none", () => {
  for (const expiresMs of [NaN, -Infinity, -1]) {
    strictEqual(verdict(undefined, report("web1", expiresMs)), "over");
  }
});

Deno.test("decide() shortens a report where its node knows the end", () => {
  const exact = { ...report("web1", 60_000), isExact: true };
  for (const before of [Infinity, 120_000]) {
    const decision = decide(banBy({ web1: before }), exact, NOW_MS);
    ok(decision.kind === "change" && decision.draft.kind === "report");
    strictEqual(decision.draft.expiresMs, 60_000);
  }
  for (const same of [60_000, 60_999]) {
    strictEqual(verdict(banBy({ web1: same }), exact), "known");
  }
  // Another's report is another's.
  const others = banBy({ web2: 120_000, web1: 120_000 });
  const decision = decide(others, exact, NOW_MS);
  ok(decision.kind === "change" && decision.draft.kind === "report");
  strictEqual(decision.draft.origin, "web1");
});

Deno.test("decide() never shortens a report whose node knows no end, and prolongs to for ever", () => {
  const permanent = banBy({ web1: Infinity });
  strictEqual(verdict(permanent, report("web1", 60_000)), "known");
  strictEqual(verdict(permanent, report("web1", Infinity)), "known");
  const decision = decide(
    banBy({ web1: 60_000 }),
    report("web1", Infinity),
    NOW_MS,
  );
  ok(decision.kind === "change" && decision.draft.kind === "report");
  strictEqual(decision.draft.expiresMs, Infinity);
});

Deno.test("decide() takes reports of so many nodes and no more, unless one is over", () => {
  const ends = Object.fromEntries(
    Array.from({ length: MAX_REPORTS }, (_, index) => [`n${index}`, 60_000]),
  );
  const full = banBy(ends);
  strictEqual(verdict(full, report("web1")), "full");
  strictEqual(verdict(full, report("n0", 120_000)), "change");
  strictEqual(
    verdict(banBy({ ...ends, n0: NOW_MS }), report("web1")),
    "change",
  );
});

/** The changes of events one after the other, a second apart. */
function play(events: readonly TableEvent[], quorum: Quorum): string[] {
  let ban: Ban | undefined;
  return events.map((event, index) => {
    const decision = decide(ban, event, index * 1_000, () => quorum);
    if (decision.kind !== "change") return decision.kind;
    ban = evolve(ban, { ...decision.draft, seq: index + 1 });
    return ban === undefined ? "gone" : ban.isPending ? "pending" : "standing";
  });
}

Deno.test("decide() lets a ban stand once enough nodes report it in time, and then until its last report", () => {
  deepStrictEqual(
    play(
      [report("web1"), report("web1"), report("web2"), withdraw("web1")],
      { nodes: 2, withinMs: 60_000 },
    ),
    ["pending", "known", "standing", "standing"],
  );
  deepStrictEqual(
    play(
      [report("web1"), report("web2"), report("web1", 1e9), report("db1")],
      { nodes: 3, withinMs: 1_500 },
    ),
    ["pending", "pending", "known", "pending"],
  );
  deepStrictEqual(
    play(
      [report("web1"), withdraw("web1"), report("web2")],
      { nodes: 2, withinMs: Infinity },
    ),
    ["pending", "gone", "pending"],
  );
});

Deno.test("evolve() keeps when a node reported first, and the order of the nodes", () => {
  const first = evolve(undefined, reported(1, "web1", { atMs: 5 }));
  const second = evolve(first, reported(2, "web2", { atMs: 6 }));
  const again = evolve(
    second,
    reported(3, "web1", { atMs: 7, expiresMs: 9_000 }),
  );
  deepStrictEqual(
    again?.reports.map((each) => Object.values(each).join(" ")),
    ["web1 5 7 9000", "web2 6 6 Infinity"],
  );
  strictEqual(again?.seq, 3);
});

Deno.test("evolve() lets a node begin anew whose report was over", () => {
  const ban = banBy({ web1: 1_000, web2: Infinity });
  const again = evolve(ban, reported(2, "web1", { atMs: 1_000 }));
  deepStrictEqual(
    again?.reports.map(({ origin, firstMs }) => `${origin} ${firstMs}`),
    ["web2 0", "web1 1000"],
  );
});

Deno.test("evolve() ends a ban with its last report, or when it is lifted", () => {
  const ban = banBy({ web1: Infinity, web2: Infinity });
  const one = evolve(ban, withdrawn(2, "web1"));
  deepStrictEqual(one?.reports.map(({ origin }) => origin), ["web2"]);
  strictEqual(one?.seq, 2);
  strictEqual(evolve(one, withdrawn(3, "web2")), undefined);
  strictEqual(evolve(ban, lifted(2)), undefined);
});

Deno.test("evolve() takes what it can't know: a copy may have let it go", () => {
  strictEqual(evolve(undefined, withdrawn(1)), undefined);
  strictEqual(evolve(undefined, lifted(1)), undefined);
  const ban = banBy({ web2: Infinity });
  deepStrictEqual(evolve(ban, withdrawn(2, "web1")), { ...ban, seq: 2 });
});

Deno.test("withoutExpired() drops reports at their end, and keeps a ban that none of ends", () => {
  const ban = banBy({ web1: 1_000, web2: 2_000 });
  strictEqual(withoutExpired(ban, 999), ban);
  deepStrictEqual(
    withoutExpired(ban, 1_000)?.reports.map(({ origin }) => origin),
    ["web2"],
  );
  strictEqual(withoutExpired(ban, 2_000), undefined);
});
