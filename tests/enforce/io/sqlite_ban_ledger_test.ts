import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  ledgerPath,
  SqliteLedger,
} from "../../../lib/enforce/io/sqlite_ban_ledger.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import type { WantedReports } from "../../../lib/enforce/ban_ledger.ts";
import {
  address,
  banEvents,
  host,
  jail,
} from "../../support/values/core_values.ts";
import { damageFile, DAMAGES } from "../../support/host/damaged_file.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const HOUR_MS = 3_600_000;
const WEB = jail("web");
const IP = address("192.0.2.1");

function ban(expiresMs = Infinity, ip = IP, jailName = WEB): HostBan {
  const origin = host("web-1");
  const reportedJail = jail("nginx");
  return { jail: jailName, address: ip, expiresMs, origin, reportedJail };
}

function wanted(...bans: readonly HostBan[]): WantedReports[] {
  return bans.map((ban) => ({ ...ban, reports: [ban] }));
}

function isRuntimeError(message: RegExp) {
  return (error: unknown) => {
    ok(error instanceof RuntimeError, String(error));
    ok(message.test(error.message), error.message);
    ok(error.hint !== undefined);
    return true;
  };
}

async function usingLedger(
  show: (
    parts: { path: string; ledger: SqliteLedger },
  ) => void | Promise<void>,
): Promise<void> {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  await show({ path, ledger });
}

Deno.test("SqliteLedger says when another holds the file for too long, and goes on after that", () =>
  usingLedger(({ path, ledger }) => {
    ledger.want("a", wanted(ban()));
    const holder = new DatabaseSync(path);
    try {
      holder.exec("BEGIN IMMEDIATE");
      const refused = isRuntimeError(/^cannot note bans: database is locked$/);
      throws(() => ledger.want("a", wanted(ban(5))), refused);
      throws(() => ledger.recordStart("a", [ban()], Date.now()), refused);
      strictEqual(ledger.load("a").reports.length, 1, "readers don't wait");
    } finally {
      holder.close();
    }
    ledger.want("a", [{ jail: WEB, address: IP, reports: [] }]);
    deepStrictEqual(ledger.load("a").reports, []);
  }));

Deno.test("SqliteLedger keeps what was noted for the next process, and leaves out what it can't read", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  const kept = ban(Date.now() + 0.5);
  {
    using ledger = new SqliteLedger(path);
    ledger.want("a", wanted(kept, ban(1, address("192.0.2.2"))));
    ledger.want("a", wanted(ban(1, address("192.0.2.3"))));
    ledger.recordStart("a", [kept, ban(1, address("192.0.2.2"))], Date.now());
    using strange = new DatabaseSync(path);
    strange.exec(`
      UPDATE wanted SET address = '192.0.2.02' WHERE address = '192.0.2.2';
      UPDATE applied SET address = '192.0.2.02' WHERE address = '192.0.2.2';
      UPDATE wanted SET reported_jail = 'a|b' WHERE address = '192.0.2.3'`);
  }
  using ledger = new SqliteLedger(path);
  deepStrictEqual(ledger.load("a"), {
    reports: [kept],
    marks: [{ ban: kept, state: "tried" }],
  });
});

Deno.test("SqliteLedger leaves alone a file of a newer program", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  {
    using newer = new DatabaseSync(path);
    newer.exec("PRAGMA user_version = 4");
  }
  throws(() => new SqliteLedger(path), isRuntimeError(/of a newer program/));
});

for (const damage of DAMAGES) {
  Deno.test(`SqliteLedger moves a damaged file away and begins another: ${damage}`, async () => {
    await using dir = await TempDir.create();
    const path = ledgerPath(dir.path());
    {
      using ledger = new SqliteLedger(path);
      ledger.want("a", wanted(ban()));
    }
    await dir.write("bans.sqlite3.damaged", "one of before");
    await damageFile(path, damage);
    using ledger = new SqliteLedger(path);
    strictEqual(ledger.loss?.path, `${path}.damaged`);
    ok(ledger.loss.reason.startsWith(`cannot open ${path}: `));
    deepStrictEqual(ledger.load("a"), { reports: [], marks: [] });
    ledger.want("a", wanted(ban()));
    strictEqual(ledger.load("a").reports.length, 1);
    using reader = new DatabaseSync(path, { readOnly: true });
    ok(reader.prepare("SELECT 1 FROM wanted").get() !== undefined);
  });
}

Deno.test("SqliteLedger goes on in memory where the disk takes none, and says so", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("no/bans.sqlite3");
  using ledger = new SqliteLedger(path);
  strictEqual(ledger.loss?.path, undefined);
  ok(/^cannot open .*\/no\/bans\.sqlite3: /.test(ledger.loss?.reason ?? ""));
  ledger.want("a", wanted(ban()));
  strictEqual(ledger.load("a").reports.length, 1);
});

Deno.test("SqliteLedger says when it can no longer be read", () =>
  usingLedger(({ path, ledger }) => {
    using vandal = new DatabaseSync(path);
    vandal.exec("DROP TABLE applied");
    throws(() => ledger.load("a"), isRuntimeError(/^cannot read noted bans: /));
    throws(
      () => ledger.recordStart("a", [ban()], 1),
      isRuntimeError(/^cannot note bans/),
    );
  }));

Deno.test("SqliteLedger drops what was lifted, or applied anew, more than an hour before", () =>
  usingLedger(({ path, ledger }) => {
    const nowMs = Date.now();
    const agoMs = nowMs - HOUR_MS - 1;
    const [old, recent, again] = banEvents(3).map(({ address }) =>
      ban(Infinity, address)
    );
    ok(old && recent && again);
    ledger.recordStart("a", [old, recent, again], agoMs);
    ledger.recordOutcome("a", [{ ban: old, state: "none" }], agoMs);
    ledger.recordStart("a", [again], agoMs + 0.5);
    ledger.recordOutcome("a", [
      { ban: recent, state: "none" },
      { ban: again, state: "applied" },
    ], nowMs);
    using reader = new DatabaseSync(path);
    const rows = reader.prepare("SELECT address FROM applied ORDER BY address")
      .all();
    deepStrictEqual(rows.map((row) => row["address"]), [
      recent.address,
      again.address,
    ]);
  }));

/** Milliseconds for so many bans: wanted, applied, read and forgotten at once, then wanted one by one. */
async function timeBans(
  count: number,
): Promise<{ readonly atOnceMs: number; readonly singlyMs: number }> {
  let [atOnceMs, singlyMs] = [NaN, NaN];
  await usingLedger(({ ledger }) => {
    const bans = banEvents(count).map((event) => ban(Infinity, event.address));
    const startMs = performance.now();
    ledger.want("a", wanted(...bans));
    ledger.recordStart("a", bans, Date.now());
    const applied = bans.map((ban) => ({ ban, state: "applied" as const }));
    ledger.recordOutcome("a", applied, Date.now());
    strictEqual(ledger.load("a").marks.length, count);
    const gone = bans.map((ban) => ({ ban, state: "none" as const }));
    ledger.recordOutcome("a", gone, Date.now());
    const middleMs = performance.now();
    for (const each of bans) ledger.want("a", wanted(each));
    atOnceMs = middleMs - startMs;
    singlyMs = performance.now() - middleMs;
  });
  return { atOnceMs, singlyMs };
}

Deno.test("SqliteLedger takes ten times as long for ten times as many bans, at once and one by one", async () => {
  const few = { atOnceMs: Infinity, singlyMs: Infinity };
  const many = { ...few };
  // Side by side, and the shortest counts: the machine may do other things.
  for (let round = 0; round < 3; round++) {
    for (const [least, count] of [[few, 1_000], [many, 10_000]] as const) {
      const { atOnceMs, singlyMs } = await timeBans(count);
      least.atOnceMs = Math.min(least.atOnceMs, atOnceMs);
      least.singlyMs = Math.min(least.singlyMs, singlyMs);
    }
  }
  // Ten times, or a hundred where time grows with the square.
  ok(many.atOnceMs < 40 * few.atOnceMs, JSON.stringify({ few, many }));
  ok(many.singlyMs < 40 * few.singlyMs, JSON.stringify({ few, many }));
});
