import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  ledgerPath,
  SqliteLedger,
} from "../../../lib/enforce/io/sqlite_ban_ledger.ts";
import { EchoReader } from "../../../lib/enforce/io/echo_reader.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { address, host, jail } from "../../support/values/core_values.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HOUR_MS = 3_600_000;
const WEB = jail("web");
const IP = address("192.0.2.1");

function ban(ip = IP, jailName = WEB): HostBan {
  return {
    jail: jailName,
    address: ip,
    expiresMs: Infinity,
    origin: host("web-1"),
    reportedJail: jail("nginx"),
  };
}

/** Whether a ban and an unban of 192.0.2.1 in the jail `web` are echoes. */
function echoes(
  oracle: EchoReader,
  atMs?: number,
): [ban: boolean, unban: boolean] {
  return [
    oracle.isEcho("ban", WEB, IP, atMs),
    oracle.isEcho("unban", WEB, IP, atMs),
  ];
}

function begin(ledger: SqliteLedger, atMs: number, bans = [ban()]): void {
  ledger.recordStart("a", bans, atMs);
}

function settle(
  ledger: SqliteLedger,
  state: "applied" | "none",
  atMs: number,
): void {
  ledger.recordOutcome("a", [{ ban: ban(), state }], atMs);
}

async function usingLedger(
  show: (
    parts: { path: string; ledger: SqliteLedger; oracle: EchoReader },
  ) => void | Promise<void>,
): Promise<void> {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  using oracle = new EchoReader(path, "a");
  await show({ path, ledger, oracle });
}

Deno.test("EchoReader takes bans and unbans for echoes while the ban is in force", () =>
  usingLedger(({ ledger, oracle }) => {
    deepStrictEqual(echoes(oracle), [false, false]);
    begin(ledger, Date.now());
    deepStrictEqual(echoes(oracle), [true, true]);
    settle(ledger, "applied", Date.now());
    deepStrictEqual(echoes(oracle), [true, true]);
  }));

Deno.test("EchoReader takes only the unban for an echo after the ban was lifted, of lines without a time", () =>
  usingLedger(({ ledger, oracle }) => {
    begin(ledger, Date.now());
    settle(ledger, "none", Date.now());
    deepStrictEqual(echoes(oracle), [false, true]);
    begin(ledger, Date.now() + 1);
    deepStrictEqual(echoes(oracle), [true, true], "noted again");
  }));

Deno.test("EchoReader goes by a line's own time, however late it is read", () =>
  usingLedger(({ ledger, oracle }) => {
    const startMs = Date.now() - HOUR_MS / 2;
    begin(ledger, startMs);
    settle(ledger, "applied", startMs + 1_000);
    settle(ledger, "none", startMs + 600_000);
    const cases: readonly [atMs: number, ban: boolean, unban: boolean][] = [
      [-6_000, false, false],
      [0, true, true],
      [500, true, true],
      [2_000, true, true],
      [60_000, false, true],
      [599_000, false, true],
      [601_000, false, true],
      [660_000, false, false],
    ];
    for (const [afterMs, isBan, isUnban] of cases) {
      deepStrictEqual(
        echoes(oracle, startMs + afterMs),
        [isBan, isUnban],
        `${afterMs} ms after it began`,
      );
    }
  }));

Deno.test("EchoReader takes the host's own ban for its own once the cluster's was lifted by hand", () =>
  usingLedger(({ ledger, oracle }) => {
    const startMs = Date.now() - 120_000;
    begin(ledger, startMs);
    settle(ledger, "applied", startMs + 1_000);
    // An operator lifts it, and the host detects the address: still noted.
    strictEqual(oracle.isEcho("ban", WEB, IP, startMs + 60_000), false);
    strictEqual(oracle.isEcho("unban", WEB, IP, startMs + 60_000), true);
  }));

Deno.test("EchoReader knows of every time a ban was put in force", () =>
  usingLedger(({ ledger, oracle }) => {
    const startMs = Date.now() - 1_200_000;
    begin(ledger, startMs);
    settle(ledger, "none", startMs + 60_000);
    begin(ledger, startMs + 600_000);
    settle(ledger, "applied", startMs + 601_000);
    deepStrictEqual(echoes(oracle, startMs + 1_000), [true, true]);
    deepStrictEqual(echoes(oracle, startMs + 300_000), [false, false]);
    deepStrictEqual(echoes(oracle, startMs + 600_500), [true, true]);
    deepStrictEqual(echoes(oracle, startMs + 900_000), [false, true]);
  }));

Deno.test("EchoReader takes what was tried and has no answer yet for an echo", () =>
  usingLedger(({ ledger, oracle }) => {
    const startMs = Date.now() - 120_000;
    begin(ledger, startMs);
    deepStrictEqual(echoes(oracle, startMs + 60_000), [true, true]);
  }));

Deno.test("EchoReader tells jails, addresses and actions apart", () =>
  usingLedger(({ ledger, oracle, path }) => {
    begin(ledger, Date.now(), [
      ban(address("192.0.2.0/24")),
      ban(IP, jail("Web")),
    ]);
    ledger.recordStart("b", [ban()], Date.now());
    deepStrictEqual(echoes(oracle), [false, false]);
    using other = new EchoReader(path, "b");
    deepStrictEqual(echoes(other), [true, true]);
  }));

Deno.test("EchoReader takes nothing for an echo while there is no ledger, and all of it at once when there is", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using oracle = new EchoReader(path, "a");
  using another = new EchoReader(path, "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  {
    using ledger = new SqliteLedger(path);
    begin(ledger, Date.now());
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
  begin(ledger, Date.now());
  deepStrictEqual(echoes(oracle), [true, true]);
});

Deno.test("EchoReader opens no ledger into being", async () => {
  await using dir = await TempDir.create();
  using oracle = new EchoReader(ledgerPath(dir.path()), "a");
  using elsewhere = new EchoReader(ledgerPath(dir.path("no")), "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  deepStrictEqual(echoes(elsewhere), [false, false]);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(dir.path())), []);
});

Deno.test("EchoReader takes nothing for an echo while the ledger is damaged, and looks again", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("bans.sqlite3", "no database".repeat(1_000));
  using oracle = new EchoReader(path, "a");
  deepStrictEqual(echoes(oracle), [false, false]);
  await Deno.remove(path);
  using ledger = new SqliteLedger(path);
  begin(ledger, Date.now());
  await waitUntil(() => oracle.isEcho("ban", WEB, IP), { what: "the echo" });
});

Deno.test("EchoReader looks again at once when its view of the file is of before", () =>
  usingLedger(({ path, ledger, oracle }) => {
    begin(ledger, Date.now());
    deepStrictEqual(echoes(oracle), [true, true]);
    using other = new DatabaseSync(path);
    other.exec("ALTER TABLE applied RENAME TO gone");
    other.exec("ALTER TABLE gone RENAME TO applied");
    deepStrictEqual(echoes(oracle), [true, true]);
  }));

Deno.test("EchoReader reads on while another process writes", async () => {
  await using dir = await TempDir.create();
  const path = ledgerPath(dir.path());
  using ledger = new SqliteLedger(path);
  begin(ledger, Date.now());
  const script = new URL(
    "../../support/peers/ledger_writer.ts",
    import.meta.url,
  );
  await using writer = new ChildProcess({
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "-A",
      decodeURIComponent(script.pathname),
      path,
    ],
  });
  await writer.waitForLine(/^writes$/);
  using first = new EchoReader(path, "a");
  using second = new EchoReader(path, "a");
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
  strictEqual(ledger.load("a").marks.length, 1_001);
});
