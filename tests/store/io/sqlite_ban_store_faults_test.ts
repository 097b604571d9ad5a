import {
  deepStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { runOnSmallDisk } from "../../support/host/small_disk.ts";
import type { FullDiskOutcome } from "../../support/store/programs/full_disk.ts";
import {
  banKeyAt,
  NOW_MS,
  report,
  reports,
  unnamed,
} from "../../support/values/stored_changes.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitInVain } from "../../support/store/store_faults.ts";

testWith(
  "mountns",
  "SqliteBanStore keeps nothing on a full disk and says so, and goes on when there is room (case 25)",
  async () => {
    await using dir = await TempDir.create();
    const outcome = await runOnSmallDisk<FullDiskOutcome>(
      { dir: dir.path() },
      "full_disk.ts",
      dir.path(),
    );
    const [seq = 0] = outcome.seqs;
    ok(seq > 0, "it took nothing before the disk was full");
    for (const refusal of outcome.refusals) {
      strictEqual(refusal, "cannot keep changes: database or disk is full");
    }
    ok(/free space/.test(outcome.hint ?? ""), outcome.hint);
    deepStrictEqual(outcome.seqs, [seq, seq, seq]);
    deepStrictEqual(outcome.changes, [seq, seq, seq]);
    strictEqual(outcome.knowsRefused, false);
    deepStrictEqual(outcome.afterwards, [seq + 50, seq + 50, seq + 50]);
  },
);

testWith(
  "mountns",
  "SqliteBanStore can't be opened on a disk that is read-only, and says so",
  async () => {
    await using dir = await TempDir.create();
    await using disk = await TempDir.create();
    const path = banStorePath(dir.path());
    SqliteBanStore.open({ path })[Symbol.dispose]();
    const refusal = await runOnSmallDisk<{ message: string; hint: string }>(
      { dir: disk.path(), from: dir.path(), options: "ro" },
      "opener.ts",
      banStorePath(disk.path()),
    );
    ok(/^cannot open .*publisher\.sqlite3: /.test(refusal.message));
    ok(/must be writable/.test(refusal.hint), JSON.stringify(refusal));
  },
);

Deno.test("SqliteBanStore refuses within a second while another holds its file, and goes on after that", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  using store = SqliteBanStore.open({ path });
  await store.append([unnamed(report(1, banKeyAt(1)))], NOW_MS);
  const next = unnamed(report(2, banKeyAt(2)));
  const holder = new DatabaseSync(path);
  try {
    holder.exec("BEGIN EXCLUSIVE");
    const startMs = performance.now();
    await rejects(store.append([next], NOW_MS), (error: unknown) => {
      ok(error instanceof RuntimeError);
      strictEqual(error.message, "cannot keep changes: database is locked");
      ok(/another program/.test(error.hint ?? ""), error.hint);
      return true;
    });
    const tookMs = performance.now() - startMs;
    // Of two seconds that it was given.
    const vainMs = waitInVain(path);
    ok(tookMs > 100 && tookMs < vainMs / 2, `${tookMs} ms of ${vainMs}`);
    await rejects(store.keepReceipts([]), RuntimeError);
    await rejects(store.prune(NOW_MS, NOW_MS), RuntimeError);
    const time = { aheadMs: 1, seenMs: NOW_MS };
    await rejects(store.keepTime(time), RuntimeError);
    strictEqual(store.time, undefined);
    strictEqual([...store.table.bans()].length, 1, "readers don't wait");
    strictEqual(store.since(0, 10).length, 1);
  } finally {
    holder.close();
  }
  await store.append([next], NOW_MS);
  strictEqual(store.seq, 2);
});

Deno.test("SqliteBanStore lets no second one in, of this process or another, as long as it is open", async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  const refused = (error: unknown) => {
    ok(error instanceof RuntimeError);
    strictEqual(error.message, `another program has ${path}`);
    ok(/running already/.test(error.hint ?? ""));
    return true;
  };
  const open = () => SqliteBanStore.open({ path });
  {
    using store = open();
    throws(open, refused);
    await store.append(reports(3).map(unnamed), NOW_MS);
    throws(open, refused);
    const script = new URL(
      "../../support/store/programs/opener.ts",
      import.meta.url,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "-A",
        decodeURIComponent(script.pathname),
        path,
      ],
    }).output();
    const { message } = JSON.parse(new TextDecoder().decode(stdout));
    strictEqual(message, `another program has ${path}`);
  }
  using store = open();
  strictEqual(store.seq, 3);
});
