import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SqliteLedger } from "../../lib/io/ban_ledger.ts";
import type { BanLedger, LocalBan } from "../../lib/ports.ts";
import { address, host, jail } from "../support/core_values.ts";
import { MemoryLedger } from "../support/memory_ledger.ts";
import { TempDir } from "../support/temp_dir.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);

function ban(
  addressText: string,
  expiresMs = NOW_MS + 60_000,
  jailText = "web",
): LocalBan {
  return {
    jail: jail(jailText),
    address: address(addressText),
    expiresMs,
    origin: host("web-1.example"),
    reportedJail: jail("nginx-http-auth"),
  };
}

function sorted(bans: readonly LocalBan[]): readonly LocalBan[] {
  return bans.toSorted((left, right) =>
    JSON.stringify(left) < JSON.stringify(right) ? -1 : 1
  );
}

/** What every ledger does. */
const BEHAVIOURS: Readonly<Record<string, (ledger: BanLedger) => void>> = {
  "knows of no ban at first": (ledger) => {
    deepStrictEqual(ledger.load("a"), []);
    ledger.note("a", []);
    ledger.forget("a", [], NOW_MS);
    deepStrictEqual(ledger.load("a"), []);
  },
  "gives noted bans back as they were": (ledger) => {
    const bans = [
      ban("192.0.2.1"),
      ban("192.0.2.0/24", Infinity),
      ban("2001:db8::/48", NOW_MS + 0.25),
      ban("2001:db8::1", NOW_MS - 5, "sshd"),
      ban("192.0.2.1", NOW_MS + 7, "sshd"),
    ];
    ledger.note("a", bans);
    deepStrictEqual(sorted(ledger.load("a")), sorted(bans));
  },
  "goes by the last note of a ban": (ledger) => {
    ledger.note("a", [ban("192.0.2.1")]);
    const other = {
      ...ban("192.0.2.1", NOW_MS - 1),
      origin: host("db-1"),
      reportedJail: jail("sshd"),
    };
    ledger.note("a", [ban("192.0.2.1", Infinity), other]);
    deepStrictEqual(ledger.load("a"), [other]);
  },
  "forgets a ban, whatever else was noted of it": (ledger) => {
    ledger.note("a", [ban("192.0.2.1"), ban("192.0.2.2")]);
    ledger.forget("a", [ban("192.0.2.1", 5), ban("192.0.2.3")], NOW_MS);
    deepStrictEqual(ledger.load("a"), [ban("192.0.2.2")]);
    ledger.forget("a", [ban("192.0.2.1")], NOW_MS);
    deepStrictEqual(ledger.load("a"), [ban("192.0.2.2")]);
  },
  "notes a ban again that was forgotten": (ledger) => {
    ledger.note("a", [ban("192.0.2.1")]);
    ledger.forget("a", [ban("192.0.2.1")], NOW_MS);
    ledger.note("a", [ban("192.0.2.1", Infinity)]);
    deepStrictEqual(ledger.load("a"), [ban("192.0.2.1", Infinity)]);
  },
  "tells actions, jails and addresses apart": (ledger) => {
    const others = [ban("192.0.2.1", 1, "sshd"), ban("192.0.2.0/24")];
    ledger.note("a", [ban("192.0.2.1"), ...others]);
    ledger.note("b", [ban("192.0.2.1")]);
    ledger.forget("a", [ban("192.0.2.1")], NOW_MS);
    deepStrictEqual(sorted(ledger.load("a")), sorted(others));
    deepStrictEqual(ledger.load("b"), [ban("192.0.2.1")]);
    deepStrictEqual(ledger.load("A"), []);
  },
  "keeps what it gave out, whatever is noted later": (ledger) => {
    ledger.note("a", [ban("192.0.2.1")]);
    const loaded = ledger.load("a");
    ledger.forget("a", loaded, NOW_MS);
    strictEqual(loaded.length, 1);
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
