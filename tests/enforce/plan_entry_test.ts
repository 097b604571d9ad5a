import {
  deepStrictEqual,
  notStrictEqual,
  strictEqual,
} from "node:assert/strict";
import {
  haveOtherEnds,
  PlanEntry,
  strayBan,
} from "../../lib/enforce/plan_entry.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import { address, host, jail } from "../support/values/core_values.ts";

function ban(expiresMs: number): HostBan {
  return {
    jail: jail("web"),
    address: address("192.0.2.1"),
    expiresMs,
    origin: host("web-1"),
    reportedJail: jail("nginx"),
  };
}

Deno.test("PlanEntry needs the difference between what is wanted and what is in force", () => {
  const cases: readonly [
    wantedMs: number | undefined,
    appliedMs: number | undefined,
    lapses: boolean,
    need: "apply" | "lift" | undefined,
  ][] = [
    [undefined, undefined, true, undefined],
    [undefined, undefined, false, undefined],
    [100_000, undefined, true, "apply"],
    [100_000, undefined, false, "apply"],
    [undefined, 100_000, true, "lift"],
    [undefined, 100_000, false, "lift"],
    [100_000, 100_000, true, undefined],
    [100_000, 100_000, false, undefined],
    [200_000, 100_000, true, "apply"],
    [200_000, 100_000, false, undefined],
    [100_000, 200_000, true, "apply"],
    [100_000, 200_000, false, undefined],
    [101_000, 100_000, true, undefined],
    [Infinity, 100_000, true, "apply"],
    [100_000, Infinity, true, "apply"],
    [Infinity, Infinity, true, undefined],
  ];
  for (const [wantedMs, appliedMs, lapses, verb] of cases) {
    const entry = new PlanEntry(ban(1));
    if (wantedMs !== undefined) entry.wanted = ban(wantedMs);
    if (appliedMs !== undefined) entry.applied = ban(appliedMs);
    const what = JSON.stringify({ wantedMs, appliedMs, lapses });
    const need = entry.need(lapses);
    strictEqual(need?.verb, verb, what);
    if (verb === "apply") strictEqual(need?.ban, entry.wanted, what);
    if (verb === "lift") strictEqual(need?.ban, entry.applied, what);
  }
});

Deno.test("PlanEntry trusts nothing that was tried while nobody knows how that went", () => {
  const entry = new PlanEntry(ban(1));
  strictEqual(entry.isOver, true);
  entry.tried = ban(100_000);
  strictEqual(entry.isOver, false);
  deepStrictEqual(entry.need(false), { verb: "lift", ban: entry.tried });
  entry.tried = undefined;
  entry.applied = ban(50_000);
  strictEqual(entry.isOver, false);
  entry.tried = ban(100_000);
  deepStrictEqual(entry.need(false), { verb: "lift", ban: entry.applied });
  entry.wanted = ban(100_000);
  deepStrictEqual(entry.need(false), { verb: "apply", ban: entry.wanted });
  entry.tried = undefined;
  strictEqual(entry.need(false), undefined);
});

Deno.test("PlanEntry knows that a ban has ended by itself, unless it was applied for longer", () => {
  const cases: readonly [
    appliedMs: number | undefined,
    triedMs: number | undefined,
    hasLapsed: boolean,
  ][] = [
    [undefined, undefined, true],
    [100_000, undefined, true],
    [101_999, undefined, true],
    [50_000, undefined, true],
    [102_000, undefined, false],
    [Infinity, undefined, false],
    [undefined, 100_000, true],
    [undefined, 200_000, false],
    [100_000, 200_000, false],
    [200_000, 100_000, false],
  ];
  for (const [appliedMs, triedMs, hasLapsed] of cases) {
    const entry = new PlanEntry(ban(1));
    if (appliedMs !== undefined) entry.applied = ban(appliedMs);
    if (triedMs !== undefined) entry.tried = ban(triedMs);
    strictEqual(entry.hasLapsed(100_000), hasLapsed, `${appliedMs} ${triedMs}`);
  }
});

Deno.test("haveOtherEnds() takes ends less than two seconds apart for the same", () => {
  const cases: readonly [number | undefined, number, boolean][] = [
    [undefined, 5_000, false],
    [undefined, Infinity, false],
    [5_000, 5_000, false],
    [5_000, 6_999, false],
    [6_999, 5_000, false],
    [5_000, 7_000, true],
    [7_000, 5_000, true],
    [Infinity, Infinity, false],
    [Infinity, 5_000, true],
    [5_000, Infinity, true],
  ];
  for (const [listedMs, wantedMs, differ] of cases) {
    const what = `${listedMs} and ${wantedMs}`;
    strictEqual(haveOtherEnds(listedMs, wantedMs), differ, what);
  }
});

Deno.test("keyOf() tells jails and addresses apart, and nothing else", () => {
  strictEqual(keyOf(ban(1)), keyOf(ban(2)));
  notStrictEqual(
    keyOf(ban(1)),
    keyOf({ ...ban(1), jail: jail("sshd") }),
  );
  notStrictEqual(
    keyOf(ban(1)),
    keyOf({ ...ban(1), address: address("192.0.2.0/24") }),
  );
});

Deno.test("strayBan() is this node's own, with the listed end or none", () => {
  const listed = { jail: jail("web"), address: address("2001:db8::/48") };
  const stray = {
    ...listed,
    origin: host("db-1"),
    reportedJail: jail("web"),
  };
  deepStrictEqual(
    strayBan({ ...listed, expiresMs: 7 }, host("db-1")),
    { ...stray, expiresMs: 7 },
  );
  deepStrictEqual(
    strayBan({ ...listed, expiresMs: undefined }, host("db-1")),
    { ...stray, expiresMs: Infinity },
  );
});

Deno.test("PlanEntry keeps of the tries that nobody knows of the one that ends last", () => {
  const entry = new PlanEntry(ban(1));
  const tries = [ban(1_000), ban(60_000), ban(10_000)];
  for (const tried of tries) entry.noteTry(tried);
  strictEqual(entry.tried, tries[1]);
  strictEqual(entry.hasLapsed(10_000), false);
  strictEqual(entry.hasLapsed(60_000), true);
});
