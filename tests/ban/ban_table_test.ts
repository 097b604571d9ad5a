import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { type Ban, type Change, keyOf } from "../../lib/ban/ban.ts";
import { evolve, withoutExpired } from "../../lib/ban/ban_decision.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import {
  banBy,
  key,
  lifted,
  reported,
  withdrawn,
} from "../support/values/bans.ts";
import { address, host, jail } from "../support/values/core_values.ts";

Deno.test("BanTable carries changes out and says what they did", () => {
  const table = new BanTable();
  const first = table.apply(reported(1));
  strictEqual(first.before, undefined);
  const second = table.apply(reported(2, "web2"));
  deepStrictEqual(second.before, first.after);
  deepStrictEqual(table.find(key()), second.after);
  strictEqual(table.size, 1);
  strictEqual(table.apply(lifted(3)).after, undefined);
  strictEqual(table.size, 0);
  strictEqual(table.seq, 3);
});

Deno.test("BanTable refuses a change whose number does not follow, and is as it was", () => {
  const table = new BanTable([banBy({ web1: Infinity })], 7);
  for (const seq of [0, 7, 9, NaN]) {
    throws(() => table.apply(lifted(seq)), RangeError);
  }
  strictEqual(table.seq, 7);
  strictEqual(table.size, 1);
  strictEqual(table.apply(lifted(8)).after, undefined);
});

Deno.test("BanTable drops reports and bans within a second of their end", () => {
  const table = new BanTable();
  table.apply(reported(1, "web1", { expiresMs: 1_500 }));
  table.apply(reported(2, "web2", { expiresMs: 3_500 }));
  table.apply(reported(3, "web1", { last: 2, expiresMs: Infinity }));
  deepStrictEqual(table.expire(1_499), []);
  const [step, ...more] = table.expire(2_000);
  deepStrictEqual(more, []);
  strictEqual(step?.before?.reports.length, 2);
  deepStrictEqual(step?.after?.reports.map(({ origin }) => origin), ["web2"]);
  strictEqual(table.expire(4_000)[0]?.after, undefined);
  deepStrictEqual([...table.bans()].map(({ address }) => address), [
    "192.0.2.2",
  ]);
});

Deno.test("BanTable ends a prolonged ban at its new end only", () => {
  const table = new BanTable();
  table.apply(reported(1, "web1", { expiresMs: 1_000 }));
  table.apply(reported(2, "web1", { expiresMs: 5_000 }));
  deepStrictEqual(table.expire(4_000), []);
  strictEqual(table.expire(5_000).length, 1);
});

function leftAt(bans: Iterable<Ban>, nowMs: number): Ban[] {
  return [...bans].flatMap((ban) => withoutExpired(ban, nowMs) ?? []);
}

/** Each report, by its ban and node. */
function namesOf(bans: Iterable<Ban>): string[] {
  return [...bans].flatMap((ban) =>
    ban.reports.map(({ origin }) => `${keyOf(ban)} ${origin}`)
  );
}

const anyEnd = fc.constantFrom(5_000, 9_500, 20_000, Infinity);
const anyChange = fc.record({
  kind: fc.constantFrom("report", "report", "withdraw", "lift"),
  origin: fc.constantFrom("web1", "web2"),
  last: fc.integer({ min: 1, max: 4 }),
  expiresMs: anyEnd,
  waitMs: fc.constantFrom(0, 0, 700, 3_000, 30_000),
});

Deno.test("BanTable is what all changes and the time make of it", () => {
  fc.assert(fc.property(fc.array(anyChange, { maxLength: 60 }), (steps) => {
    const table = new BanTable();
    const plain = new Map<string, Ban>();
    let nowMs = 0;
    steps.forEach(({ kind, origin, last, expiresMs, waitMs }, index) => {
      const seq = index + 1;
      const change: Change = kind === "report"
        ? reported(seq, origin, { last, expiresMs: nowMs + expiresMs })
        : kind === "withdraw"
        ? withdrawn(seq, origin, last)
        : lifted(seq, last);
      table.apply(change);
      const after = evolve(plain.get(keyOf(change)), change);
      if (after === undefined) plain.delete(keyOf(change));
      else plain.set(keyOf(change), after);
      nowMs += waitMs;
      table.expire(nowMs);
      const inTable = namesOf(table.bans());
      const holding = namesOf(leftAt(plain.values(), nowMs));
      const lastSecondMs = Math.floor(nowMs / 1_000) * 1_000;
      const mayStand = namesOf(leftAt(plain.values(), lastSecondMs));
      ok(holding.every((name) => inTable.includes(name)));
      ok(inTable.every((name) => mayStand.includes(name)));
      for (const name of ["web1", "web2"]) {
        const count = inTable.filter((it) => it.endsWith(` ${name}`)).length;
        strictEqual(table.reportsOf(host(name)), count);
      }
    });
  }));
});

Deno.test("expire() ends as many bans as it is told, and the rest at the next calls", () => {
  const table = new BanTable();
  const addresses = Array.from({ length: 25 }, (_, at) => `192.0.2.${at}`);
  addresses.forEach((text, index) => {
    table.apply({
      ...{ kind: "report", seq: index + 1, atMs: 0, jail: jail("list") },
      ...{ address: address(text), origin: host("web1"), isPending: false },
      expiresMs: index < 12 ? 1_000 : 2_000,
    });
  });
  const ended = [5_000, 5_000, 5_000, 5_000].map((nowMs) =>
    table.expire(nowMs, 10).map(({ before }) => before?.address)
  );
  deepStrictEqual(ended.map(({ length }) => length), [10, 10, 5, 0]);
  deepStrictEqual(ended.flat().toSorted(), addresses.toSorted());
  strictEqual(table.size, 0);
});
