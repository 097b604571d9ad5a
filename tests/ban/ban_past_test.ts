import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Change } from "../../lib/ban/ban.ts";
import { pastBans } from "../../lib/ban/ban_past.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { decide } from "../../lib/ban/ban_decision.ts";
import {
  key,
  lift,
  lifted,
  report,
  reported,
  withdraw,
  withdrawn,
} from "../support/values/bans.ts";

const words = (changes: readonly Change[], nowMs: number) =>
  pastBans(changes, nowMs).map(({ beganMs, endedMs, end, by, origins }) =>
    [beganMs, endedMs, end, by ?? "-", origins.join("+")].join(" ")
  );

Deno.test("pastBans() tells how each ban ended, and leaves out the one that stands", () => {
  const at = (change: Change, atMs: number): Change => ({ ...change, atMs });
  const changes = [
    reported(1, "web1", { expiresMs: 100 }),
    at(reported(2, "web2", { atMs: 50, expiresMs: 300 }), 50),
    at(reported(3, "web1", { expiresMs: 900 }), 400),
    at(withdrawn(4), 500),
    at(reported(5, "web1", { expiresMs: 2_000 }), 600),
    at(lifted(6), 700),
    at(reported(7, "web3", { expiresMs: 5_000 }), 800),
  ];
  deepStrictEqual(words(changes, 1_000), [
    "0 300 expiry - web1+web2",
    "400 500 withdraw web1 web1",
    "600 700 lift hub web1",
  ]);
  deepStrictEqual(words(changes, 6_000).at(-1), "800 5000 expiry - web3");
});

Deno.test("pastBans() begins in the middle where what was before is forgotten", () => {
  deepStrictEqual(words([withdrawn(8), lifted(9)], 1_000), []);
});

Deno.test("pastBans() counts what a table counts that the same changes were made in", () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("report", "withdraw", "lift"),
      node: fc.constantFrom("web1", "web2"),
      afterMs: fc.integer({ min: 0, max: 200 }),
      lastsMs: fc.integer({ min: 1, max: 300 }),
    }),
    { maxLength: 20 },
  );
  fc.assert(fc.property(steps, (steps) => {
    const table = new BanTable();
    const changes: Change[] = [];
    let [nowMs, ended] = [0, 0];
    const expire = () => {
      ended += table.expire(nowMs).filter(({ after }) => after === undefined)
        .length;
    };
    for (const { kind, node, afterMs, lastsMs } of steps) {
      nowMs += afterMs * 1_000;
      expire();
      const event = kind === "report"
        ? report(node, nowMs + lastsMs * 1_000 - 1)
        : kind === "withdraw"
        ? withdraw(node)
        : lift();
      const decision = decide(table.find(key()), event, nowMs);
      if (decision.kind !== "change") continue;
      const change: Change = { ...decision.draft, seq: table.seq + 1 };
      changes.push(change);
      if (table.apply(change).after === undefined) ended++;
    }
    expire();
    const past = pastBans(changes, nowMs);
    strictEqual(past.length, ended);
    for (const { beganMs, endedMs } of past) ok(beganMs <= endedMs);
    for (let at = 1; at < past.length; at++) {
      ok((past[at - 1]?.endedMs ?? NaN) <= (past[at]?.beganMs ?? NaN));
    }
  }));
});
