import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { areLocal } from "../../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../../lib/tail/io/log_folder.ts";
import { LogFollower } from "../../lib/tail/log_follower.ts";
import type { LogFolder } from "../../lib/tail/ports.ts";
import { sameFile } from "../../lib/tail/tail_cursor.ts";
import { MemoryFolder } from "../support/memory/memory_folder.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { deadlineSignal } from "../support/host/deadline.ts";

const LOG = "fail2ban.log";

/** A folder and what may happen in it. */
interface Subject {
  readonly folder: LogFolder;
  append(name: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
}

async function readAll(
  folder: LogFolder,
  name: string,
): Promise<string | undefined> {
  await using opened = await folder.open(name);
  if (opened === undefined) return undefined;
  const bytes = new Uint8Array(100);
  const count = await opened.readAt(0, bytes);
  return new TextDecoder().decode(bytes.subarray(0, count));
}

/** What every folder of a log does. */
const BEHAVIOURS: Readonly<
  Record<string, (subject: Subject) => Promise<void>>
> = {
  "says that there is no log": async ({ folder }) => {
    strictEqual(folder.logName, LOG);
    strictEqual(await folder.current(), undefined);
    deepStrictEqual(await folder.list(), []);
    strictEqual(await folder.open(LOG), undefined);
  },
  "shows the log and what it was rotated to, and nothing else": async (
    { folder, append },
  ) => {
    for (const name of [LOG, `${LOG}.1`, `${LOG}-20261124`, "other.log"]) {
      await append(name, "one\n");
    }
    const names = (await folder.list()).map(({ name }) => name).toSorted();
    deepStrictEqual(names, [LOG, `${LOG}-20261124`, `${LOG}.1`]);
    strictEqual((await folder.current())?.sizeBytes, 4);
  },
  "reads from any place, up to the end": async ({ folder, append }) => {
    await append(LOG, "one\ntwo\n");
    await using opened = await folder.open(LOG);
    const bytes = new Uint8Array(3);
    strictEqual(await opened?.readAt(4, bytes), 3);
    strictEqual(new TextDecoder().decode(bytes), "two");
    strictEqual(await opened?.readAt(8, bytes), 0);
  },
  "keeps an open file through its renaming and removal": async (
    { folder, append, rename, remove },
  ) => {
    await append(LOG, "one\n");
    await using opened = await folder.open(LOG);
    const before = await folder.current();
    await rename(LOG, `${LOG}.1`);
    await append(LOG, "new\n");
    await append(`${LOG}.1`, "two\n");
    const files = await folder.list();
    const renamed = files.find(({ name }) => name === `${LOG}.1`);
    const current = files.find(({ name }) => name === LOG);
    if (!opened || !before || !renamed || !current) throw new Error("Gone");
    deepStrictEqual(
      [before, renamed, current].map((file) => sameFile(opened, file)),
      [true, true, false],
    );
    await remove(`${LOG}.1`);
    strictEqual(await folder.open(`${LOG}.1`), undefined);
    strictEqual((await opened.facts()).sizeBytes, 8);
    strictEqual(await opened.readAt(4, new Uint8Array(10)), 4);
    strictEqual(await readAll(folder, LOG), "new\n");
  },
  "wakes who waits once something has changed": async (
    { folder, append },
  ) => {
    const signal = deadlineSignal(5_000);
    await append(LOG, "one\n");
    while ((await folder.current())?.sizeBytes !== 4) {
      await folder.waitForChange(signal);
    }
    await append(LOG, "two\n");
    while ((await folder.current())?.sizeBytes !== 8) {
      await folder.waitForChange(signal);
    }
  },
  "rejects an aborted wait with the reason": async ({ folder }) => {
    const reason = new Error("enough");
    await rejects(folder.waitForChange(AbortSignal.abort(reason)), reason);
  },
  "is followed through a rotation": async ({ folder, append, rename }) => {
    await append(LOG, "old\n");
    const log = new MemoryLog();
    await using lines = await LogFollower.begin({
      folder,
      from: undefined,
      log,
    });
    await append(LOG, "one\n");
    await rename(LOG, `${LOG}.1`);
    await append(LOG, "two\n");
    let text = "";
    for await (const { bytes } of lines.batches(deadlineSignal(5_000))) {
      text += new TextDecoder().decode(bytes);
      if (text.length === 8) break;
    }
    strictEqual(text, "one\ntwo\n");
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryFolder ${behaviour}`, async () => {
    const folder = new MemoryFolder(LOG);
    await show({
      folder,
      append: (name, text) => Promise.resolve(folder.append(name, text)),
      rename: (from, to) => Promise.resolve(folder.rename(from, to)),
      remove: (name) => Promise.resolve(folder.remove(name)),
    });
  });

  Deno.test(`DiskLogFolder ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    const log = new MemoryLog();
    await using folder = new DiskLogFolder(dir.path(LOG), log, {
      lookEveryMs: 10,
      areLocal,
    });
    await show({
      folder,
      append: (name, text) =>
        Deno.writeTextFile(dir.path(name), text, { append: true }),
      rename: (from, to) => Deno.rename(dir.path(from), dir.path(to)),
      remove: (name) => Deno.remove(dir.path(name)),
    });
  });
}
