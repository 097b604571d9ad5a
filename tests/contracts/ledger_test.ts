import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SqliteLedger } from "../../lib/enforce/io/sqlite_ban_ledger.ts";
import type { PlanState } from "../../lib/enforce/plan_types.ts";
import type { BanLedger, WantedReports } from "../../lib/enforce/ban_ledger.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { MemoryLedger } from "../support/memory/memory_ledger.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);

function ban(
  addressText: string,
  expiresMs = NOW_MS + 60_000,
  jailText = "web",
): HostBan {
  return {
    jail: jail(jailText),
    address: address(addressText),
    expiresMs,
    origin: host("web-1.example"),
    reportedJail: jail("nginx-http-auth"),
  };
}

/** A ban that is wanted by those who reported it, or by nobody. */
function wanted(first: HostBan, ...reports: HostBan[]): WantedReports {
  return { jail: first.jail, address: first.address, reports };
}

/** Bans that are wanted by one each. */
function each(...bans: HostBan[]): WantedReports[] {
  return bans.map((ban) => wanted(ban, ban));
}

function states(state: PlanState, ...bans: HostBan[]) {
  return bans.map((ban) => ({ ban, state }));
}

function sorted<T>(values: readonly T[]): readonly T[] {
  const text = (value: T) =>
    JSON.stringify(Object.entries(Object(value)).sort());
  return values.toSorted((left, right) => text(left) < text(right) ? -1 : 1);
}

function reports(ledger: BanLedger, action = "a"): readonly HostBan[] {
  return sorted(ledger.load(action).reports);
}

/** As in `192.0.2.1 applied`. */
function marks(ledger: BanLedger, action = "a"): readonly string[] {
  return sorted(
    ledger.load(action).marks.map(({ ban, state }) =>
      `${ban.jail} ${ban.address} ${state}`
    ),
  );
}

/** What every ledger does. */
const BEHAVIOURS: Readonly<Record<string, (ledger: BanLedger) => void>> = {
  "knows of no ban at first": (ledger) => {
    deepStrictEqual(ledger.load("a"), { reports: [], marks: [] });
    ledger.want("a", []);
    ledger.recordStart("a", [], NOW_MS);
    ledger.recordOutcome("a", [], NOW_MS);
    deepStrictEqual(ledger.load("a"), { reports: [], marks: [] });
  },
  "gives reports back as they were": (ledger) => {
    const bans = [
      ban("192.0.2.1"),
      ban("192.0.2.0/24", Infinity),
      ban("2001:db8::/48", NOW_MS + 0.25),
      ban("2001:db8::1", NOW_MS - 5, "sshd"),
      ban("192.0.2.1", NOW_MS + 7, "sshd"),
    ];
    ledger.want("a", each(...bans));
    deepStrictEqual(reports(ledger), sorted(bans));
  },
  "keeps everybody's report of a ban, and no others once it is noted anew": (
    ledger,
  ) => {
    const first = ban("192.0.2.1");
    const second = { ...first, origin: host("web-2"), expiresMs: Infinity };
    const third = { ...first, reportedJail: jail("sshd"), expiresMs: 1 };
    ledger.want("a", [
      wanted(first, first, second, third),
      ...each(ban("192.0.2.2")),
    ]);
    deepStrictEqual(
      reports(ledger),
      sorted([first, second, third, ban("192.0.2.2")]),
    );
    ledger.want("a", [wanted(first, second)]);
    deepStrictEqual(reports(ledger), sorted([second, ban("192.0.2.2")]));
    ledger.want("a", [wanted(first)]);
    deepStrictEqual(reports(ledger), [ban("192.0.2.2")]);
  },
  "tells what was tried from what was applied": (ledger) => {
    const [one, two] = [ban("192.0.2.1"), ban("192.0.2.2")];
    ledger.recordStart("a", [one, two], NOW_MS);
    deepStrictEqual(marks(ledger), [
      "web 192.0.2.1 tried",
      "web 192.0.2.2 tried",
    ]);
    ledger.recordOutcome("a", states("applied", one), NOW_MS + 1);
    ledger.recordOutcome("a", states("tried", two), NOW_MS + 1);
    deepStrictEqual(marks(ledger), [
      "web 192.0.2.1 applied",
      "web 192.0.2.2 tried",
    ]);
    ledger.recordStart("a", [one], NOW_MS + 2);
    deepStrictEqual(marks(ledger), [
      "web 192.0.2.1 tried",
      "web 192.0.2.2 tried",
    ]);
    deepStrictEqual(reports(ledger), [], "what is wanted is another matter");
  },
  "knows how a ban was applied last": (ledger) => {
    ledger.recordStart("a", [ban("192.0.2.1")], NOW_MS);
    const last = { ...ban("192.0.2.1", Infinity), origin: host("db-1") };
    ledger.recordOutcome("a", states("applied", last), NOW_MS + 1);
    deepStrictEqual(ledger.load("a").marks, states("applied", last));
  },
  "takes what nobody began for applied, too": (ledger) => {
    ledger.recordOutcome("a", states("applied", ban("192.0.2.1")), NOW_MS);
    deepStrictEqual(marks(ledger), ["web 192.0.2.1 applied"]);
  },
  "forgets what is not in force, and notes it again": (ledger) => {
    const [one, two] = [ban("192.0.2.1"), ban("192.0.2.2")];
    ledger.recordStart("a", [one, two], NOW_MS);
    ledger.recordOutcome(
      "a",
      states("none", one, ban("192.0.2.3")),
      NOW_MS + 1,
    );
    deepStrictEqual(marks(ledger), ["web 192.0.2.2 tried"]);
    ledger.recordOutcome("a", states("none", one), NOW_MS + 2);
    ledger.recordStart("a", [one], NOW_MS + 3);
    ledger.recordOutcome("a", states("applied", one), NOW_MS + 4);
    deepStrictEqual(marks(ledger), [
      "web 192.0.2.1 applied",
      "web 192.0.2.2 tried",
    ]);
  },
  "tells actions, jails and addresses apart": (ledger) => {
    const others = [ban("192.0.2.1", 1, "sshd"), ban("192.0.2.0/24")];
    ledger.want("a", each(ban("192.0.2.1"), ...others));
    ledger.recordStart("a", [ban("192.0.2.1"), ...others], NOW_MS);
    ledger.want("b", each(ban("192.0.2.1")));
    ledger.recordStart("b", [ban("192.0.2.1")], NOW_MS);
    ledger.want("a", [wanted(ban("192.0.2.1"))]);
    ledger.recordOutcome("a", states("none", ban("192.0.2.1")), NOW_MS);
    deepStrictEqual(reports(ledger), sorted(others));
    deepStrictEqual(marks(ledger), [
      "sshd 192.0.2.1 tried",
      "web 192.0.2.0/24 tried",
    ]);
    deepStrictEqual(reports(ledger, "b"), [ban("192.0.2.1")]);
    deepStrictEqual(marks(ledger, "b"), ["web 192.0.2.1 tried"]);
    deepStrictEqual(ledger.load("A"), { reports: [], marks: [] });
  },
  "forgets of an action all but that it is in use, until its end": (ledger) => {
    strictEqual(ledger.isInUse("a"), false);
    ledger.want("a", each(ban("192.0.2.1")));
    ledger.recordStart("a", [ban("192.0.2.1")], NOW_MS);
    ledger.recordStart("b", [ban("192.0.2.1")], NOW_MS);
    strictEqual(ledger.isInUse("a"), true);
    ledger.recordUse("a");
    ledger.recordUse("a");
    deepStrictEqual(ledger.load("a"), { reports: [], marks: [] });
    deepStrictEqual([ledger.isInUse("a"), ledger.isInUse("b")], [true, true]);
    ledger.recordEnd("a");
    deepStrictEqual([ledger.isInUse("a"), ledger.isInUse("b")], [false, true]);
    ledger.recordOutcome("b", states("none", ban("192.0.2.1")), NOW_MS + 1);
    strictEqual(ledger.isInUse("b"), false);
  },
  "keeps what it gave out, whatever is noted later": (ledger) => {
    ledger.want("a", each(ban("192.0.2.1")));
    const loaded = ledger.load("a");
    ledger.want("a", [wanted(ban("192.0.2.1"))]);
    strictEqual(loaded.reports.length, 1);
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryLedger ${behaviour}`, () => show(new MemoryLedger()));

  Deno.test(`SqliteLedger ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    using ledger = new SqliteLedger(dir.path("bans.sqlite3"));
    show(ledger);
  });
}
