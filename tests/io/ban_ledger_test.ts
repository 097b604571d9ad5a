import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { RuntimeError } from "../../lib/errors.ts";
import {
  LedgerEchoOracle,
  ledgerPath,
  SqliteLedger,
} from "../../lib/io/ban_ledger.ts";
import type { LocalBan } from "../../lib/ports.ts";
import { ChildProcess } from "../support/child_process.ts";
import { address, banEvents, host, jail } from "../support/core_values.ts";
import { TempDir } from "../support/temp_dir.ts";
import { waitUntil } from "../support/wait_until.ts";

const HOUR_MS = 3_600_000;
const WEB = jail("web");
const IP = address("192.0.2.1");

function ban(
  expiresMs = Infinity,
  ip = IP,
  jailName = WEB,
): LocalBan {
  const origin = host("web-1");
  const reportedJail = jail("nginx");
  return { jail: jailName, address: ip, expiresMs, origin, reportedJail };
}

/** Whether a ban and an unban of 192.0.2.1 in the jail `web` are echoes. */
function echoes(oracle: LedgerEchoOracle): [ban: boolean, unban: boolean] {
  return [oracle.isEcho("ban", WEB, IP), oracle.isEcho("unban", WEB, IP)];
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
    parts: { path: string; ledger: SqliteLedger; oracle: LedgerEchoOracle },
  ) => void | Promise<void>,
): Promise<void> {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  using oracle = new LedgerEchoOracle(path, "a");
  await show({ path, ledger, oracle });
}

Deno.test("LedgerEchoOracle takes bans and unbans for echoes while the ban is noted", () =>
  usingLedger(({ ledger, oracle }) => {
    deepStrictEqual(echoes(oracle), [false, false]);
    for (const expiresMs of [Infinity, Date.now() + 60_000]) {
      ledger.note("a", [ban(expiresMs)]);
      deepStrictEqual(echoes(oracle), [true, true]);
    }
  }));

Deno.test("LedgerEchoOracle takes only the unban for an echo in the hour after the ban was lifted", () =>
  usingLedger(({ ledger, oracle }) => {
    for (
      const [agoMs, unban] of [
        [0, true],
        [HOUR_MS - 10_000, true],
        [HOUR_MS + 1, false],
        [-10_000, true],
      ] as const
    ) {
      ledger.note("a", [ban()]);
      ledger.forget("a", [ban()], Date.now() - agoMs);
      deepStrictEqual(echoes(oracle), [false, unban], `lifted ${agoMs} ms ago`);
    }
    ledger.note("a", [ban()]);
    deepStrictEqual(echoes(oracle), [true, true], "noted again");
  }));

Deno.test("LedgerEchoOracle takes a ban that waits to be lifted for an echo for an hour more", () =>
  usingLedger(({ ledger, oracle }) => {
    ledger.note("a", [ban(Date.now() - 10_000)]);
    deepStrictEqual(echoes(oracle), [true, true]);
    ledger.note("a", [ban(Date.now() - HOUR_MS)]);
    deepStrictEqual(echoes(oracle), [false, true]);
  }));

Deno.test("LedgerEchoOracle tells jails, addresses and actions apart", () =>
  usingLedger(({ ledger, oracle, path }) => {
    ledger.note("a", [
      ban(Infinity, address("192.0.2.0/24")),
      ban(Infinity, IP, jail("Web")),
    ]);
    ledger.note("b", [ban()]);
    deepStrictEqual(echoes(oracle), [false, false]);
    using other = new LedgerEchoOracle(path, "b");
    deepStrictEqual(echoes(other), [true, true]);
  }));

Deno.test("LedgerEchoOracle takes nothing for an echo while there is no ledger, and all of it at once when there is", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using oracle = new LedgerEchoOracle(path, "a");
  using another = new LedgerEchoOracle(path, "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  {
    using ledger = new SqliteLedger(path);
    ledger.note("a", [ban()]);
    deepStrictEqual(echoes(oracle), [true, true]);
    deepStrictEqual(echoes(another), [true, true]);
  }
  deepStrictEqual(echoes(oracle), [true, true], "the subscriber has ended");
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(path + end).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  deepStrictEqual(echoes(oracle), [false, false], "it was removed");
  using ledger = new SqliteLedger(path);
  deepStrictEqual(echoes(oracle), [false, false], "it was made anew");
  ledger.note("a", [ban()]);
  deepStrictEqual(echoes(oracle), [true, true]);
});

Deno.test("LedgerEchoOracle opens no ledger into being", async () => {
  await using dir = await TempDir.create();
  using oracle = new LedgerEchoOracle(ledgerPath(dir.path()), "a");
  using elsewhere = new LedgerEchoOracle(ledgerPath(dir.path("no")), "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  deepStrictEqual(echoes(elsewhere), [false, false]);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(dir.path())), []);
});

Deno.test("LedgerEchoOracle takes nothing for an echo while the ledger is damaged, and looks again", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("bans.sqlite3", "no database".repeat(1_000));
  using oracle = new LedgerEchoOracle(path, "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  throws(
    () => new SqliteLedger(path),
    isRuntimeError(/^cannot open .*: file is not a database$/),
  );
  await Deno.remove(path);
  using ledger = new SqliteLedger(path);
  ledger.note("a", [ban()]);
  await waitUntil(() => oracle.isEcho("ban", WEB, IP), { what: "the echo" });
});

Deno.test("LedgerEchoOracle reads on while another process writes", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  ledger.note("a", [ban()]);
  const script = new URL("../support/peers/ledger_writer.ts", import.meta.url);
  await using writer = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "-A", script.pathname, path],
  });
  await writer.waitForLine(/^writes$/);
  using first = new LedgerEchoOracle(path, "a");
  using second = new LedgerEchoOracle(path, "a");
  const flickering = address("198.18.3.231");
  const seen = new Set<boolean>();
  await waitUntil(() => {
    for (const oracle of [first, second]) {
      deepStrictEqual(echoes(oracle), [true, true]);
      strictEqual(oracle.isEcho("ban", jail("sshd"), IP), false);
      seen.add(oracle.isEcho("ban", WEB, flickering));
    }
    return seen.size === 2;
  }, { what: "a ban to come and go", timeoutMs: 20_000 });
  await writer.closeInput();
  await writer.waitForLine(/^done$/);
  strictEqual(first.isEcho("ban", WEB, flickering), true);
  strictEqual(ledger.load("a").length, 1_001);
});

Deno.test("SqliteLedger says when another holds the file for too long, and goes on after that", () =>
  usingLedger(({ path, ledger, oracle }) => {
    ledger.note("a", [ban()]);
    const holder = new DatabaseSync(path);
    try {
      holder.exec("BEGIN IMMEDIATE");
      const refused = isRuntimeError(/^cannot note bans: database is locked$/);
      throws(() => ledger.note("a", [ban(5)]), refused);
      throws(() => ledger.forget("a", [ban()], Date.now()), refused);
      deepStrictEqual(echoes(oracle), [true, true], "readers don't wait");
    } finally {
      holder.close();
    }
    ledger.forget("a", [ban()], Date.now());
    deepStrictEqual(ledger.load("a"), []);
  }));

Deno.test("SqliteLedger keeps what was noted for the next process, and leaves out what it can't read", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  const kept = ban(Date.now() + 0.5);
  {
    using ledger = new SqliteLedger(path);
    ledger.note("a", [kept, ban(1, address("192.0.2.2"))]);
    ledger.note("a", [ban(1, address("192.0.2.3"))]);
    using strange = new DatabaseSync(path);
    strange.exec(`
      UPDATE bans SET address = '192.0.2.02' WHERE address = '192.0.2.2';
      UPDATE bans SET reported_jail = 'a|b' WHERE address = '192.0.2.3'`);
  }
  using ledger = new SqliteLedger(path);
  deepStrictEqual(ledger.load("a"), [kept]);
});

Deno.test("SqliteLedger says when it can't be opened, or no longer read", async () => {
  await using dir = await TempDir.create();
  throws(
    () => new SqliteLedger(dir.path("no/bans.sqlite3")),
    isRuntimeError(/^cannot open .*\/no\/bans\.sqlite3: /),
  );
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  using vandal = new DatabaseSync(path);
  vandal.exec("DROP TABLE bans");
  throws(() => ledger.load("a"), isRuntimeError(/^cannot read noted bans: /));
  throws(() => ledger.note("a", [ban()]), isRuntimeError(/^cannot note bans/));
});

Deno.test("SqliteLedger drops what was lifted more than an hour before", () =>
  usingLedger(({ path, ledger }) => {
    const [old, recent] = banEvents(2).map((event) =>
      ban(Infinity, event.address)
    );
    ok(old && recent);
    const nowMs = Date.now();
    ledger.note("a", [old, recent]);
    ledger.forget("a", [old], nowMs - HOUR_MS - 1);
    ledger.forget("a", [recent], nowMs);
    using reader = new DatabaseSync(path);
    const rows = reader.prepare("SELECT address FROM bans").all();
    deepStrictEqual(rows.map((row) => row["address"]), [recent.address]);
  }));

Deno.test("SqliteLedger notes, reads and forgets 10,000 bans in no time, and as many one by one in little", () =>
  usingLedger(({ ledger, oracle }) => {
    const bans = banEvents(10_000).map((event) => ban(Infinity, event.address));
    const startMs = performance.now();
    ledger.note("a", bans);
    strictEqual(ledger.load("a").length, 10_000);
    for (const { address } of bans) ok(oracle.isEcho("ban", WEB, address));
    ledger.forget("a", bans, Date.now());
    const atOnceMs = performance.now() - startMs;
    ok(atOnceMs < 2_000, `${atOnceMs} ms`);
    for (const each of bans) ledger.note("a", [each]);
    const inAllMs = performance.now() - startMs;
    ok(inAllMs < 10_000, `${inAllMs} ms`);
  }));
