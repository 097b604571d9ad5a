import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Fail2banDatabase } from "../../../lib/fail2ban/io/fail2ban_database.ts";
import type { TicketState } from "../../../lib/fail2ban/ports.ts";
import { address, jail } from "../../support/values/core_values.ts";
import {
  type BipsRow,
  Fail2banFile,
  NOW_MS,
} from "../../support/fail2ban/fail2ban_file.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { waitInVain } from "../../support/store/store_faults.ts";

const SSHD = jail("sshd");
const ADDRESS = address("192.0.2.1");

function state(database: Fail2banDatabase, of = ADDRESS): TicketState {
  return database.ticketState(SSHD, of, NOW_MS);
}

async function waitFor(
  database: Fail2banDatabase,
  expected: TicketState,
): Promise<void> {
  await waitUntil(() => state(database) === expected, {
    what: `a ticket that is ${expected}`,
    intervalMs: 50,
  });
}

const ROWS: readonly (readonly [string, readonly BipsRow[], TicketState])[] = [
  ["no row", [], "gone"],
  ["a row of another jail", [["web", "192.0.2.1", 0, 600]], "gone"],
  ["a row of another address", [["sshd", "192.0.2.11", 0, 600]], "gone"],
  ["a ban of just now", [["sshd", "192.0.2.1", 0, 600]], "in_force"],
  ["a ban's last second", [["sshd", "192.0.2.1", -599, 600]], "in_force"],
  ["a ban's end", [["sshd", "192.0.2.1", -600, 600]], "expired"],
  ["a ban over for a moment", [["sshd", "192.0.2.1", -629, 600]], "expired"],
  ["a permanent ban", [["sshd", "192.0.2.1", -9_999_999, -1]], "in_force"],
  ["a ban of a clock ahead", [["sshd", "192.0.2.1", 60, 600]], "in_force"],
];

for (const [what, rows, expected] of ROWS) {
  Deno.test(`Fail2banDatabase says ${expected} of ${what}`, async () => {
    await using dir = await TempDir.create();
    using fail2ban = new Fail2banFile(dir.path("db"));
    for (const row of rows) fail2ban.ban(...row);
    using database = new Fail2banDatabase(dir.path("db"));
    strictEqual(state(database), expected);
    strictEqual(database.lastFailure, undefined);
  });
}

const ENDS:
  readonly (readonly [string, readonly BipsRow[], number | undefined])[] = [
    ["no row", [], undefined],
    ["a ban of just now", [["sshd", "192.0.2.1", 0, 600]], 600],
    ["a ban that is over", [["sshd", "192.0.2.1", -900, 600]], -300],
    ["a permanent ban", [["sshd", "192.0.2.1", -900, -1]], Infinity],
    // As fail2ban writes it when it makes the table of an older one.
    ["a ban of unknown length", [["sshd", "192.0.2.1", 0, -2]], undefined],
  ];

for (const [what, rows, ends] of ENDS) {
  Deno.test(`Fail2banDatabase tells the end of ${what}`, async () => {
    await using dir = await TempDir.create();
    using fail2ban = new Fail2banFile(dir.path("db"));
    for (const row of rows) fail2ban.ban(...row);
    using database = new Fail2banDatabase(dir.path("db"));
    strictEqual(
      database.ticketRow(SSHD, ADDRESS)?.endsMs,
      ends === undefined ? undefined : NOW_MS + ends * 1_000,
    );
  });
}

Deno.test("Fail2banDatabase tells no end while it can't be asked", () => {
  using database = new Fail2banDatabase(undefined);
  strictEqual(database.ticketRow(SSHD, ADDRESS), undefined);
});

Deno.test("Fail2banDatabase knows IPv6 and prefixes by fail2ban's own text", async () => {
  await using dir = await TempDir.create();
  using fail2ban = new Fail2banFile(dir.path("db"));
  using database = new Fail2banDatabase(dir.path("db"));
  for (const text of ["2001:db8::1", "192.0.2.0/24", "2001:db8::/48"]) {
    strictEqual(state(database, address(text)), "gone");
    fail2ban.ban("sshd", text, 0, 600);
    strictEqual(state(database, address(text)), "in_force");
  }
});

Deno.test("Fail2banDatabase sees what fail2ban changes after it was opened", async () => {
  await using dir = await TempDir.create();
  using fail2ban = new Fail2banFile(dir.path("db"));
  using database = new Fail2banDatabase(dir.path("db"));
  strictEqual(state(database), "gone");
  fail2ban.ban("sshd", ADDRESS, 0, 600);
  strictEqual(state(database), "in_force");
  fail2ban.ban("sshd", ADDRESS, -601, 600);
  strictEqual(state(database), "expired");
  fail2ban.exec("DELETE FROM bips");
  strictEqual(state(database), "gone");
});

Deno.test("Fail2banDatabase never keeps fail2ban from writing", async () => {
  await using dir = await TempDir.create();
  using fail2ban = new Fail2banFile(dir.path("db"));
  using database = new Fail2banDatabase(dir.path("db"));
  for (let round = 0; round < 50; round++) {
    fail2ban.ban("sshd", ADDRESS, -round, 25);
    strictEqual(state(database), round < 25 ? "in_force" : "expired");
  }
});

Deno.test("Fail2banDatabase says unknown while there is no file, and does not make one", async () => {
  await using dir = await TempDir.create();
  using database = new Fail2banDatabase(dir.path("db"));
  strictEqual(state(database), "unknown");
  ok(database.lastFailure?.includes("No such file"), database.lastFailure);
  strictEqual((await Array.fromAsync(Deno.readDir(dir.path()))).length, 0);
  using fail2ban = new Fail2banFile(dir.path("db"));
  fail2ban.ban("sshd", ADDRESS, 0, 600);
  await waitFor(database, "in_force");
  strictEqual(database.lastFailure, undefined);
});

Deno.test("Fail2banDatabase reads the file that stands there now, not the one that did", async () => {
  await using dir = await TempDir.create();
  using _before = new Fail2banFile(dir.path("db"));
  using database = new Fail2banDatabase(dir.path("db"));
  strictEqual(state(database), "gone");
  using after = new Fail2banFile(dir.path("new"));
  after.ban("sshd", ADDRESS, 0, 600);
  await Deno.rename(dir.path("new"), dir.path("db"));
  strictEqual(state(database), "in_force");
  await Deno.remove(dir.path("db"));
  strictEqual(state(database), "unknown");
});

Deno.test("Fail2banDatabase says unknown while fail2ban holds its database, and asks again later", async () => {
  await using dir = await TempDir.create();
  using fail2ban = new Fail2banFile(dir.path("db"));
  using database = new Fail2banDatabase(dir.path("db"));
  fail2ban.exec("BEGIN EXCLUSIVE");
  const before = performance.now();
  strictEqual(state(database), "unknown");
  const askedMs = performance.now() - before;
  ok(database.lastFailure?.includes("locked"), database.lastFailure);
  fail2ban.exec("COMMIT");
  const answer = state(database);
  const isWithinASecond = performance.now() - before < 1_000;
  ok(answer === "unknown" || !isWithinASecond, "left alone for a second");
  await waitFor(database, "gone");
  // Nothing else goes on meanwhile, so it does not wait for two seconds.
  fail2ban.exec("BEGIN EXCLUSIVE");
  const vainMs = waitInVain(dir.path("db"));
  fail2ban.exec("COMMIT");
  ok(askedMs < vainMs / 2, `${askedMs} ms of ${vainMs}`);
});

const STALE: Readonly<Record<string, (fail2ban: Fail2banFile) => void>> = {
  "an empty one": () => {},
  "one with other tickets": (fail2ban) => fail2ban.ban("sshd", "::1", 0, 600),
  "one with an old ban of the same": (fail2ban) =>
    fail2ban.ban("sshd", ADDRESS, -9_999, 600),
};

for (const [what, fill] of Object.entries(STALE)) {
  Deno.test(`Fail2banDatabase says unknown of a database that fail2ban does not write, ${what}, and says so once`, async () => {
    await using dir = await TempDir.create();
    using fail2ban = new Fail2banFile(dir.path("db"));
    fill(fail2ban);
    fail2ban.writtenAgo(40);
    const log = new MemoryLog();
    using database = new Fail2banDatabase(dir.path("db"), log);
    for (let count = 0; count < 3; count++) {
      strictEqual(state(database), "unknown");
      match(database.lastFailure ?? "", /no sign that fail2ban writes it/);
    }
    deepStrictEqual(log.records, [{
      severity: "warning",
      event: "fail2ban's database does not show what the log says",
      fields: { fail2bandb: dir.path("db") },
    }]);
  });
}

Deno.test("Fail2banDatabase knows a database that is written again, and one that fails later", async () => {
  await using dir = await TempDir.create();
  using fail2ban = new Fail2banFile(dir.path("db"));
  fail2ban.writtenAgo(40);
  using database = new Fail2banDatabase(dir.path("db"));
  strictEqual(state(database), "unknown");
  fail2ban.exec("DELETE FROM bips");
  strictEqual(state(database), "gone");
  strictEqual(database.lastFailure, undefined);
  fail2ban.ban("sshd", ADDRESS, -9_999, 600);
  strictEqual(state(database), "unknown", "over for long when it was lifted");
  fail2ban.ban("sshd", ADDRESS, -9_999, -1);
  fail2ban.writtenAgo(9_999);
  strictEqual(state(database), "in_force");
  strictEqual(database.lastFailure, undefined);
});

const UNUSABLE: readonly (readonly [
  what: string,
  make: (path: string) => void,
  reason: RegExp,
])[] = [
  ["fail2ban before 0.11, without bips", (path) => {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE bans(jail TEXT, ip TEXT, timeofban INTEGER)");
  }, /no such table: bips/],
  ["nothing in it", (path) => {
    Deno.writeTextFileSync(path, "");
  }, /no such table: bips/],
  ["other columns", (path) => {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE bips(jail TEXT, ip TEXT)");
  }, /no such column/],
  ["no database at all", (path) => {
    Deno.writeTextFileSync(path, "no database, but text".repeat(100));
  }, /not a database/],
  ["a folder", (path) => Deno.mkdirSync(path), /it is a folder/],
  ["a pipe", (path) => {
    new Deno.Command("mkfifo", { args: [path] }).outputSync();
  }, /it is a pipe/],
  ["a link to itself", (path) => Deno.symlinkSync(path, path), /symbolic/],
];

for (const [what, make, reason] of UNUSABLE) {
  Deno.test(`Fail2banDatabase says unknown of a file that is ${what}`, async () => {
    await using dir = await TempDir.create();
    make(dir.path("db"));
    using database = new Fail2banDatabase(dir.path("db"));
    strictEqual(state(database), "unknown");
    ok(reason.test(database.lastFailure ?? ""), database.lastFailure);
  });
}

Deno.test("Fail2banDatabase says unknown below a file that is no folder", async () => {
  await using dir = await TempDir.create();
  const file = await dir.write("file", "");
  using database = new Fail2banDatabase(`${file}/db`);
  strictEqual(state(database), "unknown");
  ok(database.lastFailure?.includes("Not a directory"), database.lastFailure);
});

Deno.test("Fail2banDatabase without a path says unknown, and that is no failure", () => {
  using database = new Fail2banDatabase(undefined);
  strictEqual(state(database), "unknown");
  strictEqual(database.lastFailure, undefined);
});

Deno.test("Fail2banDatabase tells when fail2ban banned somebody itself, and of nobody who was banned by hand", async () => {
  await using dir = await TempDir.create();
  using database = new Fail2banDatabase(dir.path("db"));
  strictEqual(database.detectedAtMs(SSHD, ADDRESS), undefined, "no database");
  strictEqual(database.lastFailure !== undefined, true);
  using fail2ban = new Fail2banFile(dir.path("db2"));
  using there = new Fail2banDatabase(dir.path("db2"));
  strictEqual(there.detectedAtMs(SSHD, ADDRESS), undefined, "no row");
  fail2ban.ban("sshd", ADDRESS, -5, 600);
  strictEqual(there.detectedAtMs(SSHD, ADDRESS), undefined, "nothing noted");
  fail2ban.failed(ADDRESS, 0);
  strictEqual(there.detectedAtMs(SSHD, ADDRESS), undefined, "by hand");
  fail2ban.failed(ADDRESS, 1);
  strictEqual(there.detectedAtMs(SSHD, ADDRESS), NOW_MS - 5_000);
  fail2ban.exec("UPDATE bips SET data = 'no JSON'");
  strictEqual(there.detectedAtMs(SSHD, ADDRESS), undefined);
});
